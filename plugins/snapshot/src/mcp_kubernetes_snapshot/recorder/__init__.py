"""`mcp-kubernetes snapshot`: a living cluster into a file that answers as the cluster did."""
