"""Witnesses: the server, the client, and monitors of other logs."""
