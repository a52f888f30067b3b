"""The tables of routes that only some servers answer."""
