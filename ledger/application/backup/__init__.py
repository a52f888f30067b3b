"""Copy a ledger to a file, whole or behind an earlier copy, and put copies back."""
