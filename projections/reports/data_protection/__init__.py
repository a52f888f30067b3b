"""Reports for data protection: the ten questions, the record of processing."""
