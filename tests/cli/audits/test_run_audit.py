"""A run asks each place once, compares with the run before, and compares heads of one log at several places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from cli.audits import run_audit as module
from cli.audits.ask_ledger import audit_ledger, compare_observers
from cli.audits.places import Place
from cli.audits.run_audit import AuditQuestion, _aged, _compare_places, _doubted, _task, _trust_in, printable, run_audit
from ledger.application.audits.audit_state import folder_of
from ledger.application.audits.bounded_processes import Limits, Unfinished
from ledger.application.audits.results import Audited, AuditedLedger, AuditorKey, AuditVerdict
from ledger.entries.keyring import Registrar
from ledger.verify.report import Reason

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
LIMITS = Limits(1.0, 1, 1)
LOG = "ledger.example/karsk"


def trust(
    *logs: str, raw: bytes = b"raw", authorities: tuple[bytes, ...] = (), registrar: Registrar | None = None
) -> Any:
    policy = SimpleNamespace(logs=[SimpleNamespace(name=log) for log in logs])
    return SimpleNamespace(policy=policy, raw=raw, authorities=authorities, registrar=registrar)


def question(*places: Place, trusts: Sequence[Any] = (), **more: Any) -> AuditQuestion:
    asked: dict[str, Any] = {"as_of": None, "stale": None, "ask": True, "auditor": None, **more}
    return AuditQuestion(places, trusts, **asked)


def ledger(place: str, log: str = LOG, **more: Any) -> AuditedLedger:
    return AuditedLedger(place, log, "", **{"verdict": AuditVerdict.PASSED, "reasons": [], "trusted": True, **more})


def result(place: str, size: int = 1, note: str = "note", points: tuple[str, ...] = (), **more: Any) -> Audited:
    return Audited(ledger(place, size=size, entries=size, **more), list(points), note and f"{note} of {place}")


# -- the question ------------------------------------------------------------------------------------------------------


def test_a_run_is_continued_for_the_same_question_alone() -> None:
    a, b = Place("/a", "log", "holder", "store"), Place("/b")
    one, two = trust(raw=b"1"), trust(raw=b"2")
    same = question(a, b, trusts=(one, two))
    assert question(b, a, trusts=(two, one)).text() == same.text(), "in another order it is the same question"
    key = AuditorKey("karsk auditor", b"statement", "/file")
    others = [
        question(a, trusts=(one, two)),
        question(a, b, trusts=(one,)),
        question(a, b, trusts=(one, two), as_of=NOW),
        question(a, b, trusts=(one, two), stale=timedelta(days=1)),
        question(a, b, trusts=(one, two), ask=False),
        question(a, b, trusts=(one, two), auditor=key),
        question(replace(a, trust=one), b, trusts=(one, two)),
        *(question(replace(a, **{name: "x"}), b, trusts=(one, two)) for name in ("place", "log", "holder", "store")),
        question(a, b, trusts=(one, trust(raw=b"2", authorities=(b"tsa",)))),
        question(a, b, trusts=(one, trust(raw=b"2", registrar=Registrar("reg", "XO", "ab" * 32)))),
    ]
    texts = [each.text() for each in (same, *others)]
    assert len(set(texts)) == len(texts)
    lines = same.text().decode().splitlines()
    assert lines[2:6] == ["as of None", "ask True", "stale None", "auditor "]
    assert same.text().endswith(b"\n")
    assert lines[-2] == """ledger ["'/a'","'log'","'holder'","'store'","''"]"""
    assert "auditor karsk auditor" in others[5].text().decode().splitlines()


def test_authorities_of_a_trust_are_the_same_in_any_order() -> None:
    both = [question(trusts=(trust(authorities=each),)).text() for each in ((b"a", b"b"), (b"b", b"a"))]
    assert both[0] == both[1]


@pytest.mark.parametrize("own", [None, trust("own")])
@pytest.mark.parametrize("as_of", [None, NOW - timedelta(days=1)])
def test_a_place_is_asked_under_its_own_trust_first(own: Any, as_of: datetime | None) -> None:
    held = trust("held")
    key = AuditorKey("k", b"s", "/f")
    asked = question(trusts=[held], as_of=as_of, ask=False, auditor=key)
    task = _task(Place("/a", "log", "holder", "store", own), asked, Path("/state"), NOW)
    assert task.trusts == ((own, held) if own else (held,))
    assert (task.place, task.expected, task.holder, task.store) == ("/a", "log", "holder", "store")
    assert (task.now, task.as_of, task.ask, task.auditor) == (NOW, as_of or NOW, False, key)
    assert task.state == str(folder_of(Path("/state"), "/a"))


def test_the_trust_in_a_log_is_one_that_names_it() -> None:
    own, held, other = trust("x", LOG), trust(LOG), trust("y")
    assert _trust_in(LOG, question(Place("/a"), Place("/b", trust=own), trusts=[held])) is own
    assert _trust_in(LOG, question(Place("/a", trust=other), trusts=[other, held])) is held
    assert _trust_in(LOG, question(Place("/a", trust=other), trusts=[other])) is None


# -- one result --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stale", "size", "seen", "marked"),
    [
        (None, 1, NOW - timedelta(days=9), False),
        (timedelta(days=1), 1, NOW - timedelta(days=1), False),
        (timedelta(days=1), 1, NOW - timedelta(days=1, seconds=1), True),
        (timedelta(days=1), 1, None, True),
        (timedelta(days=1), None, None, False),
    ],
)
def test_a_ledger_is_stale_if_its_head_is_older_than_was_asked(
    stale: timedelta | None, size: int | None, seen: datetime | None, marked: bool
) -> None:
    before = Audited(ledger("/a", size=size, head_at=seen))
    assert _aged(before, NOW, stale) == replace(before, ledger=replace(before.ledger, stale=marked))


@pytest.mark.parametrize(
    ("verdict", "code", "after"),
    [
        (AuditVerdict.PASSED, "SPLIT-VIEW", AuditVerdict.FAILED),
        (AuditVerdict.PASSED, "LOG-ROLLBACK", AuditVerdict.INDETERMINATE),
        (AuditVerdict.CONTINUED, "LOG-ROLLBACK", AuditVerdict.INDETERMINATE),
        (AuditVerdict.FAILED, "LOG-ROLLBACK", AuditVerdict.FAILED),
        (AuditVerdict.NOT_READ, "LOG-ROLLBACK", AuditVerdict.NOT_READ),
        (AuditVerdict.NOT_READ, "CP-CONSISTENCY", AuditVerdict.FAILED),
    ],
)
def test_a_doubt_makes_no_verdict_better(verdict: AuditVerdict, code: str, after: AuditVerdict) -> None:
    old, new = Reason("OLD", "", "says"), Reason(code, "/b", "says")
    done = _doubted(Audited(ledger("/a", verdict=verdict, reasons=[old]), ["P"], "note"), new)
    assert done == Audited(ledger("/a", verdict=after, reasons=[new, old]), ["P"], "note")


def test_the_bytes_of_a_name_that_is_not_utf_8_are_spelt_and_all_else_stays() -> None:
    plain = Audited(ledger("/Köln", reasons=[Reason("C", "w", "s")], head_at=NOW), ["Ä"], "n")
    assert printable(plain) == plain
    odd = printable(Audited(ledger("/a\udcff", reasons=[Reason("C", "\udce9", "s")])))
    assert (odd.ledger.place, odd.ledger.reasons[0].where) == ("/a\\xff", "\\xe9")


# -- a whole run -------------------------------------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what each place answers, with `views`: what is found for the log of each task, or a fault."""
    said: dict[str, Any] = {"asked": [], "views": {}, "compared": []}

    def bounded(work: Any, tasks: Sequence[Any], limits: Limits, preload: Sequence[str]) -> Iterator[tuple[int, Any]]:
        assert (limits, preload) == (LIMITS, ("cli.audits.ask_ledger",))
        for number, task in reversed(list(enumerate(tasks))):
            if work is audit_ledger:
                said["asked"].append(task.place)
                yield number, said[task.place]
            else:
                assert work is compare_observers
                said["compared"].append(task)
                yield number, said["views"].get(task.log, [])

    monkeypatch.setattr(module, "run_bounded", bounded)
    return said


