"""Find in the register which signing page the office has said that it serves."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.entries.envelope import OpenedEntry
from ledger.facts.governance import SigningPagePublished


def published_at(register: Iterable[tuple[int, OpenedEntry]], digest: str, base: str) -> int | None:
    """Return the index of the newest statement on a signing page under `base`; None if it names another digest.

    `register` are the entries of the register with their indexes, in the order of the log; `digest` is the SHA-256 of
    the page that is served, in hex. None also without a statement.
    """
    found = None
    for index, opened in register:
        p = opened.payload
        if p.kind == SigningPagePublished.kind and p.public.get("base") == base:
            found = index if p.public.get("sha256") == digest else None
    return found
