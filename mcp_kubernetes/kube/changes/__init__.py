"""One change from beginning to end: refused or sent once, compared, and kept so that it can be undone."""
