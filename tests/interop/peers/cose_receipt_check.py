#!/usr/bin/env python3
"""cose_receipt_check.py KEY.pem ENTRY RECEIPT [ENTRY RECEIPT]...: verify receipts with scitt-cose from PyPI.

Prints tree size and index of each receipt and their root; ends with 1 at the first that is refused.
"""

import sys
from pathlib import Path

from scitt_cose import verify_receipt

key, *files = (Path(name).read_bytes() for name in sys.argv[1:])
roots = set()
for entry, receipt in zip(files[::2], files[1::2], strict=True):
    found = verify_receipt(receipt, leaf_entry_hex=entry.hex(), log_public_key_pem=key)
    if not found.ok:
        sys.exit(f"FAIL: {found.failed_at}: {'; '.join(found.errors)}")
    roots.add(found.root)
    print("agrees:", found.tree_size, found.leaf_index, found.issuer)
print("root", *roots)
