"""What an operator asks of a cluster, as sequences of tool calls: how many, how large, and how long they are."""
