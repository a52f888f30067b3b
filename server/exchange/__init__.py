"""Exchange evidence bundles with the ledgers of other offices over HTTPS, with receipts both ways."""
