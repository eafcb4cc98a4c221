"""Changes of a snapshot that was opened for them: what an API server would make of each, kept until it is closed."""
