"""Move a ledger between stores, and verify it at its new place."""
