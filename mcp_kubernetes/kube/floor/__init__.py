"""What no handler can go around: the guard around each request, the operator's limits, and why one was forbidden."""
