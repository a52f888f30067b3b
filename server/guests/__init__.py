"""People of offices without a ledger, who answer an order as guests of the office that has issued it."""
