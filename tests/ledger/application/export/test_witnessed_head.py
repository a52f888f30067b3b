"""A head is handed over that a quorum has cosigned; where none can be had, it is said who has to cosign."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.witness.client import WitnessResult
from ledger.adapters.witness.cosigning import Cosigned
from ledger.application.export import witnessed_head
from ledger.application.export.witnessed_head import WaitingForWitness, Witnesses, published_head
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import COSIGNATURE, Vkey
from ledger.tlog.policy import parse_policy
from tests.support.hash_log import HashLog

KEYS = {n: Vkey.of(f"{n}.example/w", COSIGNATURE, public_key(sha256(n.encode()).digest())) for n in "abc"}
POLICY = parse_policy(  # a has an address, b is a mirror, c is reached by file
    "".join(f"witness {n} {key.text}{' https://a.example' if n == 'a' else ''}\n" for n, key in KEYS.items()).encode()
    + b"group g 2 a b c\nquorum g\n"
)


def head(size: int, by: str) -> Any:
    cosignatures = tuple((KEYS[n], 1) for n in by)
    return SimpleNamespace(size=size, checkpoint=SimpleNamespace(size=size), cosignatures=cosignatures)


def kept(size: int, by: str, cosigned: int | None = 1) -> Any:
    return SimpleNamespace(size=size, note=head(size, by), cosigned=cosigned)


def answer(name: str, code: str = "") -> WitnessResult:
    fault = LedgerError(code, "in its words") if code else None
    return WitnessResult("", (name,), {} if code else {KEYS[name]: "line"}, fault)


class Office:
    """A journal with kept heads, whose witnesses give prepared answers, and whose log may grow meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, newest: Any, heads: Sequence[Any] = ()) -> None:
        self.newest, self.calls, self.said = newest, 0, list[str]()
        self.answers: list[tuple[WitnessResult, ...]] = [()]
        self.signed = newest.size
        self.then: list[Any] = []  # heads that are kept after the first request
        self.heads = list(heads)
        folder = SimpleNamespace(policy=POLICY, mirrors={KEYS["b"]: None}, keys=())
        self.journal: Any = SimpleNamespace(
            folder=folder,
            publish=lambda: None,
            origin="o",
            heads=SimpleNamespace(newest=lambda: kept(newest.size, ""), all=lambda: self.heads),
            log=SimpleNamespace(signed=lambda: SimpleNamespace(size=self.signed), witnesses=()),
        )
        monkeypatch.setattr(witnessed_head, "open_head", lambda journal, note: note)
        monkeypatch.setattr(witnessed_head, "published_head", lambda journal: self.newest)
        monkeypatch.setattr(Witnesses, "cosign", lambda witnesses: self.cosign())

    def cosign(self) -> Cosigned:
        self.calls += 1
        self.heads += self.then
        asked = self.answers[min(self.calls, len(self.answers)) - 1]
        return Cosigned(SimpleNamespace(size=self.newest.size, note=self.newest), asked, met=False)  # type: ignore[arg-type]

    @property
    def witnesses(self) -> Witnesses:
        return Witnesses(self.journal, say=self.said.append, otherwise="or do without")


