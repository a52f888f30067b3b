"""`make scale`: what every command costs on ledgers of growing size, and what that says of larger ones."""
