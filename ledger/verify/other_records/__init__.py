"""Entries of other logs in ours: prove them, and count them as acts of their signers."""
