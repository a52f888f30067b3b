"""A received entry counts as its signer's act, no more than that, and only once."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.entries.case import Entry, Unread
from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, Signer, open_, seal
from ledger.entries.payload import Document
from ledger.entries.placement import registry_of
from ledger.entries.wrapped_entry import KIND, wrapper_id, wrapping, wrapping_crossed
from ledger.errors import RecordError
from ledger.facts import build
from ledger.tlog.tree import format_proof, prove_inclusion
from ledger.trust.trust_folder import Trust, parse_trust
from ledger.verify.other_records import counterparties
from ledger.verify.other_records.other_logs import OtherLogs
from ledger.verify.other_records.received_entries import ArrivedEntry
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Report, Verdict
from tests.support.memory_ledger import ISSUED, NOW, ORDER, SEALED, Hand, Ledger, checked, ends, hand, resealed, small

THERE, _ = small(origin="ledger.test/xv", log=hand("log xv"))
RAW = THERE.entries[4]
PROOF = format_proof(4, prove_inclusion(4, THERE.size, THERE.read), THERE.checkpoint())
NAME = sha256(RAW).hexdigest()
TEXTS = "".join(f"{d.text}\n" for d in THERE.held[4]).encode()
FILES = {NAME: RAW, f"{NAME}.tlog-proof": PROOF}
REGISTER = {THERE.origin: THERE.register()}


def received(check: str = "verifies", backs: str | None = None, **other: Any) -> tuple[Ledger, Hand]:
    """Make a ledger of one order that received another ledger's entry 4, an order-issued."""
    ledger, ilves = small()
    fact, place = wrapping(RAW, PROOF, check, backs)
    public = {name: getattr(fact, name) for name in ("origin", "index", "leaf", "envelope", "proof_check")}
    backed = {"backs": backs} if backs else {}
    said = {"origin": place.origin, "index": place.index, "leaf": place.leaf} | {
        "checkpoint_sha256": place.checkpoint_sha256
    }
    ledger.record(ilves, fact.kind, {**public, **backed}, order=ORDER, other=type(place)(**{**said, **other}))
    return ledger, ilves


def trusting(ledger: Ledger, there: Ledger = THERE) -> Trust:
    """Make the trust of a verifier that trusts both logs, each with its registrar."""
    folder = {**ledger.trust_files(), **{f"others/there/{name}": text for name, text in there.trust_files().items()}}
    return parse_trust(folder)


def judged(ledger: Ledger, by: Hand, audience: str = "CT", **more: Any) -> Report:
    """Verify a bundle that carries the other log's entry and register, under both logs' keys."""
    data = ledger.bundle(by, audience, **{"foreign": FILES, "others": REGISTER, **more})
    return checked(data, ledger, trust=trusting(ledger))


def found(report: Report) -> set[str]:
    return {remark.code for remark in report.procedure}


def arrived(report: Report) -> list[Entry]:
    assert report.case is not None
    return [e for e in report.case.entries if e.received is not None]


def test_it_stands_in_the_order_as_its_signers_act_where_it_arrived() -> None:
    ledger, ilves = received()
    report = judged(ledger, ilves)
    assert report.verdict is Verdict.PASSED
    (entry,) = arrived(report)
    assert (entry.kind, entry.speaks, entry.leaf, entry.by) == ("order-issued", "act", THERE.leaf(4), "ilves")
    assert (entry.order, entry.index) == (ORDER, ledger.size - 1)
    assert all(value in (Unread.WITHHELD, None) for value in entry.sealed.values())


def test_its_values_are_opened_by_what_travels_beside_it() -> None:
    ledger, ilves = received()
    report = judged(ledger, ilves, foreign={**FILES, f"{NAME}.txt": TEXTS})
    assert report.verdict is Verdict.PASSED
    (entry,) = arrived(report)
    assert entry.get("identifiers") == next(d.value for d in THERE.held[4] if d.name == "identifiers")
    assert "CMP-AUDIENCE" not in {r.code for r in report.procedure}
    leaked = judged(ledger, ilves, "NOT", foreign={**FILES, f"{NAME}.txt": TEXTS})
    assert "CMP-AUDIENCE" in {r.code for r in leaked.procedure}


