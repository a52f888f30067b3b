"""Signed facts, the log that holds them, and the law that comments on them."""
