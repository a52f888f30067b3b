"""The list of orders, indexed: each page of it costs what it shows."""
