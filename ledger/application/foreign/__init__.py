"""Entries of other logs: receive and wrap them, and recall what was received."""
