"""Store entries in SQLite or PostgreSQL, and views of them in SQLite."""
