"""What a witness answers is followed as far as it states a size, and only its verified lines count."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from ledger.adapters.http_client import Reply
from ledger.adapters.witness import client
from ledger.adapters.witness.client import (
    AHEAD,
    LastCosignature,
    Question,
    WitnessResult,
    by_url,
    check_times,
    remembered,
    with_cosignatures,
    with_lines,
    words_of,
)
from ledger.adapters.witness.witness import SIZE
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.add_checkpoint import parse_submission
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Vkey, cosign, parse_vkey, witness_vkey
from ledger.tlog.policy import parse_policy
from tests.support.hash_log import HashLog

LOG = HashLog(size=20)
NOW = 1_800_000_000
SEEDS = {f"w{n}.example/w": bytes([n + 1]) * 32 for n in range(20)}
KEYS = [parse_vkey(witness_vkey(name, public_key(seed))) for name, seed in SEEDS.items()]
A, B = KEYS[:2]


def policy_of(*urls: str) -> Any:
    """Return a policy with a witness for each text: its URL, or none."""
    lines = [f"witness n{n} {KEYS[n].text} {url}".strip() for n, url in enumerate(urls)]
    return parse_policy("\n".join([f"log {LOG.key.text}", *lines, "quorum none", ""]).encode())


def line(key: Vkey, note: bytes, time: int = NOW) -> str:
    return cosign(note, key.name, SEEDS[key.name], time)


@pytest.mark.parametrize(
    ("time", "known", "code"),
    [
        (NOW + AHEAD, {}, ""),
        (NOW + AHEAD + 1, {}, "CP-FUTURE"),
        (1, {}, ""),
        (0, {}, "CP-TIME"),
        (NOW, {A: LastCosignature(9, NOW)}, ""),
        (NOW - 1, {A: LastCosignature(9, NOW)}, "CP-TIME"),
        (NOW - 1, {B: LastCosignature(9, NOW)}, ""),
    ],
)
def test_a_cosignature_is_not_dated_ahead_of_us_nor_before_the_last_of_its_key(
    time: int, known: Mapping[Vkey, LastCosignature], code: str
) -> None:
    if not code:
        check_times([(A, time)], NOW, known)
        return
    with pytest.raises(RecordError) as refused:
        check_times([(B, NOW), (A, time)], NOW, known)
    assert (refused.value.code, refused.value.where) == (code, A.name)


def test_keys_at_one_address_are_one_witness_and_one_without_an_address_is_not_asked() -> None:
    policy = policy_of("https://a.example/", "", "https://b.example", "https://a.example")
    assert by_url(policy) == [("https://a.example", (KEYS[0], KEYS[3])), ("https://b.example", (KEYS[2],))]


def test_a_note_has_the_lines_of_its_log_and_of_its_witnesses_in_the_order_of_the_policy() -> None:
    policy, note = policy_of("", ""), LOG.note(5)
    old = with_lines(note, [line(B, note, 1), line(A, note, 1)])
    own = note.rpartition(b"\n\n")[2].decode()
    kept = with_lines(old, [own, line(B, note, 1), line(A, note, 1)])
    made = with_cosignatures(policy, kept, {B: line(B, note, 2)}, LOG.key)
    assert made == with_lines(note, [own, line(A, note, 1), line(B, note, 2)])
    stranger = with_lines(note, [own, line(KEYS[9], note, 1)])
    assert with_cosignatures(policy, stranger, {}, LOG.key) == note


@pytest.mark.parametrize(("witnesses", "lines"), [(14, 15), (15, 16), (16, 16), (20, 16)])
def test_a_note_has_at_most_sixteen_lines(witnesses: int, lines: int) -> None:
    policy, note = policy_of(*[""] * witnesses), LOG.note(5)
    made = with_cosignatures(policy, note, {key: line(key, note) for key in KEYS[:witnesses]}, LOG.key)
    assert made.rpartition(b"\n\n")[2].count(b"\n") == lines
    assert made.startswith(note)


# -- one witness -------------------------------------------------------------------------------------------------------


class Witness:
    """A witness that gives prepared replies, the last one again and again; None is silence."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *replies: Reply | None, shows: Reply | None = None) -> None:
        self.replies, self.shows = list(replies), shows
        self.asked: list[int] = []
        self.proven: list[tuple[int, int]] = []
        self.addresses: list[str] = []
        monkeypatch.setattr(client, "ask", self.ask)

    async def ask(self, url: str, most: int, seconds: float, body: bytes | None = None, **_: Any) -> Reply:
        self.addresses.append(url)
        if body is None:
            reply = self.shows
        else:
            self.asked.append(parse_submission(body).old)
            reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
        if reply is None:
            raise LedgerError("HTTP-SILENT", "no answer")
        return reply

    def prove(self, m: int, n: int) -> list[bytes]:
        self.proven.append((m, n))
        return LOG.prove(m, n)

    def question(self, *known: tuple[Vkey, int], size: int = 9, keys: tuple[Vkey, ...] = (A,)) -> WitnessResult:
        last = {key: LastCosignature(size, 1) for key, size in known}
        policy = policy_of("", "", "")
        question = Question("http://w", keys, policy, LOG.origin, size, LOG.note(size), self.prove, NOW, last)
        return asyncio.run(question.ask())


