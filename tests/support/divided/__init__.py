"""A story whose offices keep ledgers of their own: they play it, exchange bundles, and each judges what it holds."""
