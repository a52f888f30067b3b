"""Check what shows that nothing was left out: committed heads, and proofs that an order is absent."""