@pytest.mark.parametrize(
    ("name", "texts", "code"),
    [
        (NAME, THERE.held[4][0].text[:-1].encode() + b"A\n", "SD-UNKNOWN"),
        ("ab" * 32, TEXTS, "SD-UNKNOWN"),
        (NAME, TEXTS * 2, "SD-DUP"),
        (NAME, b"", "SD-FORMAT"),
    ],
)
def test_what_opens_it_must_be_its_own(name: str, texts: bytes, code: str) -> None:
    ledger, ilves = received()
    ends(ledger.bundle(ilves, foreign={**FILES, f"{name}.txt": texts}), ledger, code, 13, f"foreign/{name}.txt")


def test_a_value_that_was_erased_here_is_told_from_one_withheld() -> None:
    ledger, ilves = received()
    gone = sorted(d.digest for d in THERE.held[4])
    said = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted", "digests": gone}
    ledger.record(ilves, "payload-key-destroyed", said, order=ORDER, role="ISS")
    (entry,) = arrived(judged(ledger, ilves))
    assert entry.erased("identifiers")


@pytest.mark.parametrize("check", ["verifies", "fails", "not-checked"])
def test_what_its_recipient_says_of_the_check_is_no_evidence(check: str) -> None:
    ledger, ilves = received(check)
    assert len(arrived(judged(ledger, ilves))) == 1
    untrusted = checked(ledger.bundle(ilves, foreign=FILES, others=REGISTER), ledger)
    assert (untrusted.verdict, arrived(untrusted), "ENT-UNPROVEN" in found(untrusted)) == (Verdict.PASSED, [], True)


def test_one_that_backs_an_entry_of_ours_is_not_counted_twice() -> None:
    ledger, ilves = received(backs=small()[0].leaf(4))
    report = judged(ledger, ilves)
    assert (report.verdict, arrived(report), "ENT-UNPROVEN" in found(report)) == (Verdict.PASSED, [], False)
    assert report.case is not None
    assert [e.proves for e in report.case.entries if e.proves] == [ledger.leaf(4)]


def test_an_acknowledgement_says_nothing_about_the_order() -> None:
    back, _ = received()
    raw, index = back.entries[-1], back.size - 1
    proof = format_proof(index, prove_inclusion(index, back.size, back.read), back.checkpoint())
    ledger, ilves = small(origin="ledger.test/nl", log=hand("log nl"))
    fact, other = wrapping(raw, proof, "verifies")
    public = {name: getattr(fact, name) for name in ("origin", "index", "leaf", "envelope", "proof_check")}
    ledger.record(ilves, fact.kind, public, order=ORDER, other=other)
    name = sha256(raw).hexdigest()
    report = checked(ledger.bundle(ilves, foreign={name: raw, f"{name}.tlog-proof": proof}), ledger)
    assert (report.verdict, arrived(report)) == (Verdict.PASSED, [])


def test_a_proof_under_another_head_than_the_one_named_is_a_mismatch() -> None:
    ledger, ilves = received(checkpoint_sha256="cd" * 32)
    report = judged(ledger, ilves)
    assert (report.verdict, arrived(report), "ENT-MISMATCH" in found(report)) == (Verdict.PASSED, [], True)


def test_a_trust_folder_may_say_whom_one_trusts_about_other_records() -> None:
    ledger, ilves = received()
    data = ledger.bundle(ilves, foreign=FILES, others=REGISTER)
    lacks = "no key of it is trusted"
    assert any(lacks in says for says in checked(data, ledger).not_proven)
    report = checked(data, ledger, trust=trusting(ledger))
    assert report.verdict is Verdict.PASSED
    assert not any(lacks in says for says in report.not_proven)
    assert len(arrived(report)) == 1
    stranger = Ledger(origin=THERE.origin, log=hand("somebody else"))
    wrong = checked(data, ledger, trust=trusting(ledger, stranger))
    assert (wrong.verdict, arrived(wrong), "ENT-MISMATCH" in found(wrong)) == (Verdict.PASSED, [], True)


def test_another_record_cannot_speak_in_the_name_of_an_office_here() -> None:
    there = Ledger(origin="ledger.test/xv", log=hand("log xv"))
    other = there.enrol("ilves", "XO", "ISS", "VAL", key="of somebody else")
    there.record(other, "order-issued", ISSUED, SEALED, order=ORDER)
    raw, place = there.entries[-1], there.size - 1
    proof = format_proof(place, prove_inclusion(place, there.size, there.read), there.checkpoint())
    ledger, ilves = small()
    fact, named = wrapping(raw, proof, "verifies")
    public = {name: getattr(fact, name) for name in ("origin", "index", "leaf", "envelope", "proof_check")}
    ledger.record(ilves, fact.kind, public, order=ORDER, other=named)
    name = sha256(raw).hexdigest()
    report = checked(ledger.bundle(ilves, foreign={name: raw, f"{name}.tlog-proof": proof}), ledger)
    assert (report.verdict, arrived(report)) == (Verdict.PASSED, [])


