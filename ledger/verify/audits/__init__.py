"""What auditors of the verifier's policy state of a log."""
