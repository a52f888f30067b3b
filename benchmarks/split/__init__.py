"""The processor time of one entry, step by step, next to a raw verification of its signature."""