# -- entries that crossed ----------------------------------------------------------------------------------------------


def crossed(by: Hand, ledger: Ledger) -> OpenedEntry:
    """Seal an entry after the ledger's second-last entry, so that it arrives too late."""
    place = EntryPlace(ledger.origin, ORDER, 2, ledger.leaf(3), "2AP-7")
    fact = build("order-transmitted", {"addressee": "skylark", "channel": "mail"}, {})
    signer: Signer = by.signer("ISS")
    said = Circumstances(ledger.clock, ledger.clock)
    return open_(seal(fact, place, signer, said, "ee" * 16, ledger.salt).raw)


@pytest.mark.parametrize(("who", "counts"), [("ilves", True), ("nobody", False)])
def test_a_letter_that_crossed_counts_if_its_key_could_sign_here(who: str, counts: bool) -> None:
    ledger, ilves = small()
    opened = crossed(hand(who), ledger)
    fact = wrapping_crossed(opened.raw, ledger.size)
    public = {name: getattr(fact, name) for name in ("origin", "index", "leaf", "envelope", "proof_check")}
    ledger.record(ilves, fact.kind, public, order=ORDER)
    report = checked(ledger.bundle(ilves, foreign={sha256(opened.raw).hexdigest(): opened.raw}), ledger)
    assert report.verdict is Verdict.PASSED
    assert [e.kind for e in arrived(report)] == (["order-transmitted"] if counts else [])


def test_one_place_of_another_log_is_wrapped_under_one_id() -> None:
    assert wrapper_id(THERE.origin, 4) == wrapper_id(THERE.origin, 4)
    assert len({wrapper_id(o, n) for o in ("a.example/x", "b.example/x") for n in (1, 2)}) == 4


# -- a log that succeeds another ---------------------------------------------------------------------------------------


def succeeded(
    note: bytes, late: bool = False, named: bool = True, **said: Any
) -> tuple[Ledger, Hand, dict[str, bytes]]:
    """Make a ledger whose register begins with the preceding log, whose last head is `note`."""
    origin, size, root = note.decode().split("\n")[:3]
    public = {"predecessor": origin, "size": int(size), "root": b64decode(root).hex(), "cause": "lost-storage", **said}
    name = sha256(note).hexdigest()
    documents = (Document("predecessor-head", "text/plain", len(note), name),) if named else ()
    ledger = Ledger(origin="ledger.test/xo/2")
    if not late:
        ledger.record(ledger.keeper, "log-succeeded", public, documents=documents)
    ilves = ledger.enrol("ilves", "XO", "ISS", "VAL")
    if late:
        ledger.record(ledger.keeper, "log-succeeded", public, documents=documents)
    ledger.record(ilves, "order-issued", ISSUED, SEALED, order=ORDER)
    return ledger, ilves, {name: note} if named else {}


OLD = small()[0]


def test_a_successor_says_with_how_many_entries_the_log_before_it_ended_and_who_says_so() -> None:
    ledger, ilves, foreign = succeeded(OLD.checkpoint(4))
    own = {"policy": ledger.policy(), "registrar": f"registrar XO {ledger.keeper.key}\n".encode()}
    trust = parse_trust({**own, "others/old/policy": OLD.policy()})
    report = checked(ledger.bundle(ilves, foreign=foreign), ledger, trust=trust)
    says = f"{OLD.origin} ended with 4 entries and holds none behind them: registrar of XO signs that."
    assert OLD.size == 5
    assert report.verdict is Verdict.PASSED
    assert f"CMP-PREDECESSOR: that {says}" in report.not_proven


def test_a_successor_names_the_last_head_of_the_log_before_it() -> None:
    ledger, ilves, foreign = succeeded(OLD.checkpoint())
    report = checked(ledger.bundle(ilves, foreign=foreign), ledger)
    assert report.verdict is Verdict.PASSED
    assert any("ended in the state it is said to have ended with" in says for says in report.not_proven)
    own = {"policy": ledger.policy(), "registrar": f"registrar XO {ledger.keeper.key}\n".encode()}
    trust = parse_trust({**own, "others/old/policy": OLD.policy()})
    report = checked(ledger.bundle(ilves, foreign=foreign), ledger, trust=trust)
    assert report.verdict is Verdict.PASSED
    assert not any("said to have ended with" in says for says in report.not_proven)
    ledger, ilves, _ = succeeded(OLD.checkpoint(), named=False)
    assert any("its head is not here" in says for says in checked(ledger.bundle(ilves), ledger).not_proven)


