"""From a path to objects: what lies in a folder or an archive is found, told apart, and read where it lies."""
