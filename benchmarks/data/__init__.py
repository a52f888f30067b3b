"""The ledgers that are measured: invented orders, sealed in bulk and kept for the next run."""
