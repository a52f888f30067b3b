"""The files of a ledger and of its user."""