def test_a_run_reads_each_place_and_has_the_worst_first(answers: dict[str, Any], tmp_path: Path) -> None:
    answers |= {"/a": result("/a", log="a"), "/b": Unfinished("AUD-TIME", "too slow"), "/c": result("/c", log="c")}
    seen: list[tuple[int, int]] = []
    asked = question(*map(Place, ("/a", "/b", "/c")))
    done = run_audit(asked, tmp_path, NOW, LIMITS, progress=lambda n, of: seen.append((n, of)))
    assert [(one.place, one.verdict) for one in done.ledgers] == [
        ("/b", AuditVerdict.NOT_READ), ("/a", AuditVerdict.PASSED), ("/c", AuditVerdict.PASSED),
    ]  # fmt: skip
    assert done.ledgers[0].reasons == [Reason("AUD-TIME", "", "too slow")]
    assert (done.moment, done.continued, seen) == (NOW, 0, [(1, 3), (2, 3), (3, 3)])
    assert [one.difference for one in done.ledgers] == [None] * 3


def test_the_next_run_says_what_changed_and_keeps_the_name_of_a_ledger_that_is_gone(
    answers: dict[str, Any], tmp_path: Path
) -> None:
    answers |= {"/a": result("/a", 3, points=("OLD x", "BOTH x")), "/b": result("/b", log="b")}
    asked = question(Place("/a"), Place("/b"), stale=timedelta(days=1))
    run_audit(asked, tmp_path, NOW, LIMITS)
    answers |= {"/a": result("/a", 5, points=("NEW x", "BOTH x")), "/b": Unfinished("AUD-CRASH", "it ended")}
    gone, changed = run_audit(asked, tmp_path, NOW + timedelta(hours=1), LIMITS).ledgers
    assert changed.difference is not None
    assert (changed.difference.since, changed.difference.entries, changed.difference.added) == (NOW, 2, ["NEW x"])
    assert (gone.place, gone.log) == ("/b", "b")
    assert changed.stale, "no head has a date"