def test_the_published_head_is_handed_over_where_a_quorum_has_cosigned_it(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(monkeypatch, head(5, "ab"))
    assert office.witnesses.witnessed_head(3) is office.newest
    assert (office.calls, office.said) == (0, [])


def test_without_witnesses_the_published_head_is_handed_over_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(monkeypatch, head(5, "a"))
    assert office.witnesses.witnessed_head(3, unwitnessed=True) is office.newest
    assert office.said == ["UNWITNESSED: no quorum of the policy's witnesses has seen the head of this bundle"]
    assert office.calls == 0


@pytest.mark.parametrize(("above", "size"), [(2, 5), (4, 5), (5, None), (1, 5)])
def test_of_the_kept_heads_the_largest_above_an_entry_is_taken(
    above: int, size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [kept(3, "ab"), kept(5, "bc"), kept(4, "abc"), kept(7, "a"), kept(8, "ab", None)]
    office = Office(monkeypatch, head(9, ""), heads)
    if size is None:
        with pytest.raises(LedgerError, match="no quorum of witnesses has seen the head") as found:
            office.witnesses.witnessed_head(above, frozen=True)
        assert (found.value.code, "or do without" in found.value.hint) == ("UNWITNESSED", True)
    else:
        assert office.witnesses.witnessed_head(above, frozen=True).checkpoint.size == size
    assert office.calls == 0, "a frozen ledger asks nobody"


def test_witnesses_are_called_once_where_no_kept_head_suffices(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(monkeypatch, head(9, ""), [kept(3, "ab")])
    office.then = [kept(9, "ab")]
    assert office.witnesses.witnessed_head(3).checkpoint.size == 9
    assert office.calls == 1


def test_a_witness_without_an_address_is_named_where_only_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(monkeypatch, head(9, "a"))
    with pytest.raises(WaitingForWitness, match="the head of 9 entries waits for its witnesses") as found:
        office.witnesses.witnessed_head(3)
    assert "have c cosign, `comity witness take`" in found.value.hint
    none = Office(monkeypatch, head(9, ""))
    with pytest.raises(LedgerError, match="no quorum of witnesses has seen") as silent:
        none.witnesses.witnessed_head(3)
    assert not isinstance(silent.value, WaitingForWitness)


@pytest.mark.parametrize(
    ("asked", "silent"),
    [
        ((answer("a"),), None),  # with c, which has no address
        ((answer("a"), answer("b")), None),
        ((answer("a", "HTTP-SILENT"),), "a"),
        ((answer("b"), answer("a", "HTTP-SILENT")), None),
        ((), ""),
    ],
)
def test_witnesses_are_reachable_where_those_that_answer_and_those_without_an_address_are_a_quorum(
    asked: tuple[WitnessResult, ...], silent: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(monkeypatch, head(9, ""))
    office.answers = [asked]
    if silent is None:
        office.witnesses.check_reachable()
    else:
        with pytest.raises(LedgerError, match=rf"no quorum of witnesses cosigns now \(without {silent}\)") as found:
            office.witnesses.check_reachable()
        assert found.value.code == "UNWITNESSED"
    assert office.calls == 1


@pytest.mark.parametrize(
    ("code", "grown", "calls"),
    [("HTTP-SILENT", False, 1), ("WITNESS-AHEAD", False, 20), ("WITNESS-BUSY", False, 20), ("HTTP-SILENT", True, 20)],
)
def test_witnesses_are_asked_again_where_the_log_has_grown_and_not_for_ever(
    code: str, grown: bool, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(monkeypatch, head(9, ""))
    office.answers, office.signed = [(answer("a", code),)], 9 + grown
    with pytest.raises(LedgerError):
        office.witnesses.check_reachable()
    assert office.calls == calls
    office.calls, office.answers = 0, [(answer("a", code),), (answer("a"),)]
    if calls > 1:
        office.witnesses.check_reachable()
        assert office.calls == 2


def test_a_copy_that_cannot_sign_hands_over_the_last_published_head() -> None:
    def fails(code: str) -> Any:
        raise LedgerError(code, "in its words")

    def journal(code: str, published: object) -> Any:
        files = SimpleNamespace(head=lambda witnesses: published)
        return SimpleNamespace(publish=lambda: fails(code), log=SimpleNamespace(files=files, witnesses=()))

    last: Any = head(3, "ab")
    assert published_head(journal("GUARD-MISSING", last)) is last
    for code, published in (("GUARD-MISSING", None), ("DISK-FULL", last)):
        with pytest.raises(LedgerError, match=code):
            published_head(journal(code, published))


def test_the_newest_head_is_published_and_opened_under_the_keys_of_the_log() -> None:
    log = HashLog(size=3)
    said: list[str] = []
    heads = SimpleNamespace(newest=lambda: SimpleNamespace(note=log.note(3)))
    folder = SimpleNamespace(keys=(log.key,))
    asked: Any = SimpleNamespace(publish=lambda: said.append("published"), heads=heads, folder=folder)
    asked.origin, asked.log = log.origin, SimpleNamespace(witnesses=())
    found = published_head(asked)
    assert (found.checkpoint.size, found.checkpoint.root, found.note) == (3, log.root(3), log.note(3))
    assert said == ["published"]


STRANGER = Vkey.of("d.example/w", COSIGNATURE, public_key(sha256(b"d").digest()))


@pytest.mark.parametrize(
    ("mirrors", "every", "asked"),
    [
        ("", False, ""),
        ("", True, ""),
        ("b", False, "b"),
        ("d", False, ""),
        ("d", True, "d"),
        ("bd", False, "b"),
        ("bd", True, "bd"),
    ],
)
def test_entries_are_sent_to_the_mirrors_that_count_for_the_quorum_or_to_every_one(
    mirrors: str, every: bool, asked: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = KEYS | {"d": STRANGER}
    given: list[Any] = []
    first: Any = SimpleNamespace(size=4)
    last: Any = SimpleNamespace(size=5)

    def push(log: Any, policy: Any, mirrors: Any, evidence: Any, **_: Any) -> Cosigned:
        given.append(list(mirrors))
        return Cosigned(last, (answer("b"),), met=True)

    monkeypatch.setattr("ledger.adapters.mirror.client.push_head", push)
    monkeypatch.setattr(
        "ledger.adapters.witness.cosigning.cosign_head", lambda *_, **__: Cosigned(first, (answer("a"),), met=False)
    )
    folder = SimpleNamespace(policy=POLICY, path=tmp_path, mirrors={keys[name]: name for name in mirrors})
    journal: Any = SimpleNamespace(folder=folder, log=None)
    done = Witnesses(journal, every_mirror=every).cosign()
    assert given == ([[keys[name] for name in asked]] if asked else [])
    expected = (last, ("a", "b"), True) if asked else (first, ("a",), False)
    assert (done.kept, tuple(each.names[0] for each in done.asked), done.met) == expected
    if not every:
        assert (Witnesses(journal).cosign().kept is last) is bool(asked), "the default"


def test_witnesses_are_not_asked_again_once_a_head_of_enough_entries_is_witnessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office = Office(monkeypatch, head(9, ""), [kept(3, "ab")])
    office.then, office.signed = [kept(9, "ab")], 10  # the log has grown meanwhile
    assert office.witnesses.witnessed_head(3).checkpoint.size == 9
    assert office.calls == 1


def test_only_silent_witnesses_are_named_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(monkeypatch, head(9, ""))
    lines = "".join(f"witness {n} {key.text} https://{n}.example\n" for n, key in KEYS.items())
    office.journal.folder.policy = parse_policy(f"{lines}group g 3 a b c\nquorum g\n".encode())
    office.answers = [(answer("a"), answer("b", "HTTP-SILENT"), answer("c", "HTTP-SILENT"))]
    with pytest.raises(LedgerError, match=r"cosigns now \(without b, c\)"):
        office.witnesses.check_reachable()
