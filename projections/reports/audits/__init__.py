"""Reports on audits."""