@pytest.mark.parametrize(
    "said",
    [{"root": "ab" * 32}, {"size": 4}, {"predecessor": "ledger.test/xo/other"}, {"predecessor": "ledger.test/xo/2"}],
)
def test_a_successor_that_says_otherwise_than_that_head_is_no_successor(said: dict[str, Any]) -> None:
    ledger, ilves, foreign = succeeded(OLD.checkpoint(), **said)
    ends(ledger.bundle(ilves, foreign=foreign), ledger, "CTX-SUCCESSOR", 15, "entry 0")


def test_nothing_later_in_a_register_can_name_a_log_before_it() -> None:
    ledger, ilves, foreign = succeeded(OLD.checkpoint(), late=True)
    ends(ledger.bundle(ilves, foreign=foreign), ledger, "CTX-SUCCESSOR", 15, "entry 3")


def test_a_head_that_the_old_log_did_not_sign_makes_no_successor() -> None:
    forged = Ledger(origin=OLD.origin, log=hand("somebody else"), entries=[])
    for raw in OLD.entries:
        forged.append(raw)
    ledger, ilves, foreign = succeeded(forged.checkpoint())
    own = {"policy": ledger.policy(), "registrar": f"registrar XO {ledger.keeper.key}\n".encode()}
    trust = parse_trust({**own, "others/old/policy": OLD.policy()})
    data = ledger.bundle(ilves, foreign=foreign)
    assert checked(data, ledger, trust=trust).reasons[0].code == "CTX-SUCCESSOR"


def test_what_is_wrapped_is_looked_at_whether_it_counts_or_not() -> None:
    """The wrapped entry has an unknown kind and a text that may no longer be signed."""

    def change(payload: dict[str, Any]) -> None:
        payload["public"]["case_ref"] = "a\U0001e08f\u0323"
        payload.update(kind="order-of-tomorrow", seq=3, prev=THERE.leaf(4), entry="ab" * 16)

    there, by = small(origin="ledger.test/xv", log=hand("log xv"))
    index = there.append(resealed(there.entries[4], change, by))
    raw = there.entries[index]
    proof = format_proof(index, prove_inclusion(index, there.size, there.read), there.checkpoint())
    name = sha256(raw).hexdigest()
    for check in ("verifies", "fails"):
        ledger, ilves = small()
        fact, place = wrapping(raw, proof, check)
        public = {name: getattr(fact, name) for name in ("origin", "index", "leaf", "envelope", "proof_check")}
        ledger.record(ilves, fact.kind, public, order=ORDER, other=place)
        data = ledger.bundle(
            ilves, foreign={name: raw, f"{name}.tlog-proof": proof}, others={there.origin: there.register()}
        )
        report = checked(data, ledger, trust=trusting(ledger, there))
        on_it = {remark.code for remark in report.procedure if there.leaf(index) in remark.entries}
        assert {"G-UNKNOWN-KIND", "TEXT-UNASSIGNED"} <= on_it


# -- each sentence on its own ------------------------------------------------------------------------------------------

HERE, ELSEWHERE = "ledger.test/xo/karsk", "ledger.test/other"


def inner(log: str = ELSEWHERE, actor: str = "their signer") -> Any:
    return SimpleNamespace(payload=SimpleNamespace(log=log, signer=SimpleNamespace(actor=actor)))


def wrapping_at(index: int, **more: Any) -> ArrivedEntry:
    public = {"index": index + 100, "origin": ELSEWHERE}
    wrapper: Any = SimpleNamespace(leaf=f"leaf {index}", payload=SimpleNamespace(public=public, log=HERE))
    return ArrivedEntry(index, wrapper, **more)


def sentences(monkeypatch: pytest.MonkeyPatch, *ones: ArrivedEntry, sizes: Any = ()) -> VerificationLog:
    """Return what is said of these wrapped entries; `sizes` are those of the registers that are here, by log."""
    noted: list[Any] = []
    monkeypatch.setattr(counterparties, "arrived", lambda *_: iter(ones))
    monkeypatch.setattr(counterparties, "note_texts", lambda entry, book: noted.append(entry))
    logs: Any = SimpleNamespace(register_size=lambda origin: dict(sizes).get(origin, 0))
    book, nothing = VerificationLog(), None
    assert list(counterparties.check_arrived({}, {}, nothing, logs, book)) == list(ones)  # type: ignore[arg-type]
    assert noted == [one.inner for one in ones if one.inner is not None]
    return book