def test_an_interrupted_run_is_continued_at_its_moment_unless_a_new_one_is_asked_for(
    answers: dict[str, Any], tmp_path: Path
) -> None:
    asked = question(Place("/a"), Place("/b"))
    answers["/b"] = result("/b", log="b")  # /a has no answer: the run stops there
    with pytest.raises(KeyError):
        run_audit(asked, tmp_path, NOW, LIMITS)
    answers["/a"] = result("/a", log="a")
    answers["asked"].clear()
    later = NOW + timedelta(hours=1)
    done = run_audit(asked, tmp_path, later, LIMITS)
    assert (done.moment, done.continued, answers["asked"], len(done.ledgers)) == (NOW, 1, ["/a"], 2)
    answers["asked"].clear()
    again = run_audit(asked, tmp_path, later, LIMITS)
    assert (again.moment, again.continued, answers["asked"]) == (later, 0, ["/b", "/a"])
    del answers["/a"]
    with pytest.raises(KeyError):
        run_audit(asked, tmp_path, later, LIMITS)
    answers["/a"] = result("/a", log="a")
    anew = run_audit(asked, tmp_path, later + timedelta(hours=1), LIMITS, anew=True)
    assert (anew.moment, anew.continued) == (later + timedelta(hours=1), 0)


# -- several places of one log -----------------------------------------------------------------------------------------


def compared(answers: dict[str, Any], results: dict[str, Audited], *places: Place, trusts: Sequence[Any]) -> set[str]:
    return _compare_places(results, question(*places, trusts=trusts), Path("/state"), LIMITS)


def test_the_heads_of_a_log_at_several_places_are_compared_with_the_largest(answers: dict[str, Any]) -> None:
    results = {
        "/a": result("/a", 3), "/b": result("/b", 9), "/c": result("/c", 5), "/alone": result("/alone", log="other"),
        "/unread": result("/unread", 99, note=""),
    }  # fmt: skip
    listed = Place("/a", LOG, seen=(("leaf 4", "a note"),)), Place("/x", "else", seen=(("leaf 5", "no"),))
    held = trust(LOG, "other")
    assert compared(answers, results, *listed, trusts=[held]) == set()
    (task,) = answers["compared"]
    assert (task.log, task.place, task.note, task.trust, task.state) == (
        LOG, "/b", "note of /b", held, "/state/places",
    )  # fmt: skip
    assert task.others == [("/a", "note of /a"), ("/c", "note of /c"), ("leaf 4", "a note")]
    answers["compared"].clear()
    assert compared(answers, results, trusts=[trust("nothing")]) == set()
    assert answers["compared"] == [], "without trust in the log no head of it can be opened"


def test_a_contradiction_is_a_reason_of_both_places(answers: dict[str, Any]) -> None:
    results = {"/a": result("/a", 3), "/b": result("/b", 9), "/c": result("/c", 5)}
    split = Reason("SPLIT-VIEW", "/a", "two trees")
    answers["views"][LOG] = [("/a", split), ("leaf 4", Reason("LOG-ROLLBACK", "leaf 4", "unproven"))]
    assert compared(answers, results, trusts=[trust(LOG)]) == {"/a", "/b"}
    assert {place: (one.ledger.verdict, len(one.ledger.reasons)) for place, one in results.items()} == {
        "/a": (AuditVerdict.FAILED, 1), "/b": (AuditVerdict.FAILED, 2), "/c": (AuditVerdict.PASSED, 0),
    }  # fmt: skip
    assert results["/a"].ledger.reasons == [split]


def test_a_comparison_that_did_not_end_is_a_doubt_of_the_largest_and_is_kept(
    answers: dict[str, Any], tmp_path: Path
) -> None:
    answers |= {"/a": result("/a", 3), "/b": result("/b", 9)}
    answers["views"][LOG] = Unfinished("AUD-TIME", "too slow")
    done = run_audit(question(Place("/a"), Place("/b"), trusts=[trust(LOG)]), tmp_path, NOW, LIMITS)
    assert [(one.place, one.verdict) for one in done.ledgers] == [
        ("/b", AuditVerdict.INDETERMINATE), ("/a", AuditVerdict.PASSED),
    ]  # fmt: skip
    assert done.ledgers[0].reasons == [Reason("AUD-TIME", "/b", "too slow")]
    answers["views"].clear()
    again = {one.place: one for one in run_audit(question(Place("/b")), tmp_path, NOW, LIMITS).ledgers}
    assert again["/b"].difference is not None
    assert again["/b"].difference.verdict == "INDETERMINATE"
