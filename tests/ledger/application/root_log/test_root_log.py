"""What a directory of ledgers takes of each of them, believes of its files, and asks of its witnesses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.user_folders import Home
from ledger.application.audits.seen_heads import SeenHeads
from ledger.application.root_log import reading, root_log
from ledger.application.root_log.reading import read_directory, read_leaves
from ledger.application.root_log.root_log import create_root_log, opened, own_trust, published
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head, open_checkpoint
from ledger.tlog.tree import leaf_hash
from ledger.trust.trust_folder import parse_trust
from ledger.verify.report import Reason
from tests.ledger.application.root_log.test_reading import KEY, LOG, LOG_KEY, ORIGIN, REGISTRAR, entry, trust_in
from tests.support.files.published_tiles import fetched, files_of
from tests.support.files.system_calls import synced
from tests.support.memory_ledger import Hand, Ledger

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def listed(*sizes: int, origin: str = LOG) -> list[bytes]:
    """Return checkpoints of the ledger that `entry(LOG_KEY, 0)` lists."""
    ledger = Ledger(origin=origin, log=Hand("log", "XO", LOG_KEY.seed))
    for n in range(max(sizes)):
        ledger.append(b"%d" % n)
    return [ledger.checkpoint(size) for size in sizes]


def refused(leaves: list[bytes]) -> str:
    with pytest.raises(RecordError) as wrong:
        read_leaves(leaves, trust_in(ORIGIN))
    return f"{wrong.value.code} {wrong.value.says} {wrong.value.where}"


def test_checkpoints_of_a_listed_ledger_never_become_smaller() -> None:
    directory = read_leaves([entry(LOG_KEY, 0), *listed(2, 2, 5)], trust_in(ORIGIN))
    assert [(n, head.checkpoint.size) for n, head in directory.checkpoints[LOG]] == [(1, 2), (2, 2), (3, 5)]
    newest = directory.newest(LOG)
    assert newest is not None
    assert (newest[0], newest[1].checkpoint.size) == (3, 5)
    assert directory.newest("ledger.example/none") is None
    assert "smaller than the one taken before leaf 2" in refused([entry(LOG_KEY, 0), *listed(5, 2)])


def test_a_checkpoint_of_a_ledger_that_is_not_listed_is_refused() -> None:
    assert "not listed before leaf 0" in refused(listed(2))
    assert "not listed before leaf 1" in refused([entry(LOG_KEY, 0), *listed(2, origin="ledger.example/other")])


def test_without_a_registrar_no_leaf_is_believed() -> None:
    alone = replace(trust_in(ORIGIN), registrar=None)
    with pytest.raises(RecordError, match="NO_TRUST_ANCHOR"):
        read_leaves([], alone)


def directory_of(leaves: list[bytes]) -> tuple[Ledger, Head]:
    log = Ledger(origin=ORIGIN, log=Hand("log", "XO", LOG_KEY.seed))
    for leaf in leaves:
        log.append(leaf)
    return log, open_checkpoint(log.checkpoint(), ORIGIN, trust_in(ORIGIN).policy.logs, ())


def test_a_directory_with_any_doubt_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, head = directory_of([entry(LOG_KEY, 0)])
    asked: list[bool] = []
    answers: list[SeenHeads] = []

    def compare(*_: Any, ask: bool) -> SeenHeads:
        asked.append(ask)
        return answers[-1]

    monkeypatch.setattr(reading, "compare_heads", compare)
    monkeypatch.setattr(reading, "source", lambda where: fetched(files_of(log)))
    reason = Reason("SPLIT-VIEW", "", "two trees")
    for wrong, doubts, unreachable in (([reason], [], []), ([], [reason], []), ([], [], [reason])):
        answers.append(SeenHeads(head, NOW, wrong, doubts, unreachable))
        with pytest.raises(LedgerError, match=f"the directory {ORIGIN}: two trees") as raised:
            read_directory("there", trust_in(ORIGIN), tmp_path, NOW)
        assert raised.value.code == "SPLIT-VIEW"
    answers.append(SeenHeads(None, None, [], [], []))
    with pytest.raises(LedgerError, match="shows no head"):
        read_directory("there", trust_in(ORIGIN), tmp_path, NOW)
    answers.append(SeenHeads(head, NOW, [], [], []))
    assert len(read_directory("there", trust_in(ORIGIN), tmp_path, NOW).entries) == 1
    assert all(asked)


def test_a_head_that_too_few_witnesses_saw_or_that_leaves_do_not_make_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, head = directory_of([entry(LOG_KEY, 0)])
    monkeypatch.setattr(reading, "compare_heads", lambda *_, **__: SeenHeads(head, NOW, [], [], []))
    other = Ledger(origin=ORIGIN, log=Hand("log", "XO", LOG_KEY.seed))
    other.append(b"another leaf")
    monkeypatch.setattr(reading, "source", lambda where: fetched(files_of(other)))
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        read_directory("there", trust_in(ORIGIN), tmp_path, NOW)
    witnessed = Ledger(origin=ORIGIN, log=Hand("log", "XO", LOG_KEY.seed), witnesses=1)
    trust = replace(trust_in(ORIGIN), policy=parse_trust({"policy": witnessed.policy()}).policy)
    monkeypatch.setattr(reading, "source", lambda where: fetched(files_of(log)))
    with pytest.raises(RecordError, match="CP-QUORUM"):
        read_directory("there", trust, tmp_path, NOW)
    assert log.read([0]) == [leaf_hash(entry(LOG_KEY, 0))]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    create_root_log(tmp_path / "dir", ORIGIN, REGISTRAR, Home.inside(tmp_path), NOW)
    return tmp_path / "dir"


def code(call: Any, *given: Any) -> str:
    with pytest.raises((LedgerError, RecordError)) as raised:
        call(*given)
    assert isinstance(raised.value, LedgerError | RecordError)
    return raised.value.code


def test_a_directory_is_made_once_and_its_key_never_again(tmp_path: Path) -> None:
    home = Home.inside(tmp_path)
    path = tmp_path / "dir"
    with synced() as names:
        create_root_log(path, ORIGIN, REGISTRAR, home, NOW)
    assert names[-1] == "trust"
    assert code(create_root_log, path, ORIGIN, REGISTRAR, home, NOW) == "LEDGER-EXISTS"
    assert code(create_root_log, tmp_path / "other", ORIGIN, REGISTRAR, home, NOW) == "GUARD-EXISTS"
    assert code(create_root_log, tmp_path / "other", "no origin", REGISTRAR, home, NOW) == "CP-ORIGIN"
    weak = Registrar("registrar", "XO", "00" * 32)
    assert code(create_root_log, tmp_path / "other", f"{ORIGIN}/2", weak, home, NOW) == "KEY-POINT"
    assert not (tmp_path / "other").exists()
    assert own_trust(path).registrar == REGISTRAR


def test_the_trust_files_of_a_directory_are_whole_or_it_is_none(place: Path) -> None:
    with opened(place, Home.inside(place.parent), NOW) as log:
        assert (log.origin, log.publish()) == (ORIGIN, 0)
        with pytest.raises(LedgerError, match="BUSY"), opened(place, Home.inside(place.parent), NOW):
            pass
    for name in ("policy", "registrar"):
        kept = (place / "trust" / name).read_bytes()
        (place / "trust" / name).write_bytes(b"words\n")
        assert code(own_trust, place) == "TRUST"
        (place / "trust" / name).unlink()
        assert code(own_trust, place) == "NO-LEDGER"
        (place / "trust" / name).write_bytes(kept)
    (place / root_log.ROOT_DB).unlink()
    assert code(own_trust, place) == "NO-LEDGER"


def test_the_published_files_are_found_below_the_folder_of_a_directory(place: Path) -> None:
    with opened(place, Home.inside(place.parent), NOW) as log:
        log.publish()
    found = str(place / root_log.PUBLISHED)
    assert published(str(place)) == published(found) == found
    (Path(found) / "checkpoint").unlink()
    assert published(str(place)) == str(place)
    for url in ("http://directory.example", "https://directory.example"):
        assert published(url) == url


SEEN = Reason("LOG-ROLLBACK", "http://w", "it has seen 9 entries")
SPLIT = Reason("SPLIT-VIEW", "", "two trees")


def test_of_a_ledger_a_checkpoint_is_taken_that_contradicts_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = replace(read_leaves([entry(LOG_KEY, 0)], trust_in(ORIGIN)).entries[0][1], address="/there")
    policy = trust_in(LOG).policy.logs
    two, five = (open_checkpoint(note, LOG, policy, ()) for note in listed(2, 5))
    answer: list[Any] = []

    @contextmanager
    def read(where: str) -> Iterator[Any]:
        yield None

    def compare(*_: Any, ask: bool) -> SeenHeads:
        if isinstance(answer[-1], Exception):
            raise answer[-1]
        return SeenHeads(*answer[-1])

    views: list[str] = [""]
    monkeypatch.setattr(root_log, "reading", read)
    monkeypatch.setattr(root_log, "compare_heads", compare)
    monkeypatch.setattr(root_log, "compare_views", lambda *_: views[-1])
    with opened(place, Home.inside(place.parent), NOW) as log:

        def taken(said: Any, before: tuple[int, Head] | None = None) -> tuple[Any, ...]:
            answer.append(said)
            one, note = log._taken(address, before, ask=True)
            assert one.log == LOG
            return one.taken, one.before, one.code, one.proved, note

        whole: Any = (five, NOW, [], [], [])
        assert taken(whole) == (5, None, "", False, five.note)
        assert taken(whole, (1, two)) == (5, 2, "", False, five.note)
        assert taken(whole, (1, five)) == (None, 5, "", False, b"")  # it was taken
        assert taken((five, NOW, [], [SEEN], [])) == (5, None, "LOG-ROLLBACK", False, five.note)
        assert taken((five, NOW, [], [SEEN], []), (1, five)) == (None, 5, "LOG-ROLLBACK", False, b"")
        assert taken((five, NOW, [SPLIT], [], []), (1, two)) == (None, 2, "SPLIT-VIEW", True, b"")
        assert taken((None, None, [SPLIT], [], [SEEN])) == (None, None, "SPLIT-VIEW", True, b"")
        assert taken((None, None, [], [], [SEEN])) == (None, None, "LOG-ROLLBACK", False, b"")
        assert taken((None, None, [], [], [])) == (None, None, "LOG-UNREACHABLE", False, b"")
        views.append("not the newest copy")
        assert taken(whole, (1, two)) == (None, 2, "LOG-ROLLBACK", True, b"")
        assert taken(whole) == (5, None, "", False, five.note)
        for fault, proved in (("SPLIT-VIEW", True), ("CP-CONSISTENCY", True), ("LOG-CORRUPT", True), ("BUSY", False)):
            assert taken(LedgerError(fault, "x"), (1, two)) == (None, 2, fault, proved, b"")
        assert taken(RecordError("CP-SIG", "x")) == (None, None, "CP-SIG", False, b"")
        assert taken(OSError(5, "Input/output error")) == (None, None, "DISK-ERROR", False, b"")
        assert code(log.prove, LOG) == "NO-HEAD"
    assert KEY.public.hex() == REGISTRAR.key


@pytest.mark.parametrize(("lines", "conflict"), [(True, False), (False, False), (True, True)])
def test_a_directory_publishes_its_head_with_the_lines_of_its_witnesses_unless_one_contradicts_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, lines: bool, conflict: bool
) -> None:
    said: list[Any] = []

    def ask(policy: Any, keys: Any, head: Head, consistency: Any, *, now: int) -> list[Any]:
        said.append((head.checkpoint.size, now))
        return [
            SimpleNamespace(conflict=False, lines={"key": "line"} if lines else {}),
            SimpleNamespace(conflict=conflict, lines={}),
        ]

    def signed(policy: Any, note: bytes, given: Any, keys: Any) -> bytes:
        said.append(given)
        return note

    monkeypatch.setattr(root_log, "ask_witnesses", ask)
    monkeypatch.setattr(root_log, "with_cosignatures", signed)
    with opened(place, Home.inside(place.parent), NOW) as log:
        own = log.trust.policy
        log.trust = replace(log.trust, policy=SimpleNamespace(urls=["http://w"], logs=own.logs, witnesses={}))
        assert log.publish() == 0
        assert said == [], "an empty tree is shown to nobody"
        log._leaves.append([b"leaf"])
        if conflict:
            with pytest.raises(LedgerError, match="LOG-EQUIVOCATION"):
                log.publish()
            assert not (place / root_log.PUBLISHED / "tile" / "entries").exists()
            return
        assert log.publish() == 1
        assert said == [(1, int(NOW.timestamp())), *([{"key": "line"}] if lines else [])]
        assert (place / root_log.PUBLISHED / "tile" / "entries" / "000.p" / "1").is_file()