def test_a_false_an_absent_and_an_unproven_entry_are_findings_on_their_wrappers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = sentences(
        monkeypatch,
        wrapping_at(1, inner=inner(), code="ENT-MISMATCH", says="it is false"),
        wrapping_at(2, code="ENT-ABSENT", says="it is absent"),
        wrapping_at(3, inner=inner(), code="ENT-UNPROVEN", says="no proof"),
        wrapping_at(4, code="ENT-UNPROVEN", says="no proof"),
        wrapping_at(5, inner=inner(), act=True),
    )
    said = f"wraps entry 10{{}} of {ELSEWHERE}: "
    assert [(r.code, r.level, r.entries) for r in book.remarks] == [
        ("ENT-MISMATCH", "V", ("leaf 1",)),
        ("ENT-ABSENT", "W", ("leaf 2",)),
        ("ENT-UNPROVEN", "W", ("leaf 3",)),
        ("ENT-UNPROVEN", "W", ("leaf 4",)),
    ]
    assert book.remarks[0].says == f"entry 1 {said.format(1)}it is false"
    assert book.not_proven == [
        f"That their signer is the author of what entry 3 {said.format(3)}no proof.",
        f"That its signer is the author of what entry 4 {said.format(4)}no proof.",
    ]
    assert book.detail == "1 entry of other records"


def test_fields_that_could_not_be_compared_are_named_unless_something_graver_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = {"inner": inner(), "closed": ("identifiers", "deadline")}
    book = sentences(monkeypatch, wrapping_at(1, **closed), wrapping_at(2, code="ENT-ABSENT", **closed))
    assert book.not_proven == [
        "That what entry 1 wraps and what it backs say the same of identifiers, deadline: closed."
    ]
    assert book.detail == "1 entry of other records"


def test_where_the_register_of_another_log_ends_is_said_once_for_each_log(monkeypatch: pytest.MonkeyPatch) -> None:
    ones = [wrapping_at(n, inner=inner(log)) for n, log in enumerate(("b", "a", "b", HERE, "unknown"))]
    ones += [wrapping_at(8, inner=inner("c"), code="ENT-UNPROVEN"), wrapping_at(9)]
    book = sentences(monkeypatch, *ones, sizes={"a": 3, "b": 4, "c": 5, HERE: 6})
    said = [line for line in book.not_proven if line.startswith("CMP-REGISTER")]
    assert [line.partition(" in the register of ")[2] for line in said] == [
        "a behind its entry 3.",
        "b behind its entry 4.",
    ]
    assert book.detail == "6 entries of other records"


RAW_THERE = THERE.entries[4]
LEAF_THERE = THERE.leaf(4)


def referring(leaf: str = LEAF_THERE, origin: str = THERE.origin, **more: Any) -> Any:
    other = SimpleNamespace(index=4, origin=origin, leaf=leaf)
    base = {"other": other, "kind": "order-issued", "schema": 1, "order": ORDER, "log": HERE, **more}
    return SimpleNamespace(leaf="leaf 7", payload=SimpleNamespace(**base))


def references(
    entry: Any, foreign: dict[str, bytes], trust: Trust | None = None
) -> tuple[list[tuple[str, str]], list[str]]:
    book = VerificationLog()
    logs = OtherLogs([trust or THERE.trust()], {}, NOW)
    counterparties.check_references({7: entry}, foreign, logs, book)
    assert all(remark.entries == ("leaf 7",) for remark in book.remarks)
    return [(remark.code, remark.says.partition(THERE.origin)[2]) for remark in book.remarks], book.not_proven


def test_a_reference_to_an_entry_of_another_record_is_checked_against_it() -> None:
    assert references(referring(), FILES) == ([], [])
    assert references(referring(), {}) == ([("ENT-ABSENT", ", which is not here")], [])
    assert references(referring(), {f"{NAME}.txt": RAW_THERE}) == ([("ENT-ABSENT", ", which is not here")], [])
    findings, lacks = references(referring(), {NAME: RAW_THERE})
    assert (findings, [line.rpartition(": not proven is ")[2] for line in lacks]) == (
        [],
        [f"that it stands in the log {THERE.origin}: no proof from there is here."],
    )
    ((code, says),), _ = references(referring(), {**FILES, f"{NAME}.tlog-proof": THERE.proof(3)})
    assert (code, says[:29]) == ("ENT-MISMATCH", ", and it is not so: PRF-INDEX")


