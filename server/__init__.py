"""The office server: one ledger over HTTP, for people and programs that sign with their own keys."""
