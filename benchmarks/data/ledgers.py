"""Ledgers to be measured: filled through the public functions, and kept for the next run where that takes minutes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path

from benchmarks.data.fill import FILLING, Plan, fill, large_cache
from benchmarks.data.generate import ORIGIN, made_of, registrar, registrar_seed, registry
from benchmarks.measure import say
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.adapters.storage.schema import SCHEMA
from ledger.application.commit_heads import commit_heads, enrol_heads_key
from ledger.application.journal import Journal
from ledger.entries.envelope import Sealed

_SHAPING = ("fill.py", "generate.py", "ledgers.py", "lives.py", "rates.toml")
_IMPORT = re.compile(r"^(?:from|import) [^(\n]*(?:\([^)]*\))?\n", re.MULTILINE)
BATCH = 5_000  # sealed entries handed over at a time
ASKED = 0  # the number of the order that questions are put to: thirty entries, in every ledger
ASKED_ENTRIES = 30
REFERENCE = "PPO-2024-00000"
LONG = 1  # the number of an order of a thousand entries, which lie all over a ledger of at least ten thousand
LONG_ENTRIES = 1_000
LONG_REFERENCE = "PPO-2024-00001"
ASKER = "iss-0"  # whose order it is, with a key file: a bundle is signed


def new(folder: Path, store: str = "") -> Journal:
    """Return an empty ledger with its guard inside; its entries are in the database `store` if one is given."""
    return Journal.create(folder, ORIGIN, registrar(), home=Home.inside(folder), test=True, store=store)


def receive(journal: Journal, sealed: Iterable[Sealed], *, disclosures: bool = True) -> int:
    """Receive sealed entries in batches, with the disclosures of their sealed values; return how many there were."""
    count = 0
    for batch in _batches(sealed):
        texts = [[d.text for d in one.disclosures] for one in batch] if disclosures else None
        count += len(journal.receive_sealed([one.raw for one in batch], texts))
    return count


def filled(folder: Path, size: int) -> Path:
    """Return a ledger of about `size` entries: registry, the measured order in the middle, a long order, others.

    What a killed process has begun is continued.
    """
    path = folder / f"ledger-{size}"
    complete, begun = path / "complete", path / "begun"
    if complete.exists() and complete.read_text() == _made_by():
        return path
    say(f"making a ledger of {size:,} entries")
    if not (begun.exists() and begun.read_text() == _made_by()):
        shutil.rmtree(path, ignore_errors=True)
        with new(path) as journal:
            receive(journal, registry())
            write(journal.home.keys / ASKER, SeedKey(made_of(ASKER)))
            write(journal.home.keys / registrar().actor, SeedKey(registrar_seed()))
        begun.write_text(_made_by())
    with large_cache(), Journal.open(path, Home.inside(path)) as journal:
        fill(journal, _plan(size), path / FILLING)
    with Journal.open(path, Home.inside(path)) as journal:
        enrol_heads_key(journal, journal.signer(registrar().actor, "ADM", SeedKey(registrar_seed())))
        commit_heads(journal)
    complete.write_text(_made_by())
    return path


def _plan(size: int) -> Plan:
    long = LONG_ENTRIES if size >= 10 * LONG_ENTRIES else 0
    others = max(size - 200 - long, 0)
    return Plan(others, LONG + 1, (ASKED, ASKED_ENTRIES), (LONG, long), max(others // LONG_ENTRIES, 1))


def _made_by() -> str:
    """Return a digest of everything that shapes these ledgers; a kept ledger is used only if its digest is the same."""
    shaped = [
        shape(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("*")) if path.name in _SHAPING
    ]
    return sha256(("".join(shaped) + repr(SCHEMA)).encode()).hexdigest()


def shape(source: str) -> str:
    """Return the text of a file without its imports: where a name comes from makes no other ledger."""
    return _IMPORT.sub("", source)


def _batches(sealed: Iterable[Sealed]) -> Iterator[list[Sealed]]:
    rest = iter(sealed)
    while batch := list(islice(rest, BATCH)):
        yield batch
