"""Everything that travels in one bundle, as its maker has gathered it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from ledger.bundle.audience import Withheld


class About(Struct, frozen=True):
    """What the maker of a bundle says about it.

    `audience` is a role of the vocabulary; `legal_basis` machine-readable references; `rules` the digest of the rules
    (64 hex digits); `tool` name and version; `test` marks the bundle of a test ledger on everything that people see.
    """

    order: str
    audience: str
    purpose: str
    made_at: datetime
    rules: str
    tool: str
    legal_basis: tuple[str, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    test: bool = False


class Contents(Struct, frozen=True):
    """A bundle before it is packed.

    `checkpoint` is the note every proof leads to, `heads` further notes by hex SHA-256 (those that entries cite with
    `seen`, those that date them), `consistency` the proofs between sizes. `entries` are (log index, sealed bytes, proof
    file): the whole order, its companion where the audience may see it, linked orders if asked for, and the whole
    registry. `disclosures` by log index and `About.withheld` come from `audience.select`. `documents` and `foreign` by
    hex SHA-256, a foreign entry's proof under `<sha256>.tlog-proof`; `tokens` by path within the log's folder; `views`
    by path below `views/`. `others` has the register entries of other logs with their proofs, by origin and log index.
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
