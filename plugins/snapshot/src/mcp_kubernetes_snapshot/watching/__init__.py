"""Watches: what is there, and then each change of it."""
