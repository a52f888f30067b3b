"""The peers with which a ledger exchanges bundles, from the tables `[[peers]]` of the configuration.

    [[peers]]
    name = "skylark"                      # as commands call it
    origin = "ledger.example/xv/skylark"  # its log, whose keys the registrar has pinned
    url = "https://ledger.skylark.example"
    audience = "SP"                       # the role for which bundles are made

A peer without `url` fetches its bundles, and brings its own. `office` names an office of our register whose keys may
sign the requests of the peer, besides the keys of the register of the peer itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ledger.adapters.http_client import is_private
from ledger.errors import LedgerError
from ledger.facts.vocabulary import ROLES
from ledger.messages import Message

Text = Annotated[str, Meta(min_length=1, max_length=500)]


class Peer(Struct, frozen=True, forbid_unknown_fields=True):
    """One peer; see the module. `ca` is a file of certificates (PEM) in place of those of the system."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,60}\Z")]
    origin: Text
    audience: Text
    url: Text | None = None
    office: Text | None = None
    ca: Text | None = None


class _Table(Struct):
    peers: tuple[Peer, ...] = ()


def peers_of(table: Any) -> tuple[Peer, ...]:
    """Return the peers of a table as TOML has it, or None.

    ValueError for another form, a name or origin that occurs twice, a role that is none, or no address.
    """
    seen: set[str] = set()
    checked = msgspec.convert({} if table is None else {"peers": table}, _Table).peers
    for peer in checked:
        for value in (peer.name, peer.origin):
            if value in seen:
                raise ValueError(f"two peers have {value!r}")
            seen.add(value)
        if peer.audience not in ROLES:
            raise ValueError(f"peer {peer.name}: {peer.audience!r} is no role")
        if peer.url is not None and not is_private(peer.url):
            raise ValueError(f"peer {peer.name}: {peer.url!r} is no https address of a server")
        if peer.ca is not None and not Path(peer.ca).is_file():
            raise ValueError(f"peer {peer.name}: there is no file {peer.ca}")
    return checked


def peer_named(peers: Iterable[Peer], name: str) -> Peer:
    """Return the peer of a name; `LedgerError` EXCHANGE-PEER."""
    known = {peer.name: peer for peer in peers}
    if name not in known:
        there = Message("there are {0}", ", ".join(sorted(known))) if known else "the configuration has no [[peers]]"
        raise LedgerError("EXCHANGE-PEER", f"no peer is called {name!r}", there)
    return known[name]
