"""Lists of orders: the judged orders of a ledger, filters and columns, files of a list."""
