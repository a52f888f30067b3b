"""Read an order and its linked orders: from a ledger, or from a verified evidence bundle."""
