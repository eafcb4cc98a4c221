"""`mcp-kubernetes demo`: a small shop in a cluster of files, a real server before it, and a real client that asks."""
