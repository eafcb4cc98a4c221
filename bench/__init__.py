"""Measurements, each as a ratio against a floor or a bare peer in the same run: `python -m bench`."""
