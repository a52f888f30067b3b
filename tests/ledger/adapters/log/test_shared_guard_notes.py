"""A note that another machine has put into a guard is verified before the log goes on with it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.log.log import first_note
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import log_vkey, parse_vkey
from tests.ledger.adapters.guard.every_guard import NOON

ORIGIN = "ledger.example/xo/karsk"
SEED, OTHER = bytes(range(32)), bytes(32)
KEY = parse_vkey(log_vkey(ORIGIN, public_key(SEED)))
FIRST = first_note(KEY, SEED, NOON)


def last_of(state: Path, found: Signed) -> Signed:
    write(state / "log.key", SeedKey(SEED))
    Guard.create(state / "guard.db", found).close()
    with closing(LocalSigner(ORIGIN, state, [KEY])) as signer:
        return signer.last()


def test_a_note_that_this_log_signed_is_gone_on_with(tmp_path: Path) -> None:
    assert last_of(tmp_path, FIRST) == FIRST


@pytest.mark.parametrize(
    "found",
    [
        first_note(parse_vkey(log_vkey(ORIGIN, public_key(OTHER))), OTHER, NOON),
        replace(FIRST, note=FIRST.note.replace(b"\n0\n", b"\n1\n")),
        replace(FIRST, note=b"nothing\n"),
    ],
    ids=["of another key", "changed", "none"],
)
def test_a_note_in_the_guard_that_this_log_did_not_sign_stops_signing(tmp_path: Path, found: Signed) -> None:
    with pytest.raises(LedgerError, match="KEY-MISSING"):
        last_of(tmp_path, found)


def test_a_note_of_another_tree_than_the_guard_says_stops_signing(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        last_of(tmp_path, replace(FIRST, size=1))
