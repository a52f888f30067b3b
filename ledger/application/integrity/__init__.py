"""Verify a ledger: read every entry, compare it with what its log has signed, and check the files of its office."""
