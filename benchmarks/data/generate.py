"""Sealed entries in bulk: a registry, and as many orders as asked for, each entry signed with its office's key.

Everything is derived from a number, so the ledger is the same every time: keys, ids and salts are digests of
their purpose. They are public by construction and good for nothing but measuring.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_seed_keypair

from benchmarks.data.lives import (
    DECLARATIONS,
    DESIGNATED,
    EVENT_FIELDS,
    FROM,
    INSTRUMENT,
    OFFICES,
    TO,
    Step,
    life,
    long_life,
)
from benchmarks.measure import CORES
from ledger.entries.envelope import Circumstances, EntryPlace, Sealed, Signer, seal
from ledger.entries.keyring import Registrar
from ledger.entries.placement import registry_of
from ledger.facts import Fact, build, kind_of

ORIGIN = "ledger.example/bench"
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
EACH = 8  # offices of each role
TOGETHER = 500  # orders that are alive at the same time: their entries lie interleaved


def made_of(what: str, size: int = 32) -> bytes:
    """Return bytes that look random and are known to everybody."""
    return sha256(f"comity benchmark: {what}".encode()).digest()[:size]


@cache
def signer(actor: str, role: str, party: str) -> Signer:
    """Return an office with its key."""
    public, secret = crypto_sign_seed_keypair(made_of(actor))  # once for a million signatures
    return Signer(actor, role, party, public, lambda message: crypto_sign(message, secret)[:crypto_sign_BYTES])


def registrar() -> Registrar:
    """Return the root of the registry."""
    keeper = _keeper()
    return Registrar(keeper.actor, keeper.party, keeper.public.hex())


def registrar_seed() -> bytes:
    """Return the registrar's private key, for the `init` of a ledger to be filled."""
    return made_of("keeper")


def _keeper() -> Signer:
    return signer("keeper", "ADM", FROM)


def _actor(role: str, number: int) -> str:
    return f"{role.lower()}-{number % EACH}"


@dataclass(slots=True)
class Pen:
    """Write one order of a log: it knows its newest entry and the leaf hashes of its labels."""

    order: str
    instrument: str | None = INSTRUMENT
    seq: int = 0
    prev: str | None = None
    labels: dict[str, str] = field(default_factory=dict)

    def write(self, step: Step, by: Signer, on: datetime) -> Sealed:
        """Seal one step as the next entry."""
        self.seq += 1
        public = {name: self.labels[v] if name in EVENT_FIELDS else v for name, v in step.public.items()}
        place = EntryPlace(ORIGIN, self.order, self.seq, self.prev, self.instrument)
        entry = entry_id(self.order, self.seq)
        fact = _fact(step.kind, public, step.sealed)
        salts = iter(range(len(step.sealed) + 16))
        sealed = seal(
            fact,
            place,
            by,
            Circumstances(on=on, signed_at=on),
            entry.hex(),
            lambda size: made_of(f"{entry.hex()} {next(salts)}", size),
        )
        self.prev = sealed.leaf
        if step.label:
            self.labels[step.label] = sealed.leaf
        return sealed


_built: set[tuple[str, ...]] = set()  # kinds with the names of fields that were checked once


def _fact(kind: str, public: dict[str, Any], sealed: dict[str, Any]) -> Fact:
    """Return a fact as `build` does; the first of a kind with these fields is checked, the others are like it."""
    names = (kind, *public, *sealed)
    if names in _built:
        return msgspec.convert({**public, **sealed}, kind_of(kind))
    _built.add(names)
    return build(kind, public, sealed)


def registry(pen: Pen | None = None) -> Iterator[Sealed]:
    """Yield the entries of the register: Parties, declarations, offices and their keys.

    `pen` is needed if the register has entries already.
    """
    pen = pen or Pen(registry_of(ORIGIN), None)
    keeper, since = _keeper(), "2024-01-01"

    def say(kind: str, **public: Any) -> Sealed:
        return pen.write(Step(kind, "ADM", 0, public), keeper, BEGIN)

    for party, zone in ((FROM, "Atlantic/Reykjavik"), (TO, "Europe/Stockholm")):
        yield say(
            "party-registered",
            party=party,
            zone=zone,
            holidays=[],
            declarations_verified=True,
            in_force=[f"2AP={since}"],
        )
    for code in DECLARATIONS:
        yield say("declaration-recorded", party=TO, declaration=code, verified=True, valid_from=since)
    for role, party in OFFICES.items():
        for number in range(EACH):
            office = signer(_actor(role, number), role, party)
            # a Party designates one office
            designations = {"designations": list(DESIGNATED)} if (role, number) == ("NOT", 0) else {}
            yield say(
                "authority-registered",
                actor=office.actor,
                party=party,
                roles=[role],
                valid_from=since,
                **designations,
            )
            yield say("key-registered", actor=office.actor, key=office.public.hex(), roles=[role])
            yield pen.write(Step("key-accepted", role, 0, {"key": office.public.hex()}), office, BEGIN)


def entry_id(order: str, seq: int) -> bytes:
    """Return the id of the entry with number `seq` of an order."""
    return made_of(f"{order} {seq}", 16)


def order_id(number: int) -> str:
    """Return the id of order `number`."""
    return str(UUID(bytes=made_of(f"order {number}", 16), version=4))


def lived(number: int, entries: int | None = None) -> list[tuple[datetime, Step, Sealed]]:
    """Return every entry of order `number` with its time and its step; exactly `entries` of them if that is given."""
    actors = {role: _actor(role, 0 if role == "NOT" else number // 7) for role in OFFICES}
    steps = life(number, actors) if entries is None else long_life(number, actors, entries)
    pen, on, written = Pen(order_id(number)), BEGIN + timedelta(minutes=10 * number), []
    for step in steps:
        on += timedelta(minutes=step.after)
        written.append((on, step, pen.write(step, signer(actors[step.role], step.role, OFFICES[step.role]), on)))
    return written


def order(number: int, entries: int | None = None) -> list[tuple[datetime, Sealed]]:
    """Return every entry of order `number` with its time; exactly `entries` of them if that is given."""
    return [(on, sealed) for on, _, sealed in lived(number, entries)]


def _together(first: int) -> list[Sealed]:
    lives = [step for number in range(first, first + TOGETHER) for step in order(number)]
    return [sealed for _, sealed in sorted(lives, key=lambda step: step[0])]


def entries(size: int, first: int = 1) -> Iterator[Sealed]:
    """Return exactly `size` entries of orders numbered from `first`, interleaved as offices would send them.

    It works on every core.
    """
    starts = iter(range(first, first + size + 1, TOGETHER))  # more than enough: a life has several entries
    with ProcessPoolExecutor(CORES) as pool:
        going = [pool.submit(_together, start) for start in islice(starts, min(2 * CORES, 1 + size // (6 * TOGETHER)))]
        while size > 0:
            page = going.pop(0).result()[:size]
            yield from page
            size -= len(page)
            if size > len(going) * 6 * TOGETHER:  # the shortest life has seven entries
                going += [pool.submit(_together, start) for start in islice(starts, 1)]
