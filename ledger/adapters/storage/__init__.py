"""The event store on SQLite and PostgreSQL, views, and the keys of data subjects."""