def test_a_reference_names_the_log_for_which_the_entry_was_sealed() -> None:
    book = VerificationLog()
    counterparties.check_references({7: referring(origin=ELSEWHERE)}, FILES, OtherLogs([THERE.trust()], {}, NOW), book)
    assert [(r.code, r.level) for r in book.remarks] == [("ENT-MISMATCH", "V")]
    assert book.remarks[0].says.endswith(f"CTX-LOG it was sealed for {THERE.origin}, not for {ELSEWHERE}")


def test_references_are_checked_with_the_wrapped_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counterparties, "arrived", lambda *_: iter(()))
    book, here = VerificationLog(), None
    logs = OtherLogs([], {}, NOW)
    assert list(counterparties.check_arrived({7: referring()}, {}, here, logs, book)) == []  # type: ignore[arg-type]
    assert [(remark.code, remark.entries) for remark in book.remarks] == [("ENT-ABSENT", ("leaf 7",))]
    assert book.detail == "0 entries of other records"


def test_wrappers_and_entries_of_the_register_are_not_checked_for_a_reference() -> None:
    nothing: tuple[list[tuple[str, str]], list[str]] = ([], [])
    assert references(referring(other=None), {}) == nothing
    assert references(referring(kind=KIND), {}) == nothing
    assert references(referring(order=registry_of(HERE)), {}) == nothing
    assert references(referring(kind=KIND, schema=99), {}) != nothing


HEAD_THERE = THERE.checkpoint()
HEAD_NAME = sha256(HEAD_THERE).hexdigest()


def succeeding(seq: int = 1, size: int = THERE.size, **more: Any) -> Any:
    root = THERE.checkpoint().split(b"\n")[2]
    public = {"predecessor": THERE.origin, "size": size, "root": b64decode(root).hex(), **more}
    signer = SimpleNamespace(actor="registrar", party="XO")
    base = {"kind": "log-succeeded", "schema": 1, "seq": seq, "log": HERE, "public": public, "signer": signer}
    return SimpleNamespace(payload=SimpleNamespace(documents=[SimpleNamespace(sha256=HEAD_NAME)], **base))


ENDED = (
    f"CMP-PREDECESSOR: that {THERE.origin} ended with {THERE.size} entries and holds none behind them: "
    "registrar of XO signs that."
)


def said_of_successor(entry: Any, foreign: dict[str, bytes], trust: Trust | None = None) -> list[str]:
    book = VerificationLog()
    logs = OtherLogs([trust] if trust else [], {}, NOW)
    counterparties.check_successor({0: entry}, foreign, logs, book)
    return book.not_proven


def test_a_log_that_succeeds_another_is_checked_against_its_last_head() -> None:
    here = {HEAD_NAME: HEAD_THERE}
    assert said_of_successor(succeeding(), here, THERE.trust()) == [ENDED]
    ended, line = said_of_successor(succeeding(), here)
    assert ended == ENDED
    assert line.startswith(f"That {THERE.origin} ended in the state it is said to have ended with: that ")
    assert said_of_successor(succeeding(), {}, THERE.trust()) == [
        ENDED,
        f"What {THERE.origin} was when this log took its place: its head is not here.",
    ]
    entry = succeeding(seq=2)
    entry.payload.kind = "order-issued"
    assert said_of_successor(entry, {}) == []
    entry = succeeding(seq=2)
    entry.payload.schema = 99
    assert said_of_successor(entry, {}) == []


@pytest.mark.parametrize(
    "entry",
    [succeeding(seq=2), succeeding(predecessor=HERE), succeeding(size=4), succeeding(root="00" * 32)],
    ids=["not the first entry", "the log itself", "another size", "another root"],
)
def test_a_false_predecessor_is_refused_at_its_entry(entry: Any) -> None:
    with pytest.raises(RecordError, match="CTX-SUCCESSOR") as refused:
        said_of_successor(entry, {HEAD_NAME: HEAD_THERE}, THERE.trust())
    assert refused.value.where == "entry 0"


@pytest.mark.parametrize("entry", [succeeding(seq=2), succeeding(predecessor=HERE)])
def test_only_the_first_entry_of_a_register_names_a_log_before_it_and_another_one(entry: Any) -> None:
    with pytest.raises(RecordError, match="only the first entry of a register names another log before it"):
        said_of_successor(entry, {})
