"""What runs: commands, what was printed, and connections to ports."""
