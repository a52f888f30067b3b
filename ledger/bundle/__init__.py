"""An order and its proofs in one file that can be verified without its ledger: how it is packed, and how read."""
