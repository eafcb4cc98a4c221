"""The Kubernetes connection: what a tool asks for, guarded, sent, decoded and masked.

`client` is what a tool holds, `layer` puts it together, `connection` is the seam below which there is a network or
files, and `guard` is what a request is held against. Between them lie rooms: `changes`, `reads` and `containers` for
what is asked, `catalogue` for what there is, `floor` and `secrecy` for what nobody goes around, `decoding` for the
bytes, `wire` for the way to a server; `kubeconfig` and `credentials` say where that is, and who asks. Imports point
downward among them, too.

Importing this package loads neither `kubernetes` nor `aiohttp`: only `wire.network` does, in a thread, when the first
request is sent.
"""
