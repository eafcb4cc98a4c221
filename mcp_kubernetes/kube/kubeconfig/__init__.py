"""kubeconfig files: read as client-go reads them, merged, and turned into clusters and users.

`loading` holds what the rest of the project uses; nothing here imports `kubernetes`, whose own loader gets
seventeen things wrong.
"""
