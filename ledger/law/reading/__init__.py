"""What the entries of an order say: effective entries, substance, Parties."""
