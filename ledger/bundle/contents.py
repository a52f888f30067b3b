"""Hold everything that one bundle carries, before it is packed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from ledger.bundle.audience import Withheld


class About(Struct, frozen=True):
    """The statements of a bundle's maker about it.

    `audience` is a role of the vocabulary; `legal_basis` machine-readable references; `rules` the digest of
    the rules (64 hex digits); `tool` name and version; `test` marks the bundle of a test ledger on everything
    that people see.
    """

    order: str
    audience: str
    purpose: str
    made_at: datetime
    rules: str
    tool: str
    legal_basis: tuple[str, ...]
    withheld: tuple[Withheld, ...]
    test: bool


class Contents(Struct, frozen=True):
    """A bundle before it is packed.

    `checkpoint` is the note to which every proof leads, `heads` further notes by hex SHA-256 (states that
    entries cite with `seen` or that date entries), `consistency` the proofs between sizes. `entries` are (log
    index, sealed bytes, proof file): the whole order, its companion if the audience may see it, linked orders
    on request, and the whole registry. `disclosures` by log index and `About.withheld` come from
    `audience.select`. `documents` and `foreign` are by hex SHA-256, the proof of a foreign entry under
    `<sha256>.tlog-proof`. `tokens` are by path within the log's folder, `views` by path below `views/`.
    `others` has the register entries of other logs with their proofs, by origin and log index. `commit` is the
    entry by which the heads of all orders were committed, with its proof, and `map_proofs` has the proof of each
    order in the bundle. `audits` has the files of auditors' statements by name.
    """

    origin: str
    about: About
    checkpoint: bytes
    policy: bytes
    entries: Sequence[tuple[int, bytes, bytes]]
    heads: Mapping[str, bytes] = {}
    consistency: Mapping[tuple[int, int], Sequence[bytes]] = {}
    disclosures: Mapping[int, Sequence[str]] = {}
    documents: Mapping[str, bytes] = {}
    foreign: Mapping[str, bytes] = {}
    tokens: Mapping[str, bytes] = {}
    views: Mapping[str, bytes] = {}
    others: Mapping[str, Mapping[int, tuple[bytes, bytes]]] = {}
    commit: tuple[bytes, bytes] | None = None
    map_proofs: Mapping[str, bytes] = {}
    audits: Mapping[str, bytes] = {}
