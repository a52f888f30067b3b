"""A reader of a root log refuses what its registrar did not sign for this place in this log."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ledger.adapters.keys.key_files import SeedKey
from ledger.application.root_log.reading import read_leaves
from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.tlog.note import log_vkey
from ledger.trust.ledger_directory import DirectoryEntry, registrar_key, sign_entry
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust

LOG_KEY, LOST_KEY, NEW_KEY, KEY = (SeedKey(bytes([n]) * 32) for n in range(1, 5))
ORIGIN, LOG = "directory.example/xo/ledgers", "ledger.example/xo/karsk"
REGISTRAR = Registrar("registrar", "XO", KEY.public.hex())
VKEY = registrar_key(REGISTRAR)


def trust_in(origin: str) -> Trust:
    policy = f"log {log_vkey(origin, LOG_KEY.public)}\nquorum none\n".encode()
    return parse_trust({"policy": policy, "registrar": format_registrar(REGISTRAR)})


def entry(key: SeedKey, leaf: int, directory: str = ORIGIN) -> bytes:
    return sign_entry(
        DirectoryEntry(
            directory=directory,
            leaf=leaf,
            log=LOG,
            policy=f"log {log_vkey(LOG, key.public)}\nquorum none\n",
            registrar=format_registrar(REGISTRAR).decode(),
            holder="Büro",
            since="2026-11-28",
        ),
        VKEY,
        KEY.sign,
    )


def refused(leaves: list[bytes]) -> str:
    with pytest.raises(RecordError) as wrong:
        read_leaves(leaves, trust_in(ORIGIN))
    return f"{wrong.value.code} {wrong.value.where}"


def test_a_later_entry_replaces_the_keys_of_a_ledger() -> None:
    directory = read_leaves([entry(LOST_KEY, 0), entry(NEW_KEY, 1)], trust_in(ORIGIN))
    (current,) = directory.current()
    assert current.trust().policy.logs[0].public == NEW_KEY.public


def test_who_has_only_the_key_of_the_log_cannot_bring_an_earlier_entry_into_force_again() -> None:
    """The lost key of a ledger was replaced; the operator of the root log appends the first entry once more."""
    assert refused([entry(LOST_KEY, 0), entry(NEW_KEY, 1), entry(LOST_KEY, 0)]) == "DIR-FORMAT leaf 2 of the directory"


def test_who_has_only_the_key_of_the_log_cannot_leave_out_or_reorder_entries() -> None:
    assert refused([entry(NEW_KEY, 1), entry(LOST_KEY, 0)]).startswith("DIR-FORMAT leaf 0")
    assert refused([entry(NEW_KEY, 1)]).startswith("DIR-FORMAT leaf 0")


def test_an_entry_that_its_registrar_signed_for_another_directory_is_refused() -> None:
    assert refused([entry(LOST_KEY, 0, "directory.example/xv/ledgers")]).startswith("DIR-FORMAT leaf 0")


@pytest.mark.parametrize("leaf", [b"", b"\xff\xfe", b"comity.directory-entry/1\n", b"a\n1\nAA==\n\n", b"\n" * 70_000])
def test_a_leaf_of_any_bytes_is_refused_with_its_number(leaf: bytes) -> None:
    assert refused([leaf]).endswith("leaf 0 of the directory")


def test_an_entry_of_the_largest_size_is_read_and_a_larger_one_is_not_signed() -> None:
    made = entry(NEW_KEY, 0)
    large = DirectoryEntry(
        directory=ORIGIN,
        leaf=0,
        log=LOG,
        policy=f"log {log_vkey(LOG, NEW_KEY.public)}\nquorum none\n",
        registrar=format_registrar(REGISTRAR).decode(),
        holder="x" * (60_000 - len(made) + 5),
        since="2026-11-28",
    )
    note = sign_entry(large, VKEY, KEY.sign)
    assert len(note) == 60_000
    assert read_leaves([note], trust_in(ORIGIN)).current() == [large]
    with pytest.raises(RecordError):
        sign_entry(replace(large, holder=large.holder + "x"), VKEY, KEY.sign)
