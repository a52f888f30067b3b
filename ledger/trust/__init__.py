"""Whom a verifier trusts about a log: a trust folder, or a policy signed in versions."""
