"""A head continues the largest one that this process verified, and the largest one that another process verified."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from comity.remote.memory import MemoryFile
from comity.remote.proofs import Verifier
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import b64
from ledger.tlog.policy import parse_policy
from tests.support.hash_log import HashLog

LOG = HashLog(size=20)
REGISTRAR = Registrar("registrar", "XO", public_key(bytes(32)).hex())


class Client:
    """A client of a log with a memory in a folder; `asked` are the consistency proofs that it asked for."""

    def __init__(self, folder: Path, log: HashLog = LOG) -> None:
        self.log = log
        self.asked: list[tuple[int, int]] = []
        trust: Any = SimpleNamespace(
            policy=parse_policy(f"log {LOG.key.text}\nquorum none\n".encode()), registrar=REGISTRAR, sizes={}
        )
        self.memory = MemoryFile(folder, LOG.origin)
        self.verifier = Verifier(trust, self.memory, self.prove)

    def prove(self, old: int, new: int) -> list[str]:
        self.asked.append((old, new))
        return [b64(each) for each in self.log.prove(old, new)]

    def sees(self, size: int, note: str | None = None) -> list[tuple[int, int]]:
        """Verify the head of this size; return the proofs that were asked for."""
        self.asked.clear()
        head: Any = SimpleNamespace(note=note or self.log.note(size).decode(), size=size)
        assert self.verifier.head(head).checkpoint.size == self.verifier.size == size
        return list(self.asked)


def test_each_head_is_proven_to_continue_the_largest_one_before(tmp_path: Path) -> None:
    client = Client(tmp_path)
    assert client.verifier.largest() == 0
    for size, asked in ((0, []), (3, []), (3, []), (9, [(3, 9)]), (20, [(9, 20)])):
        assert client.sees(size) == asked
        assert client.verifier.largest() == size


def test_a_head_that_is_remembered_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(tmp_path)
    client.sees(9)
    first = LOG.note(9).decode()
    written: list[str] = []
    monkeypatch.setattr(client.memory, "head", written.append)
    client.sees(9, note=f"{first}\u2014 witness.example/w {b64(bytes(80))}\n")  # the same head with one line more
    assert written == []
    client.sees(10)
    assert written == [LOG.note(10).decode()]


def test_what_another_process_verified_meanwhile_is_continued_or_leads_on_from_the_head(tmp_path: Path) -> None:
    ours, theirs = Client(tmp_path), Client(tmp_path)
    ours.sees(3)
    theirs.sees(9)
    assert ours.sees(5) == [(3, 5), (5, 9)], "the answer was given before that of the other one"
    assert ours.verifier.largest() == 9, "and the larger head is remembered"
    assert theirs.sees(12) == [(9, 12)]
    assert ours.sees(20) == [(9, 20), (12, 20)]
    assert Client(tmp_path).verifier.largest() == 20


def test_one_that_was_verified_by_both_is_proven_once(tmp_path: Path) -> None:
    ours, theirs = Client(tmp_path), Client(tmp_path)
    ours.sees(3)
    theirs.sees(9)
    assert ours.sees(9) == [(3, 9)]
    assert ours.sees(10) == [(9, 10)]


def test_a_first_head_is_compared_with_what_another_process_verified(tmp_path: Path) -> None:
    ours, theirs = Client(tmp_path), Client(tmp_path)
    theirs.sees(9)
    assert ours.sees(9) == []
    assert Client(tmp_path).sees(12) == [(9, 12)]


@pytest.mark.parametrize(
    ("known", "shown", "code", "ending"),
    [
        (LOG.fork(5, 9), 9, "SPLIT-VIEW", "split-view.json"),
        (LOG, 8, "LOG-ROLLBACK", "contradiction.json"),
        (LOG.fork(5, 9), 12, "CP-CONSISTENCY", "contradiction.json"),
    ],
)
def test_what_contradicts_an_earlier_head_is_kept_and_is_not_remembered(
    known: HashLog, shown: int, code: str, ending: str, tmp_path: Path
) -> None:
    Client(tmp_path, known).sees(9)
    here = Client(tmp_path)
    with pytest.raises(RecordError, match=code) as found:
        here.sees(shown)
    assert str(found.value.where).endswith(ending)
    assert Path(str(found.value.where)).read_bytes()
    assert Client(tmp_path).verifier.largest() == here.verifier.largest() == 9


@pytest.mark.parametrize(("shown", "code"), [(9, "SPLIT-VIEW"), (12, "CP-CONSISTENCY"), (7, "CP-CONSISTENCY")])
def test_a_head_is_compared_with_what_another_process_verified_since(shown: int, code: str, tmp_path: Path) -> None:
    ours, theirs = Client(tmp_path), Client(tmp_path, LOG.fork(5, 9))
    ours.sees(3)
    theirs.sees(9)
    with pytest.raises(RecordError, match=code):
        ours.sees(shown)


def test_a_head_of_another_size_than_is_stated_is_false(tmp_path: Path) -> None:
    head: Any = SimpleNamespace(note=LOG.note(9).decode(), size=8)
    with pytest.raises(RecordError, match=r"API-FALSE.*has 9 entries, not 8"):
        Client(tmp_path).verifier.head(head)


def test_a_server_has_one_log_and_one_registrar(tmp_path: Path) -> None:
    memory = MemoryFile(tmp_path, LOG.origin)
    two = f"log {LOG.key.text}\nlog {HashLog('other.example/log', bytes(32)).key.text}\nquorum none\n".encode()
    for policy, registrar, says in ((two, REGISTRAR, "names 2 logs"), (two, None, "names no registrar")):
        trust: Any = SimpleNamespace(policy=parse_policy(policy), registrar=registrar, sizes={})
        with pytest.raises(LedgerError, match=says):
            Verifier(trust, memory, lambda old, new: [])
