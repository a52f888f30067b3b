"""Signed facts, the log they stand in, and the law that comments on them."""
