"""The Kubernetes connection: what a tool asks for, guarded, sent, decoded and masked.

Importing this package loads neither `kubernetes` nor `aiohttp`: only `network` does, in a thread, when the
first request is sent.
"""
