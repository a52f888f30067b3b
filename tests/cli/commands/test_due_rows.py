"""Every cell of a row of `comity due`, what is said below the list, and how the command ends."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET

from cli.commands import due as module
from cli.exit_codes import Exit
from ledger.adapters.storage.orders.order_lists import DeadlineFilter, Duty, DutyPage
from ledger.law.next_steps.step import NextStep
from ledger.law.terms.periods import PERIODS
from ledger.law.terms.rule import ClockVerdict
from tests.support.cli import run

NOW = datetime(2027, 3, 1, tzinfo=UTC)
ORDER = "759427d8-1153-5992-988f-bcef32246d2d"
LACKS = (NextStep(lacks="no receipt is on record", command="comity receive X"), NextStep(lacks="ask the provider"))


def duty(clock: str, ref: str | None = None, label: str | None = None, **more: Any) -> Duty:
    row: Any = SimpleNamespace(order=ORDER, ref=ref, label=label, instrument="2AP-7", state="SERVED")
    said = {"due": "2027-03-03T05:00:00Z", "policy": "receipt", "verdict": ClockVerdict.OPEN, "cite": "2AP:7(7)"}
    named: Any = SimpleNamespace(id=clock, entries=["leaf"], last_day=None, zone="UTC", **(said | more))
    return Duty(row, named, 3)


class Docket:
    """A list of deadlines that a test gives, and what was asked of it."""

    def __init__(self) -> None:
        self.page = DutyPage([], 0, None, 0, 0, None)
        self.names: dict[str, str] = {}
        self.server: Any = UNSET
        self.asked: list[Any] = []
        self.unknown: list[list[str]] = []
        self.steps: dict[Any, Any] = {}

    def put(self, *duties: Duty, over: int = 0) -> None:
        unknown = [d for d in duties if d.clock.verdict == ClockVerdict.UNDETERMINED]
        self.page = DutyPage(list(duties), len(duties), None, len(unknown), over, next(iter(unknown), None))


@pytest.fixture
def docket(monkeypatch: pytest.MonkeyPatch) -> Docket:
    made = Docket()

    @contextmanager
    def opened(as_of: datetime | None) -> Iterator[Any]:
        yield SimpleNamespace(orders=None, names=made.names, moment=as_of or NOW, reader=None, server=made.server)

    def page(_: Any, wanted: Any, which: Any, *more: Any) -> DutyPage:
        made.asked.append((wanted, which, *more))
        return made.page

    def steps(_: Any, unknown: Any, at: datetime) -> dict[Any, Any]:
        made.unknown.append([each.clock.id for each in unknown])
        return made.steps

    monkeypatch.setattr(module, "opened_docket", opened)
    monkeypatch.setattr(module, "order_filter", lambda orders, **words: words)
    monkeypatch.setattr(module, "duty_page", page)
    monkeypatch.setattr(module, "_next_steps", steps)
    return made


def rows() -> list[list[str]]:
    return list(csv.reader(run("due", "--format", "csv").stdout.splitlines()))


def test_an_order_is_called_by_its_name_else_its_reference_its_label_or_the_start_of_its_id(docket: Docket) -> None:
    docket.put(duty("D-7-7", "PPO-1", "main"), duty("D-7-7", None, "main"), duty("D-7-7"))
    assert [row[0] for row in rows()] == ["order", "PPO-1", "main", "759427d8"]
    docket.names = {ORDER: "karsk"}
    assert [row[0] for row in rows()] == ["order", "karsk", "karsk", "karsk"]


def test_a_row_has_the_end_what_is_left_the_provision_and_the_length_of_the_period(docket: Docket) -> None:
    unknown = ClockVerdict.UNDETERMINED
    docket.put(duty("D-7-7", "P"), duty("X-1", "P", due=None, verdict=unknown), duty("X-1", "P", due=wire(-2)))
    head, first, second, third = rows()
    assert head == ["order", "clock", "due", "left", "verdict", "policy", "cite", "period", "who", "until"]
    assert first[:7] == ["P", "D-7-7", "2027-03-03T05:00:00Z", "2 d 5 h", str(ClockVerdict.OPEN), "receipt", "2AP:7(7)"]
    assert first[7:] == [PERIODS["D-7-7"], "the provider", "until 05:00 on Wednesday 3 March 2027, UTC"]
    assert second[:5] == ["P", "X-1", "", "unknown", str(unknown)]
    assert second[7:] == ["", "", ""]
    assert third[3] == "over by 2 h 0 min"


def wire(hours: int) -> str:
    return (NOW + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def test_an_answer_has_every_deadline_with_what_it_lacks(docket: Docket) -> None:
    docket.put(duty("D-7-7", "PPO-1", "main", verdict=ClockVerdict.UNDETERMINED), duty("X-1"))
    docket.page = docket.page._replace(of=7, last=("a", "b", "c"))
    docket.steps = {(ORDER, "D-7-7", 3): LACKS}
    done = run("due", "--json")
    answer = json.loads(done.stdout)
    assert (answer["as_of"], answer["of"], answer["next"]) == ("2027-03-01T00:00:00Z", 7, "due/a/b/c")
    first, second = answer["due"]
    lacks = first.pop("next")
    assert first == {
        "order": ORDER,
        "label": "main",
        "instrument": "2AP-7",
        "state": "SERVED",
        "id": "D-7-7",
        "due": "2027-03-03T05:00:00Z",
        "policy": "receipt",
        "verdict": "UNDETERMINED",
        "cite": "2AP:7(7)",
        "entries": ["leaf"],
        "ref": "PPO-1",
        "last_day": None,
        "who": "the provider",
    }
    assert [step["lacks"] for step in lacks] == [step.lacks for step in LACKS]
    assert second["next"] == []
    assert "there are more" not in done.stderr


def test_what_is_missing_is_looked_up_for_all_in_an_answer_and_for_the_first_in_a_text(docket: Docket) -> None:
    unknown = ClockVerdict.UNDETERMINED
    docket.put(duty("A"), duty("B", verdict=unknown), duty("C", verdict=unknown))
    run("due", "--json")
    run("due")
    assert docket.unknown == [["B", "C"], ["B"]]


def test_the_first_deadline_that_could_not_be_computed_is_named_with_what_it_lacks(docket: Docket) -> None:
    docket.put(duty("D-7-7", verdict=ClockVerdict.UNDETERMINED))
    docket.steps = {"one": LACKS}
    told = run("due").stderr.splitlines()
    assert told == [
        "1 clock could not be computed: `comity law deadline D-7-7 759427d8` says what is missing",
        "no receipt is on record: comity receive X",
        "ask the provider",
    ]
    for made, called in ((duty("B", None, "main"), "main"), (duty("B", "PPO-1", "main"), "PPO-1")):
        docket.page = docket.page._replace(first_unknown=made)
        assert f"`comity law deadline B {called}`" in run("due").stderr
    docket.names = {ORDER: "karsk"}
    assert "`comity law deadline B karsk`" in run("due").stderr
    docket.server = None
    assert "`comity judge karsk` says what is missing" in run("due").stderr


@pytest.mark.parametrize(
    ("unknown", "over", "code"),
    [(0, 0, Exit.DONE), (1, 0, Exit.FINDINGS), (0, 1, Exit.FINDINGS), (2, 3, Exit.FINDINGS)],
)
def test_a_deadline_that_is_over_or_was_not_computed_is_exit_3(
    unknown: int, over: int, code: Exit, docket: Docket
) -> None:
    docket.page = DutyPage([], 9, None, unknown, over, None)
    done = run("due")
    assert (done.exit_code, done.stderr) == (code, "")


def test_how_a_list_continues_is_said(docket: Docket) -> None:
    docket.page = docket.page._replace(last=("2027", "b", "c"))
    assert run("due", "--sort", "order").stderr == "there are more: --after order/2027/b/c\n"


def test_what_is_asked_for_reaches_the_list(docket: Docket) -> None:
    said = "--state SERVED --provider skylark --party XV --by ilves --kind D-7-7 --within 14 --only overdue"
    more = "--limit 5 --after due/a/b/c --since 2027-01-01T00:00:00Z --as-of 2027-02-01T00:00:00Z"
    run("due", *said.split(), *more.split())
    run("due")
    (wanted, which, *page), (all_, every, *first) = docket.asked
    assert wanted == {"state": "SERVED", "provider": "skylark", "party": "XV", "by": "ilves"}
    since, as_of = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    assert which == DeadlineFilter(as_of, "D-7-7", timedelta(days=14), since, "overdue")
    assert page == ["due", ("a", "b", "c"), 5]
    assert set(all_.values()) == {None}
    assert every == DeadlineFilter(NOW, None, None, None, None)
    assert first == ["due", None, None]


def test_only_a_week_is_what_still_runs_and_ends_within_seven_days(docket: Docket) -> None:
    run("due", "--only", "week")
    run("due", "--only", "week", "--within", "36h")
    assert [which for _, which, *_ in docket.asked] == [
        DeadlineFilter(NOW, None, timedelta(days=7), None, "running"),
        DeadlineFilter(NOW, None, timedelta(hours=36), None, "running"),
    ]


def test_the_order_of_a_hint_is_one_word_for_a_shell(docket: Docket) -> None:
    docket.put(duty("B", "530 Js 1187/26", verdict=ClockVerdict.UNDETERMINED))
    assert "`comity law deadline B '530 Js 1187/26'`" in run("due").stderr


def test_a_cursor_that_a_list_cannot_read_is_usage(docket: Docket, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(*_: Any) -> None:
        raise ValueError("no number")

    monkeypatch.setattr(module, "duty_page", unread)
    done = run("due", "--after", "due/a/b/c")
    assert done.exit_code == Exit.USAGE
    assert "it is no `next` of a page of deadlines" in " ".join(done.stderr.split())
    assert run("due", "--after", "due/a/b").exit_code == Exit.USAGE
