"""One request on its way: rate, credentials, connection, proxy, and what can go wrong."""
