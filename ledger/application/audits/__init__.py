"""Audit many ledgers in one run: each in a bounded process, compared with what was seen of it before."""
