"""Print answers to a terminal, and ask questions there."""
