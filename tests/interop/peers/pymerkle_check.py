#!/usr/bin/env python3
"""pymerkle_check.py DIR: rebuild the tree of DIR/tile/entries with PyPI pymerkle, compare the root and two proofs.

pymerkle (GPLv3+: for tests only) hashes like RFC 6962 under its defaults; its indexes count from 1.
"""

import base64
import sys
from pathlib import Path

from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

folder = Path(sys.argv[1])
origin, digits, text = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")[:3]
size, root = int(digits), base64.b64decode(text)
tree = InmemoryTree(algorithm="sha256")
for first in range(0, size, 256):
    width = min(256, size - first)
    bundle = (folder / "tile" / "entries" / f"{first // 256:03}{f'.p/{width}' if width < 256 else ''}").read_bytes()
    for _ in range(width):
        end = 2 + int.from_bytes(bundle[:2], "big")
        tree.append_entry(bundle[2:end])
        bundle = bundle[end:]
if tree.get_root() != root:
    sys.exit("FAIL: another root")
index, old = size // 2, size // 3
verify_inclusion(tree.get_leaf(index), root, tree.prove_inclusion(index, size), index=index, size=size)
verify_consistency(tree.get_root(old), root, tree.prove_consistency(old, size), prior_size=old, later_size=size)
print("agrees:", origin, size)
