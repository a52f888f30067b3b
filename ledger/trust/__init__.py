"""Trust of a verifier in a log: a trust folder, or a signed policy in versions."""
