"""Find the version of each kind of fact in this program, and the packages that name the kind."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from ledger.facts import KINDS

ROOT = Path(__file__).parents[2]
READERS = ("ledger", "projections", "server", "cli", "comity")


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield kind, version and the packages that read it, sorted by kind."""
    found = readers()
    for name, kind in sorted(KINDS.items()):
        read_by = ", ".join(f"`{package}`" for package in sorted(found[name]))
        yield f"[`{name}`]({name}.md)", str(kind.schema), read_by or "every reader of all kinds"


def readers() -> Mapping[str, set[str]]:
    """Return the packages with a file that contains the name of a kind as a string."""
    found: dict[str, set[str]] = defaultdict(set)
    for root in READERS:
        for path in (ROOT / root).rglob("*.py"):
            package = path.parent.relative_to(ROOT).as_posix()
            if package.startswith("ledger/facts"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in KINDS:
                    found[node.value].add(package)
    return found
