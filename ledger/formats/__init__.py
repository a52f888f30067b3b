"""Canonical JSON, DSSE, Ed25519, selective disclosure, Unicode and time zones: the formats under all other packages."""
