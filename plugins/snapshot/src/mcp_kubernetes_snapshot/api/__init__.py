"""What an API server would answer, from what a snapshot holds."""
