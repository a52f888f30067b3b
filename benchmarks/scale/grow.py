"""Add to a ledger of `make scale`: `python -m benchmarks.scale.grow receive|office LEDGER`."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.data.fill import SHORTEST
from benchmarks.data.generate import TOGETHER, entries, registrar, registrar_seed
from benchmarks.data.ledgers import receive
from benchmarks.scale.steps import MORE
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey
from ledger.application.journal import Journal
from ledger.facts import build


def main(what: str, ledger: str) -> None:
    """Receive entries of new orders, or register one office; an office that is registered stays as it is."""
    with Journal.open(Path(ledger), Home.inside(Path(ledger))) as journal:
        if what == "receive":
            filled_with = int(Path(ledger).name.rpartition("-")[2])  # entries; the same in a second run
            receive(journal, entries(MORE, filled_with // SHORTEST + 2 * TOGETHER))
            return
        keeper = registrar()
        if "new-office" not in journal.read_keyring().offices:
            office = {"actor": "new-office", "party": keeper.party, "roles": ["ISS"], "valid_from": "2020-01-01"}
            signer = journal.signer(keeper.actor, "ADM", SeedKey(registrar_seed()))
            journal.record(build("authority-registered", office, {}), journal.registry, signer)


if __name__ == "__main__":
    main(*sys.argv[1:])