def sized(size: int | str, status: int = 409, media: str = SIZE) -> Reply:
    return Reply(status, media, f"{size}\n".encode())


TAKEN = Reply(200, "text/plain", line(A, LOG.note(9)).encode())


def fault(result: WitnessResult) -> str:
    assert result.fault is not None
    assert not result.lines
    return result.fault.code


@pytest.mark.parametrize(
    ("known", "replies", "asked", "proven"),
    [
        ([], [TAKEN], [0], []),
        ([(A, 4)], [TAKEN], [4], [(4, 9)]),
        ([(A, 9)], [TAKEN], [9], []),
        ([(A, 12)], [TAKEN], [9], []),  # an older head is asked about again
        ([(B, 4)], [TAKEN], [0], []),
        ([(A, 4), (B, 6)], [TAKEN], [4], [(4, 9)]),
        ([], [sized(3), TAKEN], [0, 3], [(3, 9)]),
        ([(A, 2)], [sized(3), sized(5), TAKEN], [2, 3, 5], [(2, 9), (3, 9), (5, 9)]),
        ([], [sized(9), TAKEN], [0, 9], []),
        ([], [*(sized(n) for n in range(1, 6)), TAKEN], [0, 1, 2, 3, 4, 5], [(n, 9) for n in range(1, 6)]),
    ],
)
def test_a_witness_is_asked_from_the_size_that_it_states(
    known: list[tuple[Vkey, int]],
    replies: list[Reply],
    asked: list[int],
    proven: list[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    witness = Witness(monkeypatch, *replies)
    result = witness.question(*known)
    assert (result.fault, list(result.lines), result.times) == (None, [A], (NOW,))
    assert (witness.asked, witness.proven) == (asked, proven)
    assert set(witness.addresses) == {"http://w/add-checkpoint"}


def test_two_keys_of_one_witness_are_asked_from_the_larger_size(monkeypatch: pytest.MonkeyPatch) -> None:
    witness = Witness(monkeypatch, Reply(200, "", TAKEN.body + line(B, LOG.note(9)).encode()))
    result = witness.question((A, 3), (B, 5), keys=(A, B))
    assert (witness.asked, list(result.lines), result.names) == ([5], [A, B], ("n0", "n1"))


@pytest.mark.parametrize(
    ("replies", "known", "code", "conflict", "asked"),
    [
        ([sized(10)], [], "WITNESS-AHEAD", False, 1),
        ([sized(3)], [(A, 4)], "WITNESS-LOST", False, 1),
        ([sized(4)], [(A, 4)], "LOG-EQUIVOCATION", True, 1),
        ([sized(0)], [], "LOG-EQUIVOCATION", True, 1),
        ([sized(3), sized(3)], [], "LOG-EQUIVOCATION", True, 2),
        ([sized(3, media="text/plain")], [], "LOG-EQUIVOCATION", True, 1),
        ([sized("03")], [], "LOG-EQUIVOCATION", True, 1),
        ([sized("ü")], [], "LOG-EQUIVOCATION", True, 1),
        ([Reply(422, "", b"no")], [], "LOG-EQUIVOCATION", True, 1),
        ([sized(3, status=403)], [], "WITNESS-REFUSED", False, 1),
        ([Reply(500, "", b"no")], [], "WITNESS-REFUSED", False, 1),
        ([sized(n % 9) for n in range(1, 9)], [], "WITNESS-BUSY", False, 6),
        ([None], [], "HTTP-SILENT", False, 1),
    ],
)
def test_a_witness_that_does_not_follow_is_named_with_the_reason(
    replies: list[Reply | None],
    known: list[tuple[Vkey, int]],
    code: str,
    conflict: bool,
    asked: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    witness = Witness(monkeypatch, *replies, shows=Reply(200, "", b"its note"))
    result = witness.question(*known)
    assert (fault(result), result.conflict, len(witness.asked)) == (code, conflict, asked)
    assert result.theirs == (b"its note" if conflict or code == "WITNESS-AHEAD" else None)


@pytest.mark.parametrize(
    ("shows", "theirs"),
    [
        (None, None),
        (Reply(404, "", b"no"), None),
        (Reply(200, "", b"x" * 65_536), b"x" * 65_536),
        (Reply(200, "", b"x" * 65_537), None),
    ],
)
def test_what_a_witness_shows_is_read_within_a_bound(
    shows: Reply | None, theirs: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(monkeypatch, Reply(422, "", b"no"), shows=shows)
    assert witness.question().theirs == theirs
    assert witness.addresses[-1] == f"http://w/{origin_hash(LOG.origin)}/checkpoint"


@pytest.mark.parametrize(
    ("body", "code", "times"),
    [
        (line(A, LOG.note(9), NOW + AHEAD + 1), "CP-FUTURE", (NOW + AHEAD + 1,)),
        (line(A, LOG.note(8)), "CP-SIG", ()),
    ],
)
def test_lines_that_are_false_or_dated_ahead_are_no_cosignature(
    body: str, code: str, times: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Witness(monkeypatch, Reply(200, "", body.encode())).question()
    assert (fault(result), result.times, result.conflict) == (code, times, False)


def test_lines_of_other_witnesses_in_a_reply_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    body = line(B, LOG.note(9)).encode() + TAKEN.body
    assert list(Witness(monkeypatch, Reply(200, "", body)).question().lines) == [A]


def test_the_heads_that_witnesses_remember_are_those_that_the_log_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {
        "http://a": Reply(200, "", LOG.note(5)),
        "http://b": Reply(200, "", HashLog(LOG.origin, bytes([9]) * 32, 5).note(5)),
        "http://m": Reply(200, "", LOG.note(7)),
        "http://n": Reply(200, "", b""),
    }

    async def ask(url: str, *_: Any) -> Reply:
        return shown[url.rpartition("/")[0].rpartition("/")[0]]

    monkeypatch.setattr(client, "ask", ask)
    found = remembered(policy_of("http://a", "http://b"), LOG.key, ["http://m", "http://a", "http://n"])
    assert {url: head.checkpoint.size for url, head in found.items()} == {"http://a": 5, "http://m": 7}


def test_the_words_of_a_reply_are_its_first_in_one_line() -> None:
    assert words_of(Reply(500, "", b"no\n  head\xff")) == "no head\N{REPLACEMENT CHARACTER}"
    assert words_of(Reply(500, "", b"x" * 201)) == "x" * 200
