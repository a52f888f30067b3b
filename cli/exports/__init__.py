"""Export formats other than the evidence bundle."""
