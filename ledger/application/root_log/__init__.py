"""Keep a root log: a log of the checkpoints of many ledgers, with a signed directory of these ledgers."""
