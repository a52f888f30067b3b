"""State what an audit by this program checks of every entry, with the digests of the program and of its rules."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import ledger
from ledger.law.provisions import rules_digest
from ledger.tlog.audit_statement import AuditStatement, format_statement

MADE = ("signatures", "chain", "places", "map-roots")  # the checks that `run.audit_log` makes


def own_statement() -> bytes:
    """Return the statement of an audit by this program."""
    return format_statement(AuditStatement(MADE, program_digest(), rules_digest()))


def program_digest() -> str:
    """Return the SHA-256, in hex, of the list of all files of the package `ledger`, as `sha256sum` writes it.

    The list is sorted by path, and paths begin with `ledger/`. Compiled files are left out.
    """
    root = Path(ledger.__file__).parent
    files = sorted(
        (path.relative_to(root.parent).as_posix(), path)
        for path in root.rglob("*")
        if path.is_file() and path.suffix in (".py", ".sql", ".typed")
    )
    lines = (f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in files)
    return sha256("".join(lines).encode()).hexdigest()
