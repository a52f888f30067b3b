"""What arrives from another log is held against all that was seen of it, and what it shows of ours against our log."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.witness.followed_logs import followed
from ledger.application.foreign import arrivals
from ledger.entries.envelope import open_
from ledger.entries.split_view import Shown
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Vkey, log_vkey, parse_vkey
from ledger.verify.earlier_bundles import EarlierEntries
from ledger.verify.progress import Contradiction
from ledger.verify.report import Reason, Verdict
from tests.support.memory_ledger import NOW, Ledger, hand, small

ORIGIN = "ledger.test/xv"
OLD, NEW, STRANGE = hand("log"), hand("log", key="second"), hand("log", key="third")


def key_of(by: Any) -> Vkey:
    return parse_vkey(log_vkey(ORIGIN, public_key(by.seed)))


def trusting(*hands: Any) -> Any:
    return SimpleNamespace(policy=SimpleNamespace(logs=tuple(map(key_of, hands))))


def note(size: int, root: int = 1, by: Any = OLD) -> bytes:
    return Ledger(origin=ORIGIN, log=by).checkpoint(size, root=bytes([root]) * 32)


def journal_in(folder: Path, **more: Any) -> Any:
    return SimpleNamespace(folder=SimpleNamespace(evidence=folder / "evidence", others=folder / "others"), **more)


def kept(folder: Path) -> list[str]:
    return sorted(path.name.partition(".")[2] for path in (folder / "evidence").glob("*"))


def test_a_note_is_of_the_key_that_signed_it_and_of_the_newest_where_none_did() -> None:
    trust = trusting(OLD, NEW, STRANGE)
    for by in (OLD, NEW, STRANGE):
        assert arrivals.signed_by(trust, note(3, by=by)) == key_of(by)
    assert arrivals.signed_by(trusting(OLD, NEW), note(3, by=STRANGE)) == key_of(NEW)
    assert arrivals.signed_by(trusting(NEW), note(3, by=OLD)) == key_of(NEW)


@pytest.mark.parametrize(
    ("notes", "found"),
    [
        ([note(5), note(5, root=2)], "exhibit"),
        ([note(5), note(3), note(5, root=2)], "exhibit"),
        ([note(3), note(5), note(5, root=2)], "exhibit"),
        ([note(5), note(5, root=2, by=NEW)], "notes"),  # two keys: no exhibit has them both
        ([note(5), note(5)], ""),
        ([note(5), note(3)], ""),
        ([note(5), note(3, root=2)], ""),
        ([note(5)], ""),
    ],
)
def test_two_trees_of_one_size_in_one_bundle_are_kept_as_an_exhibit(
    notes: list[bytes], found: str, tmp_path: Path
) -> None:
    code = ""
    try:
        arrivals._convict(journal_in(tmp_path), trusting(OLD, NEW), notes)
    except (LedgerError, RecordError) as error:
        code = error.code
    assert code == ("SPLIT-VIEW" if found else "")
    assert kept(tmp_path) == (["note", "note"] if found else []) + ["split-view.json"] * (found == "exhibit")


def test_a_note_that_its_log_did_not_sign_convicts_nobody(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="CP-SIG"):
        arrivals._convict(journal_in(tmp_path), trusting(OLD), [note(5), note(5, root=2, by=STRANGE)])
    assert kept(tmp_path) == []


# -- the result of the verification ------------------------------------------------------------------------------------


def settled(
    verdict: Verdict, *codes: str, anyway: bool, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, list[str], list[list[bytes]]]:
    """Return the result as a code, what was said, and the notes that were searched for two trees."""
    said: list[str] = []
    searched: list[list[bytes]] = []
    monkeypatch.setattr(arrivals, "_convict", lambda journal, trust, notes: searched.append(notes))
    report: Any = SimpleNamespace(verdict=verdict, reasons=[Reason(code, "there", f"{code} it is") for code in codes])
    parts: Any = SimpleNamespace(checkpoint=b"newest", heads={"a": b"earlier"})
    trust: Any = None
    journal: Any = None
    try:
        check = arrivals._settled(journal, report, trust, parts, said.append, anyway=anyway)
    except RecordError as refused:
        check = f"{refused.code} {refused.where} {refused.hint}"
    return check, said, searched


@pytest.mark.parametrize("anyway", [True, False])
def test_what_was_verified_verifies_and_what_failed_is_refused_whatever_is_asked(
    anyway: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settled(Verdict.PASSED, anyway=anyway, monkeypatch=monkeypatch) == ("verifies", [], [])
    failed = settled(Verdict.FAILED, "SIG-BAD", "OTHER", anyway=anyway, monkeypatch=monkeypatch)
    assert failed == ("SIG-BAD there ", [], [])
    split = settled(Verdict.FAILED, "SPLIT-VIEW", anyway=anyway, monkeypatch=monkeypatch)
    assert split == ("SPLIT-VIEW there ", [], [[b"newest", b"earlier"]])


def test_what_is_doubtful_is_refused_unless_it_is_asked_for_and_then_its_doubts_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = ("KEY-UNKNOWN", "NO-QUORUM")
    check, said, _ = settled(Verdict.INDETERMINATE, *codes, anyway=False, monkeypatch=monkeypatch)
    assert (check, said) == ("KEY-UNKNOWN there --anyway keeps it all the same; it will count for nothing", [])
    check, said, _ = settled(Verdict.INDETERMINATE, *codes, anyway=True, monkeypatch=monkeypatch)
    assert (check, said) == ("not-checked", ["KEY-UNKNOWN: KEY-UNKNOWN it is", "NO-QUORUM: NO-QUORUM it is"])


@pytest.mark.parametrize("anyway", [True, False])
def test_what_was_not_judged_under_the_trust_of_another_log_is_not_kept_anyway(
    anyway: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = settled(Verdict.INDETERMINATE, "CP-ORIGIN", anyway=anyway, monkeypatch=monkeypatch)
    assert found == ("CP-ORIGIN there ", [], [])


# -- what was seen before ----------------------------------------------------------------------------------------------


def test_a_head_that_nothing_connects_with_an_earlier_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    closed = SimpleNamespace(close=lambda: said.append("closed"))
    monkeypatch.setattr(arrivals, "followed", lambda place, origin: closed)
    monkeypatch.setattr(arrivals, "hold_against", lambda *_: SimpleNamespace(unproven=(2, 3)))
    report: Any = SimpleNamespace(head=SimpleNamespace(note=note(5), checkpoint=SimpleNamespace(size=5)))
    arrivals._hold(journal_in(tmp_path, now=lambda: NOW), report, trusting(OLD), None, said.append)
    says = f"{ORIGIN}: nothing connects its head of 5 entries with that of"
    assert said == ["closed", f"{says} 2, seen before", f"{says} 3, seen before"]


def test_a_head_is_kept_among_those_seen_of_its_log(tmp_path: Path) -> None:
    ledger, _ = small(origin=ORIGIN)
    head = SimpleNamespace(note=ledger.checkpoint(), checkpoint=SimpleNamespace(size=5, root=b"r"), cosignatures=())
    report: Any = SimpleNamespace(head=head)
    arrivals._hold(journal_in(tmp_path, now=lambda: NOW), report, trusting(OLD), None, print)
    with closing(followed(tmp_path / "others", ORIGIN)) as heads:
        assert [each.size for each in heads.all()] == [5]


@pytest.mark.parametrize("exhibit", [b'{"format":"comity.split-order/1"}', None])
def test_an_entry_that_contradicts_an_earlier_one_is_refused_with_its_exhibit(
    exhibit: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = small(origin=ORIGIN)
    opened, proof = open_(ledger.entries[4]), ledger.proof(4)
    held: list[Shown] = []

    def hold(shown: Shown, earlier: object) -> None:
        held.append(shown)
        if earlier == "contradicts":
            raise Contradiction(RecordError("SPLIT-ORDER", "two histories"), "there", exhibit)

    monkeypatch.setattr(arrivals, "hold_entry", hold)
    for known in (None, "agrees", "contradicts"):
        monkeypatch.setattr(arrivals, "_known", lambda *_, known=known: known)
        if known == "contradicts":
            with pytest.raises(LedgerError if exhibit else Contradiction, match=r"SPLIT-ORDER.*two histories"):
                arrivals._hold_entry(journal_in(tmp_path), opened, proof, trusting(OLD, NEW))
        else:
            arrivals._hold_entry(journal_in(tmp_path), opened, proof, trusting(OLD, NEW))
    assert held == [Shown(opened.raw, proof, key_of(OLD))] * 2
    assert kept(tmp_path) == (["split-order.json"] if exhibit else [])


def test_only_entries_that_were_received_before_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    journal: Any = SimpleNamespace(store="store", received="received")
    monkeypatch.setattr(arrivals, "registers", lambda received: {origin_hash(ORIGIN): {2: (b"raw", b"proof")}})
    asked: list[Any] = []
    found = EarlierEntries(ORIGIN)

    def recall(*args: Any) -> EarlierEntries:
        asked.append(args)
        return found

    monkeypatch.setattr(arrivals, "recalled", recall)
    assert arrivals._known(journal, trusting(OLD), ORIGIN, ["an order"]) is None
    found = EarlierEntries(ORIGIN, (Shown(b"raw", b"proof", key_of(OLD)),))
    assert arrivals._known(journal, trusting(OLD), ORIGIN, ["an order"]) is found
    assert asked[0] == (ORIGIN, ["an order"], "store", "received", (key_of(OLD),), {2: (b"raw", b"proof")})
    arrivals._known(journal, trusting(OLD), "ledger.test/xw", [])
    assert asked[-1][-1] == {}


@pytest.mark.parametrize(("code", "files"), [("SPLIT-VIEW", 5), ("SPLIT-ORDER", 1)])
def test_two_entries_at_one_place_of_a_log_are_kept_with_their_proofs(code: str, files: int, tmp_path: Path) -> None:
    ledger, _ = small(origin=ORIGIN)
    other, _ = small(origin=ORIGIN)
    other.entries[4] = ledger.entries[3]  # any other entry
    report: Any = SimpleNamespace(reasons=[Reason(code, "entries/4.dsse.json", "it contradicts")])
    report.exhibit = b'{"format":"comity.split-order/1"}' if code == "SPLIT-ORDER" else None
    arrived = {"entries/4.dsse.json": ledger.entries[4], "entries/4.tlog-proof": ledger.proof(4)}
    before = [Shown(other.entries[n], ledger.proof(n), key_of(OLD)) for n in (2, 4)]
    error = arrivals._convicted(journal_in(tmp_path), report, arrived, EarlierEntries(ORIGIN, before))
    assert (error.code, "it contradicts" in error.says) == (code, True)
    assert len(kept(tmp_path)) == files
    if code == "SPLIT-ORDER":
        assert next((tmp_path / "evidence").iterdir()).read_bytes() == report.exhibit
    else:
        held = {path.read_bytes() for path in (tmp_path / "evidence").glob("*.dsse.json")}
        assert held == {ledger.entries[4], other.entries[4]}


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("ab.tlog-proof", None, True),
        ("ab", b"ledger.test/xo\n3\nroot\n", True),
        ("ab", b"ledger.test/xo/else\n3\nroot\n", False),
        ("ab", b"an entry", False),
    ],
)
def test_heads_of_our_log_that_a_bundle_shows_are_held_against_it(
    name: str, content: bytes | None, shown: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checked: list[bytes] = []
    monkeypatch.setattr(arrivals, "check_shown", lambda log, note, evidence: checked.append(note))
    ledger, _ = small(origin="ledger.test/xo")
    note = ledger.checkpoint() if content is None else content
    parts: Any = SimpleNamespace(foreign={name: ledger.proof(4, note) if content is None else content})
    arrivals._compare_ours(journal_in(tmp_path, log=None, origin="ledger.test/xo"), parts)
    assert checked == ([note] if shown else [])


def test_a_log_is_trusted_by_our_trust_folder_and_by_what_our_register_shows_everyone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(arrivals, "trust_in", lambda *args: args)
    cases = SimpleNamespace(register=lambda reveal: "opened" if reveal else "sealed")
    journal: Any = SimpleNamespace(folder=SimpleNamespace(path=tmp_path), cases=cases)
    asked: Any = arrivals.trust_in_log(journal, ORIGIN)
    assert asked == (tmp_path / "trust", "sealed", ORIGIN)


# -- a bundle ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "keeps"), [((), True), (("KEY-SUSPECT",), True), (("KEY-SUSPECT", "NO-QUORUM"), False)]
)
def test_a_bundle_is_verified_again_against_what_is_known_and_its_register_is_kept_if_it_is_proven(
    codes: tuple[str, ...], keeps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, ilves = small(origin=ORIGIN)
    reasons = [Reason(code, "", "x") for code in codes]
    doubt = Verdict.INDETERMINATE if codes else Verdict.PASSED
    done: list[Any] = []
    report: Any = SimpleNamespace(reasons=reasons, verdict=doubt, exhibit=None, head=None, case=None)

    def verify(*args: Any, elsewhere: object = None, **more: Any) -> Any:
        done.append(("verify", elsewhere))
        return report

    monkeypatch.setattr(arrivals, "trust_in_log", lambda *_: "trust")
    monkeypatch.setattr(arrivals, "verify", verify)
    monkeypatch.setattr(arrivals, "_known", lambda *_: "known")
    for name in ("_hold", "_compare_ours"):
        monkeypatch.setattr(arrivals, name, lambda *_, name=name: done.append(name))
    monkeypatch.setattr(arrivals, "keep_register", lambda received, origin, theirs: done.append(sorted(theirs)))
    journal: Any = SimpleNamespace(origin="ledger.test/xo", now=lambda: NOW, received=None)
    found, _ = arrivals.from_bundle(journal, ledger.bundle(ilves), None, lambda _: None, anyway=True)
    assert [each.raw for each in found] == ledger.entries[3:]
    register = [[0, 1, 2]] if keeps else []
    assert done == [("verify", None), "_hold", ("verify", "known"), "_compare_ours", *register]
    if codes:
        with pytest.raises(RecordError):
            arrivals.from_bundle(journal, ledger.bundle(ilves), None, lambda _: None)
    report.exhibit = b"exhibit"
    monkeypatch.setattr(arrivals, "_convicted", lambda *_: LedgerError("SPLIT-VIEW", "convicted"))
    with pytest.raises(LedgerError, match="convicted"):
        arrivals.from_bundle(journal, ledger.bundle(ilves), None, lambda _: None, anyway=True)
