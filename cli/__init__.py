"""Hands: parse, one call, one print."""
