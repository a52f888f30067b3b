"""Check the states of a log against each other, and against a checkpoint that the reader holds."""
