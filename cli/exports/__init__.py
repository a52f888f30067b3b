"""Export formats beside the bundle."""
