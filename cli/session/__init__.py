"""A ledger opened for one command: reading, writing, recording, access to sealed values."""
