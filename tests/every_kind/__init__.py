"""Objects of every kind that an API server has, with a text of one's choice wherever it takes one.

Which kinds there are, and which of their fields hold text, the server tells itself: by discovery and by its OpenAPI
schemas. What it takes is found out by asking.
"""
