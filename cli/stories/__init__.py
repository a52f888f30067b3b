"""Scenarios that make a ledger, and what they expect of it."""
