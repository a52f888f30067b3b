"""What `comity serve` reads of its options before it serves."""
