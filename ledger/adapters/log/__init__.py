"""The signed log: checkpoints, the guard, the signer process, published files."""
