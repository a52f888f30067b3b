"""The board has five parts by the time that is left; each shows its first lines, and a link if there are more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from cli.desk import routes
from cli.desk.responses import called, document, ending, item
from cli.desk.routes import SPANS, STATUS, Pages, _address, _further
from cli.exit_codes import Exit
from ledger.entries.case import wire
from tests.ledger.adapters.storage.orders.test_order_index import row

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class View:
    """The order index of a desk, which notes what it is asked; every part has `total` deadlines."""

    def __init__(self, total: int = 0) -> None:
        self.total, self.asked = total, list[Any]()

    def tally(self, *moments: datetime) -> Any:
        self.asked.append(moments)
        return SimpleNamespace(**dict.fromkeys(SPANS, self.total))

    def due(self, *said: Any, newest: bool = False) -> list[Any]:
        self.asked.append((*said, newest))
        return self._lines(said[-1])

    def unknown(self, *said: Any) -> list[Any]:
        self.asked.append(said)
        return self._lines(said[-1])

    def _lines(self, limit: int) -> list[Any]:
        clock = SimpleNamespace(id="D-7-7", cite="2AP:7(7)", due="2027-06-01T13:00:00Z")
        return [SimpleNamespace(row=row(n), clock=clock, at=(n, n + 1, n + 2)) for n in range(min(limit, self.total))]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "page", lambda *said, **more: (said, more))


def pages(view: View) -> Any:
    frame = SimpleNamespace(now=NOW)
    desk: Any = SimpleNamespace(view=view, frame=lambda request, **_: frame, names=dict)
    return Pages(desk)


SPANNED = {
    "over": (NOW - 30 * DAY, NOW, None, 9, True),
    "old": (None, NOW - 30 * DAY, None, 9, True),
    "soon": (NOW, NOW + 7 * DAY, None, 9, False),
    "later": (NOW + 7 * DAY, None, None, 9, False),
    "unknown": (None, 9),
}


def test_the_parts_end_after_seven_and_thirty_days_and_leave_no_gap() -> None:
    assert set(SPANNED) == set(SPANS)
    for name, asked in SPANNED.items():
        view = View()
        pages(view)._span(name, NOW, None, 9)
        assert view.asked == [asked], name
    view = View()
    pages(view)._tally(NOW)
    assert view.asked == [(NOW, NOW + 7 * DAY, NOW - 30 * DAY)]


@pytest.mark.parametrize("total", [0, 1, 12, 13])
def test_each_part_of_the_board_shows_twelve_lines_and_leads_to_the_others(total: int) -> None:
    view = View(total)
    (template, _, title, here), more = pages(view).board(None)
    assert (template, title, here) == ("desk_board.html.j2", "What is due", "/")
    assert [section.id for section in more["sections"]] == list(SPANS)
    for section in more["sections"]:
        assert (section.total, len(section.lines)) == (total, min(total, 12))
        assert section.more == (f"/due/{section.id}" if total > 12 else None)
    assert len(view.asked) == 1 + (5 if total else 0), "a part without a deadline is not read"


@pytest.mark.parametrize("total", [0, 1, 50, 51, 60])
def test_a_part_is_turned_page_by_page_of_fifty(total: int) -> None:
    view = View(total)
    request: Any = SimpleNamespace(path_params={"name": "over"}, query_params={"after": "7.8.9"})
    (template, _, title, here), more = pages(view).due(request)
    assert (template, title, here) == ("desk_board.html.j2", "Overdue", "/")
    (section,) = more["sections"]
    assert (section.total, len(section.lines)) == (total, min(total, 50))
    assert section.more == ("/due/over?after=49.50.51" if total > 50 else None), "behind the last line that is shown"
    assert view.asked[-1] == (NOW - 30 * DAY, NOW, (7, 8, 9), 51, True)


def test_the_status_of_a_page_says_why_it_is_not_there() -> None:
    assert STATUS == {Exit.USAGE: 404, Exit.REFUSED: 403, Exit.UNDECIDABLE: 404, Exit.BUSY: 503}


def test_the_address_of_a_list_keeps_its_filters() -> None:
    assert _address([]) == "/orders"
    assert _address([("q", "a b"), ("overdue", "1")]) == "/orders?q=a+b&overdue=1"
    last = row(7)
    assert _further("/orders", last, "made").startswith("/orders?before=")
    assert _further("/orders?q=a", last, "made").startswith("/orders?q=a&before=")


# -- a line of a list --------------------------------------------------------------------------------------------------


def test_an_order_is_called_by_its_case_its_number_its_label_or_the_beginning_of_its_id() -> None:
    said: dict[str, str | None] = {"case_ref": "KA-1", "ref": "PPO-1", "label": "main"}
    for name in ("KA-1", "PPO-1", "main"):
        assert called(row(1, **said)) == name
        said = {key: None if value == name else value for key, value in said.items()}
    assert called(row(1, **said)) == "00000001"


@pytest.mark.parametrize(
    ("left", "over"), [(HOUR, False), (timedelta(seconds=1), False), (timedelta(0), True), (-HOUR, True)]
)
def test_a_deadline_is_over_once_its_end_has_come(left: timedelta, over: bool) -> None:
    end = NOW + left
    line = ending(row(1, case_ref="KA-1"), "D-7-7", "2AP:7(7)", wire(end), NOW, {})
    assert (line.over, line.due, line.number, line.name) == (over, end, "PPO-2027-001", "KA-1")
    listed = item(row(1, end, None, end + DAY), NOW, {}, {})
    assert (listed.over, listed.due, listed.number) == (over, end, None), "the first end counts"


def test_a_deadline_whose_end_is_not_known_is_not_over() -> None:
    line = ending(row(1, providers=["a", "b"]), "D-7-7", "2AP:7(7)", None, NOW, {"a": "Skylark AS"})
    assert (line.over, line.due, line.provider) == (False, None, "Skylark AS, b")
    listed = item(row(1, None), NOW, {}, {})
    assert (listed.over, listed.due, listed.left) == (False, None, "not known")
    assert item(row(1), NOW, {}, {}).left == "no clock runs"


@pytest.mark.parametrize(
    ("parties", "between"),
    [(("XO", "XV"), "Oldland and XV"), (("XO", None), "Oldland"), ((None, "XV"), "XV"), ((None, None), "not stated")],
)
def test_the_states_of_an_order_are_named_as_far_as_they_are_known(
    parties: tuple[str | None, str | None], between: str
) -> None:
    listed = item(row(1, from_party=parties[0], to_party=parties[1]), NOW, {}, {"XO": "Oldland"})
    assert listed.between == between
    assert (listed.issued_on, listed.last_on) == (None, None)
    dated = item(row(1, issued_on="2027-06-01T12:00:00Z", last_on="2027-06-02T12:00:00Z"), NOW, {}, {})
    assert (dated.issued_on, dated.last_on) == (NOW, NOW + DAY)


def test_a_document_is_a_download_if_it_has_a_name() -> None:
    shown, sent = document("x", "text/html"), document("x", "application/json", "Ä b/c.custody.json")
    assert "content-disposition" not in shown.headers
    assert sent.headers["content-disposition"] == 'attachment; filename="_b_c.custody.json"'
    for answer in (shown, sent):
        assert (answer.status_code, answer.headers["content-security-policy"]) == (200, "frame-ancestors 'none'")
