"""Record each access to sealed values: its person, its purpose, and its entry in the log."""
