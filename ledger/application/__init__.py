"""Use cases: record, receive, erase, create, restore, audit and verify a ledger."""
