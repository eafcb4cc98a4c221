"""From bytes to the few values that somebody asked for."""
