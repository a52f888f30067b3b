"""Counting orders, statistical forms, and cells that are withheld."""
