"""The event store: entries in SQLite or PostgreSQL, and views of them, such as the list of orders, in SQLite."""
