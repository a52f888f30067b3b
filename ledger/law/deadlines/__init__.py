"""Every deadline, and the reading of an order with its running periods."""
