"""Open a ledger for one command: read it, write to it, record facts, and fill in fields."""
