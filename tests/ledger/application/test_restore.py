"""A log that is put back has at least the entries that others saw, in the same tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import is_there, place_in
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.application import restore
from ledger.application.journal import Journal
from ledger.application.restore import (
    RETIRED,
    _compare,
    _quorum,
    check_restored,
    check_witnesses,
    mark_restored,
    remake_guard,
)
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Checkpoint, Head, format_checkpoint, log_vkey, open_checkpoint, witness_vkey
from ledger.tlog.policy import parse_policy
from ledger.tlog.tree import root
from tests.ledger.application.test_journal import NOON, ORDER, ORIGIN, Clock, ilves, issued, made
from tests.support.files.system_calls import synced
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import hand


def test_a_seen_head_is_a_beginning_of_what_is_there() -> None:
    log = HashLog(size=5)
    for size in range(6):
        _compare(Checkpoint("o", size, root(size, log.read)), "a witness", 5, log.read)
        if size:
            other = Checkpoint("o", size, bytes(32))
            with pytest.raises(LedgerError, match=f"a witness has seen another tree of {size} entries of o") as found:
                _compare(other, "a witness", 5, log.read)
            assert found.value.code == "LOG-FORKED"
    with pytest.raises(LedgerError, match="a witness has seen 6 entries of o, and there are 5 here") as found:
        _compare(Checkpoint("o", 6, bytes(32)), "a witness", 5, log.read)
    assert found.value.code == "LOG-ROLLBACK"


A, B, C = ("https://a.example", "https://b.example/w", "https://c.example")


@pytest.mark.parametrize(
    ("quorum", "answering", "met"),
    [
        ("two", [], False),
        ("two", [A], False),
        ("two", [A, B], True),
        ("two", [A, B, C], True),
        ("a", [A], True),
        ("a", [B, C], False),
        ("none", [], False),
        ("none", [A, B, C], False),  # a policy that asks for no witness says of none that it knows every head
    ],
)
def test_a_guard_is_made_again_by_the_witnesses_of_a_quorum_and_never_by_a_policy_that_asks_none(
    quorum: str, answering: list[str], met: bool
) -> None:
    keys = [witness_vkey(f"witness.test/{name}", public_key(hand(name).seed)) for name in "abc"]
    lines = [f"log {log_vkey('o', public_key(hand('log').seed))}"]
    lines += [f"witness {name} {key} {url}/" for name, key, url in zip("abc", keys, (A, B, C), strict=True)]
    policy = parse_policy("\n".join([*lines, "group two 2 a b c", f"quorum {quorum}", ""]).encode())
    head = Head(Checkpoint("o", 0, root(0, HashLog(size=0).read)), b"", ())
    assert _quorum(policy, dict.fromkeys(answering, head)) is met


def test_the_mark_of_a_restored_ledger_is_durable(tmp_path: Path) -> None:
    with synced() as names:
        mark_restored(tmp_path)
    assert names == [".RESTORED.new", tmp_path.name]
    assert [path.name for path in tmp_path.iterdir()] == ["RESTORED"]


# -- a lost guard ------------------------------------------------------------------------------------------------------


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[tuple[Journal, Home]]:
    """Yield a ledger of an order whose guard is lost, and its home."""
    path = tmp_path / "ledger"
    with made(path) as journal:
        journal.record(issued(), ORDER, ilves(journal))
        last = journal.log.signed()
        assert last.size == journal.store.size()
    home = Home.inside(path)
    for file in home.log(ORIGIN).glob("guard.db*"):
        file.unlink()
    with Journal.open(path, home, now=Clock()) as reading:
        yield reading, home


def note_of(journal: Journal) -> bytes:
    return (journal.folder.log / "checkpoint").read_bytes()


def refused(journal: Journal, home: Home, anchor: bytes | None) -> tuple[str, str]:
    refusal: LedgerError | RecordError | None = None
    try:
        remake_guard(journal.folder, home, NOON, anchor)
    except (LedgerError, RecordError) as found:
        refusal = found
    assert not is_there(place_in(home.log(ORIGIN)))
    assert refusal is not None
    return refusal.code, refusal.says


def test_a_lost_guard_is_made_again_at_the_newest_head_and_once(lost: tuple[Journal, Home]) -> None:
    journal, home = lost
    moment = NOON + timedelta(seconds=5, microseconds=900_000)
    signed = remake_guard(journal.folder, home, moment, note_of(journal))
    assert (signed.size, signed.note, signed.at) == (
        journal.store.size(),
        note_of(journal),
        moment.replace(microsecond=0),
    )
    with closing(Guard(place_in(home.log(ORIGIN)))) as guard:
        assert guard.last() == signed
    with pytest.raises(LedgerError, match="GUARD-EXISTS"):
        remake_guard(journal.folder, home, moment, note_of(journal))


def test_a_log_with_a_successor_gets_no_guard_again(lost: tuple[Journal, Home]) -> None:
    journal, home = lost
    (home.log(ORIGIN) / RETIRED).touch()
    code, says = refused(journal, home, note_of(journal))
    assert (code, "has a successor" in says) == ("GUARD-EXISTS", True)


def test_without_witnesses_somebody_has_to_give_a_head(lost: tuple[Journal, Home]) -> None:
    journal, home = lost
    code, says = refused(journal, home, None)
    assert (code, says) == ("NO-QUORUM", "0 of 0 witnesses answer, which is no quorum of the policy")


def test_three_lines_say_how_far_the_log_had_come_and_the_signed_head_is_the_one_that_was_kept(
    lost: tuple[Journal, Home],
) -> None:
    journal, home = lost
    lines = note_of(journal).partition(b"\n\n")[0] + b"\n"
    (journal.folder.log / "checkpoint").unlink()
    assert remake_guard(journal.folder, home, NOON, lines).size == journal.store.size()


def test_three_lines_alone_make_no_guard(lost: tuple[Journal, Home], monkeypatch: pytest.MonkeyPatch) -> None:
    journal, home = lost
    lines = note_of(journal).partition(b"\n\n")[0] + b"\n"
    (journal.folder.log / "checkpoint").unlink()
    monkeypatch.setattr(CheckpointStore, "newest", lambda self: None)
    code, says = refused(journal, home, lines)
    assert (code, "three lines are no signature" in says) == ("NO-QUORUM", True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"origin": "ledger.test/elsewhere"}, "CP-ORIGIN"),
        ({"root": bytes(32)}, "LOG-FORKED"),
        ({"size": 100}, "LOG-ROLLBACK"),
    ],
)
def test_a_head_that_contradicts_the_entries_makes_no_guard(
    changes: dict[str, Any], code: str, lost: tuple[Journal, Home]
) -> None:
    journal, home = lost
    head = open_checkpoint(note_of(journal), ORIGIN, journal.folder.keys, ()).checkpoint
    assert refused(journal, home, format_checkpoint(replace(head, **changes)).encode())[0] == code


# -- the witnesses of a restored ledger --------------------------------------------------------------------------------


def test_a_restored_ledger_signs_when_its_witnesses_have_seen_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def check(folder: object, size: Callable[[], int], hashes: object) -> None:
        asked.append(size())
        if len(asked) == 1:
            raise LedgerError("LOG-ROLLBACK", "a witness has seen more")

    monkeypatch.setattr(restore, "check_witnesses", check)
    path = tmp_path / "ledger"
    with made(path) as journal:
        folder, size = journal.folder, journal.log.signed().size
    check_restored(folder, Home.inside(path))
    assert asked == []
    mark_restored(path)
    with pytest.raises(LedgerError, match="seen more"):
        check_restored(folder, Home.inside(path))
    assert (path / "RESTORED").exists()
    with synced() as names:
        check_restored(folder, Home.inside(path))
    assert (asked, (path / "RESTORED").exists(), names) == ([size, size], False, [path.name])


@pytest.mark.parametrize(
    ("urls", "seen", "code"),
    [
        ([], {}, None),
        ([A], {}, "LOG-UNREACHABLE"),
        ([A, B], {B: 5}, None),
        ([], {A: 3}, None),
        ([A, B], {A: 5, B: 6}, "LOG-ROLLBACK"),
    ],
)
def test_one_answer_is_enough_and_each_is_compared(
    urls: list[str], seen: dict[str, int], code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = HashLog(size=6)
    heads = {url: Head(Checkpoint("o", size, root(size, log.read)), b"", ()) for url, size in seen.items()}
    mirror = SimpleNamespace(monitoring="https://m.example")
    folder: Any = SimpleNamespace(origin="o", policy="policy", keys="keys", mirrors={"key": mirror})
    asked: list[object] = []
    monkeypatch.setattr(restore, "by_url", lambda policy: [(url, ()) for url in urls])

    def remembered(*given: object) -> dict[str, Head]:
        asked.append(given)
        return heads

    monkeypatch.setattr(restore, "remembered", remembered)
    if code is None:
        check_witnesses(folder, lambda: 5, log.read)
    else:
        with pytest.raises(LedgerError) as found:
            check_witnesses(folder, lambda: 5, log.read)
        assert found.value.code == code
        assert code != "LOG-UNREACHABLE" or A in found.value.says
    assert asked == [("policy", "keys", ["https://m.example"])]
