"""Machines that share one log: a ledger whose entries, keys of data subjects and guard several of them reach."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

from ledger.adapters.folders.user_folders import Home, private_folder
from ledger.adapters.guard.guard_place import place_in
from tests.postgres.server import Server
from tests.postgres.test_postgres_ledger import Housed
from tests.support.cli import ORIGIN, House

_numbers = count()


def first(folder: Path, uri: str, guard: str, keys: str) -> Housed:
    """Make a ledger with one office, ilves, and one order, PPO-1; return the machine."""
    here = Housed(folder, uri)
    shared = ("--store", uri, "--guard", guard, "--keys-store", keys)
    begun = here.run("init", str(here.ledger), "--origin", ORIGIN, *shared)
    assert begun.exit_code == 0, begun.output
    assert not (state_of(here) / "guard.db").exists()
    assert not (here.ledger / "keys.db").exists()
    here.with_office("ilves", "ISS")
    here.order()
    return here


def second(here: Housed) -> Housed:
    """Return a second machine, set up as docs/how-to/several-machines.md says."""
    there = Housed(here.folder.parent / "there", here.uri)
    shutil.copytree(here.ledger, there.ledger)
    shutil.copytree(here.keys, there.keys)
    private_folder(state_of(there))
    for file in state_of(here).glob("*.key*"):
        shutil.copy(file, state_of(there))
    joined = there.run("log", "move-guard", str(place_in(state_of(here))))
    assert joined.exit_code == 0, joined.output
    return there


def state_of(house: House) -> Path:
    """Return the folder with the log key of a machine."""
    return Home(house.folder / "state" / "comity", house.keys).log(ORIGIN)


def database(server: Server, purpose: str) -> str:
    """Make an empty database and return its address."""
    return server.database(f"{purpose}_{next(_numbers)}")
