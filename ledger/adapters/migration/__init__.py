"""Move the stores of a ledger between files and databases."""
