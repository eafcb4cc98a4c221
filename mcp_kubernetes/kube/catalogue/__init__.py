"""What a cluster serves, which kind somebody meant, and what they may do with it."""
