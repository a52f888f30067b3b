"""The servers: how fast each answers."""
