"""A reader of a root log refuses what its registrar did not sign for this place in this log."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.log.published_log import from_folder
from ledger.application.root_log import reading
from ledger.application.root_log.reading import Directory, read_leaves
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint, Head, format_checkpoint, log_vkey, sign_note
from ledger.trust.ledger_directory import DirectoryEntry, registrar_key, sign_entry
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust
from ledger.verify.report import Reason
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import NOW

LOG_KEY, LOST_KEY, NEW_KEY, KEY = (SeedKey(bytes([n]) * 32) for n in range(1, 5))
ORIGIN, LOG = "directory.example/xo/ledgers", "ledger.example/xo/karsk"
REGISTRAR = Registrar("registrar", "XO", KEY.public.hex())
VKEY = registrar_key(REGISTRAR)
PARTS = ("wrong", "unreachable", "doubts")


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


# -- checkpoints in the directory --------------------------------------------------------------------------------------


def checkpoint(size: int, key: SeedKey = NEW_KEY, log: str = LOG) -> bytes:
    """Return the head of a listed log at a size, as it is a leaf of the root log."""
    body = format_checkpoint(Checkpoint(log, size, bytes([size]) * 32))
    return sign_note(body, log, bytes([3 if key is NEW_KEY else 2]) * 32).encode()


def test_the_newest_checkpoint_of_a_ledger_is_the_last_that_was_taken() -> None:
    leaves = [entry(NEW_KEY, 0), checkpoint(3), checkpoint(3), checkpoint(5)]
    directory = read_leaves(leaves, trust_in(ORIGIN))
    assert [(index, head.checkpoint.size) for index, head in directory.checkpoints[LOG]] == [(1, 3), (2, 3), (3, 5)]
    newest = directory.newest(LOG)
    assert newest is not None
    assert (newest[0], newest[1].checkpoint.size) == (3, 5)
    assert directory.newest("ledger.example/xo/other") is None
    assert [index for index, _ in directory.entries] == [0]


@pytest.mark.parametrize(
    ("leaves", "fault"),
    [
        ([entry(NEW_KEY, 0), checkpoint(5), checkpoint(4)], "DIR-FORMAT leaf 2 of the directory"),
        ([entry(NEW_KEY, 0), checkpoint(3), checkpoint(5), checkpoint(4)], "DIR-FORMAT leaf 3 of the directory"),
        ([checkpoint(5), entry(NEW_KEY, 1)], "DIR-FORMAT leaf 0 of the directory"),
        ([entry(NEW_KEY, 0), checkpoint(5, LOST_KEY)], "CP-SIG leaf 1 of the directory"),
        ([entry(LOST_KEY, 0), entry(NEW_KEY, 1), checkpoint(5, LOST_KEY)], "CP-SIG leaf 2 of the directory"),
        ([entry(NEW_KEY, 0), checkpoint(5, log="ledger.example/xo/other")], "DIR-FORMAT leaf 1 of the directory"),
    ],
)
def test_a_checkpoint_is_of_a_listed_ledger_by_its_newest_key_and_no_smaller(leaves: list[bytes], fault: str) -> None:
    assert refused(leaves) == fault


def test_a_directory_lists_each_ledger_once_where_it_was_listed_first() -> None:
    logs = [DirectoryEntry("d", n, log, "p", "r", f"holder {n}", "2026-11-28") for n, log in enumerate("aba")]
    assert [each.holder for each in Directory([*enumerate(logs)], {}).current()] == ["holder 2", "holder 1"]


def test_without_a_registrar_no_directory_is_believed() -> None:
    with pytest.raises(RecordError, match="NO_TRUST_ANCHOR"):
        read_leaves([entry(NEW_KEY, 0)], replace(trust_in(ORIGIN), registrar=None))


# -- the root log ------------------------------------------------------------------------------------------------------


def test_the_leaves_that_a_root_log_publishes_make_its_signed_tree(tmp_path: Path) -> None:
    log = HashLog(ORIGIN, size=300)
    fetch = from_folder(log.publish(tmp_path / "one", 1))
    assert list(reading._leaves(fetch, Head(Checkpoint(ORIGIN, 1, log.root(1)), b"", ()))) == log.entries[:1]
    fetch = from_folder(log.publish(tmp_path / "all", 300))

    def leaves(size: int, top: bytes) -> list[bytes]:
        return list(reading._leaves(fetch, Head(Checkpoint(ORIGIN, size, top), b"", ())))

    assert leaves(300, log.root(300)) == log.entries
    with pytest.raises(LedgerError, match="the leaves do not make the signed tree of 300") as wrong:
        leaves(300, log.root(299))
    assert wrong.value.code == "LOG-CORRUPT"


@pytest.mark.parametrize(
    ("seen", "met", "fault"),
    [
        ({"wrong": ["SPLIT-VIEW"]}, True, "SPLIT-VIEW: the directory directory.example/xo/ledgers: it is so"),
        ({"unreachable": ["HTTP-SILENT"]}, True, "HTTP-SILENT: the directory directory.example/xo/ledgers: it is so"),
        ({"doubts": ["LOG-ROLLBACK"]}, True, "LOG-ROLLBACK: the directory directory.example/xo/ledgers: it is so"),
        ({"doubts": ["B"], "unreachable": ["C"], "wrong": ["A"]}, True, "A: "),
        ({"head": None}, True, "LOG-UNREACHABLE: there shows no head"),
        ({}, False, "CP-QUORUM there"),
        ({}, True, ""),
    ],
)
def test_nothing_of_a_directory_is_believed_whose_head_is_not_sure(
    seen: dict[str, Any], met: bool, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    head = Head(Checkpoint(ORIGIN, 1, bytes(32)), b"", (("key", 9),))  # type: ignore[arg-type]

    def compared(*asked: Any, ask: bool) -> Any:
        given.append((*asked, ask))
        parts = {name: [Reason(code, "", "it is so") for code in seen.get(name, ())] for name in PARTS}
        return SimpleNamespace(head=seen.get("head", head), **parts)

    monkeypatch.setattr(reading, "source", lambda where: f"fetch {where}")
    monkeypatch.setattr(reading, "compare_heads", compared)
    monkeypatch.setattr(reading, "_leaves", lambda fetch, head: (fetch, head))
    monkeypatch.setattr(reading, "read_leaves", lambda leaves, trust: (leaves, trust))
    policy = SimpleNamespace(
        logs=[SimpleNamespace(name=ORIGIN)], names=list, met=lambda names: met and names == ["key"]
    )
    trust: Any = SimpleNamespace(policy=policy)
    if fault:
        with pytest.raises((LedgerError, RecordError)) as refused:
            reading.read_directory("there", trust, tmp_path, NOW)
        assert str(refused.value).startswith(fault)
    else:
        read: Any = reading.read_directory("there", trust, tmp_path, NOW)
        assert read == (("fetch there", head), trust)
    assert given == [("there", "fetch there", trust, ORIGIN, tmp_path, NOW, True)]
