"""Mirrors: the server that stores the entries of other parties' logs, and the client that sends ours."""
