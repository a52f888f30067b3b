"""The Parties: what the register says of them, and which instruments bind a real State."""
