"""Checks on an order: its acts and the contents it must have."""
