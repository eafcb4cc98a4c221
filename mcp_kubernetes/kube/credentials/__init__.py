"""Ways to sign in: each turns what a kubeconfig user or a pod has into `Credentials`, or fails with a sentence.

No way falls back to another, and none to anonymous.
"""
