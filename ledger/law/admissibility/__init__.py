"""The criteria A1 to A8, and what forums ask."""
