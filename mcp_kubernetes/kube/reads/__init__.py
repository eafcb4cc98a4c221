"""Lists and objects: page by page, only as deeply as the question goes, and from any row on."""
