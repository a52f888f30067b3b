"""The values of reports, read from a ledger."""
