"""Access to sealed values: by whom, for what purpose, and its entry in the log."""
