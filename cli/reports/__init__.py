"""Make the reports and the files of a court folder from a ledger."""
