"""The result of a ledger: its verdict, whose head it is, and what the law finds in its orders without sealed values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from cli.audits import ask_ledger
from cli.audits.ask_ledger import (
    UNTRUSTED,
    _handed,
    _judged,
    _policy_and_registrar,
    _published,
    _result,
    _Verified,
    _witnesses,
    compare_observers,
)
from ledger.application.audits.results import (
    LISTED,
    AuditedLedger,
    AuditTask,
    AuditVerdict,
    DutyCount,
    FoundCode,
    OverdueDuty,
    ViewsTask,
    WitnessCount,
)
from ledger.application.audits.seen_heads import SeenHeads
from ledger.errors import LedgerError, RecordError
from ledger.verify.claims import TEST
from ledger.verify.report import Reason, Remark, Report, Verdict

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
LOG = "ledger.example/karsk"
HEAD: Any = SimpleNamespace(
    checkpoint=SimpleNamespace(size=9, root=b"\xab" * 32), note=b"the note", cosignatures=[("w1", 5), ("w2", 6)]
)
POLICY: Any = SimpleNamespace(
    logs=[SimpleNamespace(name="x"), SimpleNamespace(name=LOG)], names=set, voters=lambda: {"w2", "w3", "w4"},
    met=lambda names: names == {"w1", "w2"},
)  # fmt: skip
TRUST: Any = SimpleNamespace(policy=POLICY, registrar="registrar", raw=b"policy")
ORDERS = ask_ledger._orders
SEEN = SeenHeads(HEAD, NOW - timedelta(hours=3), [], [], [], 2)


def report(verdict: Verdict = Verdict.PASSED, **more: Any) -> Report:
    plain: dict[str, Any] = {
        "reasons": (), "steps": (), "entries": 8, "signatures": 7, "not_proven": (), "brackets": (), "procedure": (),
        "head": HEAD, "not_covered": 1,
    }  # fmt: skip
    return Report(verdict, **{**plain, **more})


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditTask:
    @contextmanager
    def orders(asked: AuditTask, verified: _Verified) -> Iterator[None]:
        yield None

    monkeypatch.setattr(ask_ledger, "_orders", orders)
    return AuditTask(str(tmp_path), (), str(tmp_path / "state"), NOW, NOW - timedelta(days=1), holder="Karsk")


def verified(
    verdict: Verdict = Verdict.PASSED, seen: SeenHeads | None = SEEN, trust: Any = TRUST, rests: int = 0, **more: Any
) -> _Verified:
    return _Verified(LOG, report(verdict, **more), seen, trust, rests=rests)


def test_a_ledger_that_passed_has_every_number(task: AuditTask) -> None:
    done = _result(task, verified(procedure=(Remark("V-CODE", "V", "says"),)))
    one = done.ledger
    assert (one.place, one.log, one.holder, one.verdict) == (task.place, LOG, "Karsk", AuditVerdict.PASSED)
    assert (one.size, one.root, one.entries, one.signatures, one.not_covered) == (9, "ab" * 32, 8, 7, 1)
    assert (one.head_at, one.head_by) == (SEEN.first_seen, "auditor")
    assert (one.trusted, one.test, one.judged, one.rests) == (True, False, False, 0)
    assert one.witnesses == WitnessCount(1, 3, met=True, remember=2)
    assert (one.reasons, one.remarks) == ([], ["V-CODE says"])
    assert (done.note, done.points) == ("the note", [])


def test_a_witness_dates_the_head_before_the_auditor_does(task: AuditTask) -> None:
    one = _result(task, verified(head_seen=NOW)).ledger
    assert (one.head_at, one.head_by) == (NOW, "witness")
    one = _result(task, verified(seen=None)).ledger
    assert (one.head_at, one.head_by) == (None, "")


DOUBT, WRONG = Reason("CP-QUORUM", "", "too few"), Reason("SPLIT-VIEW", "", "two trees")


@pytest.mark.parametrize(
    ("said", "verdict", "codes"),
    [
        (verified(), AuditVerdict.PASSED, []),
        (verified(rests=3), AuditVerdict.CONTINUED, []),
        (verified(trust=None, rests=3), AuditVerdict.INDETERMINATE, []),
        (verified(reasons=(DOUBT,)), AuditVerdict.INDETERMINATE, ["CP-QUORUM"]),
        (verified(seen=replace(SEEN, doubts=[DOUBT]), rests=3), AuditVerdict.INDETERMINATE, ["CP-QUORUM"]),
        (verified(seen=replace(SEEN, wrong=[WRONG])), AuditVerdict.FAILED, ["SPLIT-VIEW"]),
        (verified(Verdict.FAILED, reasons=(WRONG,), rests=3), AuditVerdict.FAILED, ["SPLIT-VIEW"]),
        (verified(Verdict.INDETERMINATE, rests=3), AuditVerdict.INDETERMINATE, []),
        (
            verified(seen=replace(SEEN, wrong=[WRONG], doubts=[DOUBT]), reasons=(Reason("KEY-SUSPECT", "", ""),)),
            AuditVerdict.FAILED,
            ["SPLIT-VIEW", "KEY-SUSPECT", "CP-QUORUM"],
        ),
    ],
)
def test_a_ledger_passes_under_trust_from_outside_without_a_reason_against_it(
    said: _Verified, verdict: AuditVerdict, codes: list[str], task: AuditTask
) -> None:
    one = _result(task, said).ledger
    assert (one.verdict, [reason.code for reason in one.reasons]) == (verdict, codes)


def test_what_is_not_known_is_said(task: AuditTask) -> None:
    one = _result(task, verified(trust=None, seen=None, head=None))
    assert (one.ledger.trusted, one.ledger.size, one.ledger.root, one.ledger.witnesses) == (False, None, None, None)
    assert (one.ledger.remarks, one.note) == ([UNTRUSTED], "")
    assert _result(task, verified(trust=None)).note == "", "a head that no trust opens is compared with no other"
    remarks = tuple(Remark(f"C{n}", "V", "says") for n in range(LISTED + 1))
    seen = replace(SEEN, unreachable=[Reason("HTTP-SILENT", "w", "no answer")])
    said = _result(task, verified(seen=seen, procedure=remarks)).ledger.remarks
    assert said == ["HTTP-SILENT no answer", *(f"C{n} says" for n in range(LISTED))]


def test_a_test_ledger_is_marked_by_its_report_or_its_folder(task: AuditTask) -> None:
    assert _result(task, verified(not_proven=("other", TEST))).ledger.test
    (Path(task.place) / "TEST").touch()
    assert _result(task, verified()).ledger.test
    copied = _Verified(LOG, report(), SEEN, TRUST, Path(task.place) / "entries.db")
    assert not _result(task, copied).ledger.test, "a published log has no such file"


def test_the_orders_of_a_ledger_that_failed_are_not_judged(task: AuditTask, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def orders(asked: AuditTask, verified: _Verified) -> Iterator[str]:
        yield "cases"

    monkeypatch.setattr(ask_ledger, "_orders", orders)
    monkeypatch.setattr(ask_ledger, "_judged", lambda one, note, cases, now: (one.verdict, note, cases, now))
    judged: Any = _result(task, verified())
    assert judged == (AuditVerdict.PASSED, "the note", "cases", task.as_of)
    failed = _result(task, verified(Verdict.FAILED))
    assert (failed.ledger.verdict, failed.note) == (AuditVerdict.FAILED, "the note")


def test_witnesses_are_counted_under_trust_and_a_head(task: AuditTask) -> None:
    assert _witnesses(report(), None, SEEN) is None
    assert _witnesses(report(head=None), TRUST, SEEN) is None
    assert _witnesses(report(), TRUST, None) == WitnessCount(1, 3, met=True, remember=0)


# -- the law -----------------------------------------------------------------------------------------------------------


def finding(level: str, code: str) -> Any:
    return SimpleNamespace(level=SimpleNamespace(value=level), code=code)


def duty(name: str, left: int | None, end: datetime | None = NOW) -> Any:
    over = left is not None and left <= 0
    return SimpleNamespace(left=left, over=over, clock=SimpleNamespace(id=name, due=end))


def test_findings_and_duties_of_all_orders_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    findings: dict[str, list[Any]] = {
        "a": [finding("V", "V-1"), finding("V", "V-1"), finding("G", "G-1"), finding("W", "W-2")],
        "b": [finding("W", "W-1"), finding("V", "V-1"), finding("W", "W-2")],
        **{f"c{n}": [finding("G", "G-1")] for n in range(LISTED)},
    }
    duties = {
        "a": [duty("D-1", 5), duty("D-2", -1), duty("D-3", None)],
        "b": [duty("D-2", 0, NOW - timedelta(days=1)), duty("D-4", -1, None)],
    }
    refs: dict[str, Any] = {"a": "PPO-1", "b": 7}

    def case(order: str, *, reveal: bool) -> Any:
        assert not reveal
        issued = SimpleNamespace(kind="order-issued", get={"reference": refs.get(order)}.get)
        entries = (SimpleNamespace(kind="order-received", get={}.get), issued) if order in refs else ()
        return SimpleNamespace(order=order, entries=entries)

    monkeypatch.setattr(
        ask_ledger, "judge", lambda case, now: SimpleNamespace(findings=findings[case.order], order=case.order)
    )
    monkeypatch.setattr(ask_ledger, "due", lambda judgement, now: duties.get(judgement.order, []))
    cases: Any = SimpleNamespace(orders=lambda: iter(findings), case=case)
    plain = AuditedLedger("/a", LOG, "", AuditVerdict.PASSED, [], trusted=True)
    done = _judged(plain, "note", cases, NOW)
    one = done.ledger
    assert (one.judged, one.orders, done.note) == (True, len(findings), "note")
    assert one.findings == [
        FoundCode("V-1", "V", 2, ["a", "b"]),
        FoundCode("W-2", "W", 2, ["a", "b"]),
        FoundCode("W-1", "W", 1, ["b"]),
        FoundCode("G-1", "G", LISTED + 1, ["a", *(f"c{n}" for n in range(LISTED - 1))]),
    ]
    assert one.duties == DutyCount(
        5, 2, 1,
        [OverdueDuty("b", None, "D-2", NOW - timedelta(days=1)), OverdueDuty("a", "PPO-1", "D-2", NOW)],
    )  # fmt: skip
    assert done.points == ["D-2 a", "D-2 b", "V-1 a", "V-1 b", "W-1 b", "W-2 a", "W-2 b"]


# -- whose trust -------------------------------------------------------------------------------------------------------


def test_orders_are_read_under_the_trust_of_the_auditor_else_of_the_folder(
    task: AuditTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: Any = _policy_and_registrar(task, verified())
    assert held == (POLICY, "registrar")
    nobody: Any = SimpleNamespace(policy=POLICY, registrar=None)
    monkeypatch.setattr(ask_ledger, "parse_policy", lambda data: f"policy {data!r}")

    def registrar(data: bytes) -> str:
        if data == b"wrong":
            raise RecordError("TRUST-FORMAT", "no registrar")
        return f"registrar {data!r}"

    monkeypatch.setattr(ask_ledger, "parse_registrar", registrar)
    folder = Path(task.place) / "trust"
    for trust in (None, nobody):
        assert _policy_and_registrar(task, verified(trust=trust)) is None
    folder.mkdir()
    (folder / "policy").write_bytes(b"p")
    assert _policy_and_registrar(task, verified(trust=None)) is None
    (folder / "registrar").write_bytes(b"r")
    found: Any = _policy_and_registrar(task, verified(trust=nobody))
    assert found == ("policy b'p'", "registrar b'r'")
    copied = _Verified(LOG, report(), SEEN, None, Path("entries.db"))
    assert _policy_and_registrar(task, copied) is None, "a published log brings no registrar"
    (folder / "registrar").write_bytes(b"wrong")
    assert _policy_and_registrar(task, verified(trust=None)) is None


@pytest.mark.parametrize("copied", [False, True])
def test_the_orders_of_a_copy_are_read_in_its_folder(
    copied: bool, task: AuditTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    @contextmanager
    def handed(*given: Any, **more: Any) -> Iterator[str]:
        asked.append((*given, more))
        yield "cases"

    monkeypatch.setattr(ask_ledger, "_orders", ORDERS)
    monkeypatch.setattr(ask_ledger, "handed_orders", handed)
    entries = Path(task.state) / "entries.db" if copied else None
    with ask_ledger._orders(task, _Verified(LOG, report(), SEEN, TRUST, entries)) as cases:
        shown: Any = cases
    assert shown == "cases"
    folder = Path(task.state if copied else task.place)
    assert asked == [(folder, POLICY, "registrar", task.as_of, {"entries": entries, "store": ""})]
    with ask_ledger._orders(task, _Verified(LOG, report(), SEEN, None, entries)) as cases:
        assert cases is None
    assert len(asked) == 1


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trust", "verdict", "head", "store", "compares"),
    [
        (TRUST, Verdict.PASSED, HEAD, "", True),
        (TRUST, Verdict.INDETERMINATE, HEAD, "", True),
        (TRUST, Verdict.FAILED, HEAD, "", False),
        (TRUST, Verdict.PASSED, None, "", False),
        (TRUST, Verdict.PASSED, HEAD, "postgresql://x", False),
        (None, Verdict.PASSED, HEAD, "", False),
    ],
)
def test_the_head_of_a_folder_is_compared_with_those_seen_before_under_trust(
    trust: Any,
    verdict: Verdict,
    head: Any,
    store: str,
    compares: bool,
    task: AuditTask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[Any] = []

    @contextmanager
    def reading(place: str) -> Iterator[str]:
        yield "fetch"

    def verify(path: Path, held: Any, anchor: None, now: datetime, *, store: str, walk: Any) -> Report:
        said.append((path, held, anchor, now, store))
        return report(verdict, head=head)

    def compare(*given: Any, ask: bool) -> SeenHeads:
        said.append((*given, ask))
        return SEEN

    monkeypatch.setattr(ask_ledger, "reading", reading)
    monkeypatch.setattr(ask_ledger, "verify_folder", verify)
    monkeypatch.setattr(ask_ledger, "compare_heads", compare)
    asked = replace(task, store=store, ask=False)
    found = _handed(asked, LOG, trust)
    assert isinstance(found, _Verified)
    assert (found.log, found.seen, found.trust, found.entries, found.rests) == (
        LOG, SEEN if compares else None, trust, None, 0,
    )  # fmt: skip
    assert said[0] == (Path(task.place), trust, None, NOW, store)
    compared = (task.place, "fetch", trust, LOG, Path(task.state), NOW, False)
    assert said[1:] == ([compared] if compares else [])


def published(task: AuditTask, monkeypatch: pytest.MonkeyPatch, seen: SeenHeads, trust: Any = TRUST) -> Any:
    monkeypatch.setattr(ask_ledger, "source", lambda place: f"fetch of {place}")
    monkeypatch.setattr(ask_ledger, "compare_heads", lambda *given, ask: seen)
    return _published(task, LOG, trust)


def test_a_published_log_without_trust_is_not_read(task: AuditTask, monkeypatch: pytest.MonkeyPatch) -> None:
    one = published(task, monkeypatch, SEEN, None).ledger
    assert (one.place, one.log, one.holder, one.trusted) == (task.place, LOG, "Karsk", False)
    assert (one.verdict, one.reasons[0].code, one.reasons[0].where) == (
        AuditVerdict.INDETERMINATE, "NO_TRUST_ANCHOR", "",
    )  # fmt: skip


def test_a_published_log_without_a_head_has_failed_or_was_not_read(
    task: AuditTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Reason("LOG-UNREACHABLE", "checkpoint", "no answer")
    headless = replace(SEEN, head=None, unreachable=[silent])
    unread = published(task, monkeypatch, headless).ledger
    assert (unread.verdict, unread.reasons, unread.log) == (AuditVerdict.NOT_READ, [silent], LOG)
    failed = published(task, monkeypatch, replace(headless, wrong=[WRONG])).ledger
    assert (failed.verdict, failed.reasons, failed.trusted) == (AuditVerdict.FAILED, [WRONG], False)


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        *((LedgerError(code, "no"), True) for code in ("LOG-UNREACHABLE", "HTTP-SILENT", "NO-HTTP")),
        *((LedgerError(code, "no"), True) for code in ("DISK-ERROR", "DISK-FULL")),
        (LedgerError("LOG-CORRUPT", "no"), False),
        (RecordError("LOG-TILE", "no", where="tile/0"), False),
    ],
)
def test_entries_that_are_not_those_of_the_head_have_failed_and_what_cannot_be_fetched_has_not(
    fault: RecordError | LedgerError, raised: bool, task: AuditTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copies(*given: Any) -> Path:
        raise fault

    monkeypatch.setattr(ask_ledger, "copy_entries", copies)
    if raised:
        with pytest.raises(LedgerError):
            published(task, monkeypatch, SEEN)
        return
    one = published(task, monkeypatch, SEEN).ledger
    where = getattr(fault, "where", "")
    assert (one.verdict, one.reasons) == (AuditVerdict.FAILED, [Reason(fault.code, where, "no")])


def test_a_published_log_is_verified_by_a_copy_of_its_entries(task: AuditTask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def verify(files: Any, *given: Any, **more: Any) -> Report:
        asked.append((files.of, files.origin, files.place, files.checkpoint, files.policy, *given))
        return report()

    monkeypatch.setattr(ask_ledger, "copy_entries", lambda state, fetch, head: state / "entries.db")
    monkeypatch.setattr(ask_ledger, "verify_log", verify)
    found = published(task, monkeypatch, SEEN)
    entries = Path(task.state) / "entries.db"
    assert asked == [("log", LOG, entries, b"the note", b"policy", TRUST, None, NOW)]
    assert (found.log, found.seen, found.trust, found.entries, found.rests) == (LOG, SEEN, TRUST, entries, 0)


# -- observers ---------------------------------------------------------------------------------------------------------


def test_each_observer_whose_head_contradicts_the_largest_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def open_checkpoint(note: bytes, origin: str, keys: Any, witnesses: Any, *, mldsa: Any) -> str:
        opened.append((note, origin, [key.name for key in keys], witnesses))
        if note == b"forged":
            raise RecordError("CP-SIG", "no signature of the log")
        return note.decode()

    @contextmanager
    def reading(place: str) -> Iterator[str]:
        if not place:
            raise LedgerError("NO-LEDGER", "gone")
        yield f"fetch of {place}"

    def compare(head: str, other: str, *given: Any) -> str:
        assert (head, given) == ("large", ("fetch of /a", TRUST, LOG, tmp_path / "evidence"))
        if other == "split":
            raise LedgerError("SPLIT-VIEW", "two trees")
        return "it cannot be shown" if other == "unproven" else ""

    monkeypatch.setattr(ask_ledger, "open_checkpoint", open_checkpoint)
    monkeypatch.setattr(ask_ledger, "reading", reading)
    monkeypatch.setattr(ask_ledger, "compare_views", compare)
    others = [(f"holds {note}", note) for note in ("agrees", "unproven", "forged", "split", "agrees too")]
    views = ViewsTask(LOG, "/a", "large", others, TRUST, str(tmp_path))
    assert compare_observers(views) == [
        ("holds unproven", Reason("LOG-ROLLBACK", "holds unproven", "it cannot be shown")),
        ("holds forged", Reason("CP-SIG", "holds forged", "no signature of the log")),
        ("holds split", Reason("SPLIT-VIEW", "holds split", "two trees")),
    ]
    assert opened[0] == (b"large", LOG, [LOG], ())
    gone = compare_observers(replace(views, place="", others=others[:1]))
    assert [reason.code for _, reason in gone] == ["NO-LEDGER"]
