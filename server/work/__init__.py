"""The work of people on orders, outside of the log: assignments, watched orders, notes, notices, saved lists."""
