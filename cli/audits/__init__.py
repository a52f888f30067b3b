"""Audit many ledgers: the places that are named, the check of one ledger, the report on all."""
