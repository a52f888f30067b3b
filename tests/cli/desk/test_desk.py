"""The desk: its pages, the values that it never shows unasked, and the requests that its gate admits."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import pytest

from cli.access.purposes import CODES
from cli.invocation import Invocation
from cli.lists.docket import board, bring_up
from cli.session.ledger_reader import LedgerReader, reading
from cli.session.open_ledger import hand, writing
from ledger.bundle.archive import unpack
from ledger.entries.case import wire
from ledger.law.deadlines.table import REGISTER
from projections.render import desk_pages, html
from projections.sentences.local_time import LocalTimes
from tests.ledger.adapters.storage.orders.test_order_index import NOON, put, row
from tests.projections.render.test_html import HOSTILE, Page
from tests.support.cli import PERSON, House, ledger_of, reply, run, size

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")

import httpx

from cli.desk.routes import PAGE, app
from cli.desk.security import HEADERS, MOST_FORMS, Gate, Sessions
from cli.desk.session import Desk

HOST = "127.0.0.1:7370"
WHY = "asked by the court on 3 June"


@dataclass
class Visitor:
    """A browser: one address, its cookies, and the forms of the pages."""

    gate: Gate
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, url: str, body: str | None = None, **headers: str) -> Any:
        """Send one request and return the answer; redirects are not followed."""
        given = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())

        async def ask() -> Any:
            transport = httpx.ASGITransport(app=self.gate, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                return await client.request(method, url, content=body, headers=given)

        answer = asyncio.run(ask())
        self.cookies |= dict(answer.cookies)
        return answer

    def get(self, url: str, **headers: str) -> Any:
        return self.send("GET", url, **headers)

    def page(self, url: str) -> str:
        answer = self.get(url)
        assert answer.status_code == 200, answer.text
        text: str = answer.text
        return text

    def post(self, url: str, said: dict[str, str], **headers: str) -> Any:
        given = {"origin": f"http://{HOST}", "content_type": "application/x-www-form-urlencoded", **headers}
        return self.send("POST", url, urlencode(said), **given)

    def form(self, url: str) -> str:
        """Return the token of the forms of a page."""
        found = re.search(r'name="form" value="([^"]+)"', self.page(url))
        assert found is not None
        return found[1]

    def enter(self, desk: Desk) -> Visitor:
        assert self.get(f"/?token={desk.sessions.link}").status_code == 303
        return self


@dataclass(frozen=True)
class Sat:
    """A desk over a ledger, and a visitor with a session."""

    ledger: Path
    desk: Desk
    visitor: Visitor

    @property
    def reader(self) -> LedgerReader:
        return self.desk.reader

    def url(self, label: str = "main") -> str:
        return f"/orders/{self.reader.labels.get(label, label)}"


def sat(stack: ExitStack, ledger: Path, actor: str | None = None) -> Sat:
    context = click.Context(click.Command("desk"), obj=Invocation(ledger=str(ledger)))
    reader = stack.enter_context(reading(ledger))
    view = stack.enter_context(closing(board(reader)))
    bring_up(reader, view, reader.now())
    signer = None
    if actor is not None:
        with context.scope(cleanup=False), writing() as journal:
            signer = hand(journal, "record-accessed", actor, "ISS", None)
    desk = Desk(reader, view, signer, context, None if actor is None else PERSON)
    return Sat(ledger, desk, Visitor(app(desk, [HOST])).enter(desk))


@pytest.fixture(scope="module")
def kept2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sat]:
    """Open one desk for all tests that record nothing and change no view."""
    with ExitStack() as opened:
        yield sat(opened, ledger_of("S2", tmp_path_factory.mktemp("S2")), "ilves")


@pytest.fixture(scope="module")
def kept3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sat]:
    with ExitStack() as opened:
        yield sat(opened, ledger_of("S3", tmp_path_factory.mktemp("S3")))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def s2(stack: ExitStack, tmp_path: Path) -> Sat:
    return sat(stack, ledger_of("S2", tmp_path), "ilves")


@pytest.fixture
def s3(stack: ExitStack, tmp_path: Path) -> Sat:
    return sat(stack, ledger_of("S3", tmp_path))


def words(html: str) -> str:
    return Page(html).words


def sealed_values(reader: LedgerReader, order: str) -> list[str]:
    """Return the sealed texts of an order, which are shown only to a reader who states a purpose."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for inner in value.values():
                yield from texts(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from texts(inner)

    entries = reader.case(order).entries
    told = str([e.public for e in entries])
    return [t for e in entries for v in e.sealed.values() for t in texts(v) if len(t) > 8 and t not in told]


# -- pages -------------------------------------------------------------------------------------------------------------

PAGES = (
    "/",
    "/due/over",
    "/due/soon",
    "/due/later",
    "/due/unknown",
    "/orders",
    "/law",
    "/law?instrument=2AP-8",
    "/keys",
)


def test_every_page_nests_has_one_heading_and_one_content_and_names_its_language(kept2: Sat) -> None:
    for url in (*PAGES, kept2.url(), f"{kept2.url()}/entries"):
        taken = Page(kept2.visitor.page(url))
        assert (taken.crossed, taken.open) == ([], []), url
        assert len(taken.all("h1")) == len(taken.all("main")) == 1
        assert taken.all("html") == [{"lang": "en"}]
        assert taken.all("a")[0]["href"] == "#content"  # the skip link comes first
        ids = [attrs["id"] for _, attrs in taken.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), url
        labelled = {attrs["for"] for attrs in taken.all("label")}
        fields = [a for t in ("input", "select") for a in taken.all(t) if a.get("type") not in ("hidden", "submit")]
        assert all(attrs["id"] in labelled for attrs in fields), url


def test_every_link_of_every_page_leads_somewhere(kept2: Sat) -> None:
    seen: set[str] = set()
    todo = ["/"]
    while todo:
        url = todo.pop()
        seen.add(url)
        answer = kept2.visitor.get(url)
        assert answer.status_code in (200, 303), url
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        taken = Page(answer.text)
        ids = {attrs.get("id") for _, attrs in taken.tags}
        for link in taken.all("a"):
            target, _, part = str(link["href"]).partition("#")
            assert target or part in ids, (url, part)
            if target and target not in seen | set(todo) and not target.endswith(".pdf"):
                todo.append(target)
    assert {
        "/keys",
        kept2.url(),
        f"{kept2.url()}/replay",
        f"{kept2.url()}/custody.html",
        f"{kept2.url()}/dpo.json",
    } <= seen


def test_an_overdue_clock_says_who_must_act_what_meets_it_and_since_when(kept3: Sat) -> None:
    taken = words(kept3.visitor.page("/"))
    assert taken.index("Overdue for more than 30 days") < taken.index("D-7-7") < taken.index("over by")
    rows = re.findall(r"<tr class=\"over\">.*?</tr>", kept3.visitor.page("/"), re.DOTALL)
    assert len(rows) == 1
    assert kept3.url("main") in rows[0]
    (clock,) = (deadline for deadline in REGISTER if deadline.id == "D-7-7")
    assert clock.acts in words(rows[0])
    assert clock.met_by in words(rows[0])


def test_what_ran_out_long_ago_is_not_on_top_and_what_ran_out_last_comes_first(s3: Sat) -> None:
    now = s3.reader.now()
    ago = {2_000: 900, 2_001: 3, 2_002: 1}
    put(s3.desk.view, *(row(n, now - timedelta(days=days)) for n, days in ago.items()))
    shown = words(s3.visitor.page("/"))
    assert shown.index("PPO-2027-2002") < shown.index("PPO-2027-2001") < shown.index("Due later")
    assert shown.index("Due later") < shown.index("Overdue for more than 30 days") < shown.index("PPO-2027-2000")


def test_the_navigation_counts_orders_and_those_with_an_overdue_clock(kept3: Sat) -> None:
    for url in ("/", "/orders", "/keys"):
        assert "Due 1 overdue Orders 2 in all Law" in words(kept3.visitor.page(url))


def test_the_list_of_orders_is_sorted_by_the_links_of_its_columns(s3: Sat) -> None:
    now = s3.reader.now()
    put(
        s3.desk.view,
        *(
            row(
                2_000 + n,
                now + timedelta(days=n + 1),
                state="CLOSED",
                issued_on=wire(now - timedelta(days=(7 * n) % 55)),
                last_on=wire(now - timedelta(days=(3 * n) % 55)),
            )
            for n in range(PAGE + 5)
        ),
    )
    expected = {
        "made": [2_000 + 8 * k % 55 for k in range(55)],
        "last": [2_000 + 37 * k % 55 for k in range(55)],
        "due": [2_000 + n for n in range(55)],
    }
    first = Page(s3.visitor.page("/orders?state=CLOSED"))
    links = [str(a["href"]) for a in first.all("a") if "sort=" in str(a["href"])]
    assert links == ["/orders?state=CLOSED&sort=last", "/orders?state=CLOSED&sort=due"]
    for sort, url in zip(("made", "last", "due"), ("/orders?state=CLOSED", *links), strict=True):
        seen: list[str] = []
        while url:
            page = s3.visitor.page(url)
            assert page.count(' aria-sort="') == 1
            assert page.count(f'name="sort" value="{sort}"') == (sort != "made")
            seen += [str(a["href"]) for a in Page(page).all("a") if a.get("class") == "go"]
            nexts = [str(a["href"]) for a in Page(page).all("a") if a.get("rel") == "next"]
            url = nexts[0] if nexts else ""
        assert seen == [f"/orders/{row(n).order}" for n in expected[sort]], sort


def test_the_list_and_the_board_name_the_case_the_instrument_and_the_states_in_words(kept3: Sat) -> None:
    for url in ("/orders", "/"):
        (shown,) = (r for r in re.findall(r"<tr.*?</tr>", kept3.visitor.page(url), re.DOTALL) if kept3.url("main") in r)
        says = words(shown)
        assert says.startswith("KA-2027-0311 Second Additional Protocol, art. 7: order for subscriber information")
        assert not re.search(r"\bmain\b|2AP-7|\bX[ON]\b", says)
    assert "Republic of Orsinia and Norhaven" in words(kept3.visitor.page("/orders"))
    choices = re.findall(r"<option[^>]*>(.*?)</option>", kept3.visitor.page("/orders"))
    assert not [choice for choice in choices if re.search(r"2AP-7|\bX[ON]\b", choice)]


def test_every_cell_of_a_list_keeps_its_heading_on_a_phone(kept2: Sat) -> None:
    for url in ("/", "/orders", kept2.url()):
        html = re.sub(r'<details class="months">.*?</details>', "", kept2.visitor.page(url), flags=re.DOTALL)
        tables = re.findall(r'<table class="(?:list|cards)">.*?</table>', html, re.DOTALL)
        assert tables
        assert [cell for table in tables for cell in re.findall(r"<td[^>]*>", table) if "data-th=" not in cell] == []


def test_the_head_of_an_order_has_case_provider_instrument_state_and_next_deadline(kept2: Sat) -> None:
    html = kept2.visitor.page(kept2.url())
    bar = html[html.index('class="identity') : html.index('class="here"')]
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bar))
    for said in ("KA-2027-0311", "Harbor Chat Ltd", "2AP-7", "disclosed", "NOTICE-REVIEW"):
        assert said in shown
    (label,) = re.findall(r'<span class="small nowrap[^"]*">([^<]*)<', bar)
    assert 0 < len(label) <= 20
    assert re.search(r"<b>2027-06-09</b> end of day", bar)


def test_entries_have_titles_in_words_and_the_newest_comes_first(kept2: Sat) -> None:
    html = kept2.visitor.page(kept2.url())
    titles = re.findall(r'<h3 class="moj-timeline__title">([^<]*)</h3>', html)
    kinds = [e.kind for e in sorted(kept2.reader.case("main").entries, key=lambda e: (e.on, e.index))]
    assert [title.lower().replace(" ", "-") for title in titles] == kinds[::-1]
    assert ">00:00<" not in html
    assert "</b> 00:00" not in html
    assert '<h3 id="entry-10">Entry 10: Data disclosed ' in kept2.visitor.page(f"{kept2.url()}/entries")


def test_findings_are_grouped_by_gravity_and_the_shape_says_which(kept2: Sat) -> None:
    html = kept2.visitor.page(kept2.url())
    groups = re.findall(r'<details class="gravity ([VWG])"( open)?><summary><span[^>]*>(.)</span>([^<]*)<', html)
    assert groups == [("V", " open", "■", "1 violation"), ("G", "", "○", "1 gap")]


def test_without_the_built_style_the_desk_has_a_plain_one_and_says_so(
    kept3: Sat, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (html, desk_pages):
        monkeypatch.setattr(module, "built", lambda page: "")
    cached = (desk_pages.policy, desk_pages.style)
    for each in cached:
        each.cache_clear()
    try:
        answer = kept3.visitor.get("/")
        style = Page(answer.text).raw["style"]
        assert "The style of an installation without the built one" in style
        assert b64encode(sha256(style.encode()).digest()).decode() in answer.headers["content-security-policy"]
        assert "This installation has the plain style. make style builds the full one" in words(answer.text)
    finally:
        for each in cached:
            each.cache_clear()


def test_the_board_says_what_comity_due_says(kept3: Sat) -> None:
    answer = run("due", "--json", ledger=kept3.ledger)
    due = json.loads(answer.stdout)["due"]
    shown = kept3.visitor.page("/")
    assert len(due) == 2
    for clock in due:
        assert f'datetime="{clock["due"]}"' in shown
        assert clock["id"] in shown


def test_an_order_shows_what_judge_says(kept2: Sat) -> None:
    judged = json.loads(run("judge", "main", "--json", ledger=kept2.ledger).stdout)
    shown = words(kept2.visitor.page(kept2.url()))
    assert judged["findings"]
    assert judged["deadlines"]
    assert any(criterion["lacks"] for criterion in judged["criteria"].values())
    for finding in judged["findings"]:
        assert finding["code"] in shown
        assert finding["says"] in shown
    for name, criterion in judged["criteria"].items():
        assert name in shown
        for lack in criterion["lacks"]:
            assert re.sub(r"^[VWG]-[\w-]+: ", "", lack) in shown
    for clock in judged["deadlines"]:
        assert clock["id"] in shown


def test_an_order_shows_what_would_settle_each_finding_and_a_calendar_of_each_period(kept2: Sat) -> None:
    judged = json.loads(run("judge", "main", "--json", ledger=kept2.ledger).stdout)
    page = kept2.visitor.page(kept2.url())
    shown = words(page)
    steps = [step for finding in judged["findings"] for step in finding["next"]]
    assert any(step["command"] for step in steps)
    for step in steps:
        assert step["lacks"] in shown
        assert step["command"] is None or step["command"] in shown
    assert page.count('<details class="months">') == len([c for c in judged["deadlines"] if "due" in c])
    assert 'class="last"' in page


def test_an_order_shows_what_a_clock_lacks_that_could_not_be_computed(stack: ExitStack, tmp_path: Path) -> None:
    kept = sat(stack, ledger_of("receipts-in-doubt", tmp_path))
    page = words(kept.visitor.page(kept.url("a-day-and-a-second")))
    assert "D-7-7 could not be computed: #3 order-received starts no clock" in page
    assert "--on-source receipt-stamp" in page


def test_an_order_names_who_released_and_who_received_in_its_custody(kept2: Sat) -> None:
    shown = words(kept2.visitor.page(kept2.url()))
    steps = json.loads(run("custody", "main", "--json", ledger=kept2.ledger).stdout)["custody"]
    moved = [step for step in steps if step["released_by"] and step["received_by"]]
    assert moved
    for step in moved:
        assert re.search(
            f"{step['released_by']} (signed [^;]+;[^;]+ |the giver has not signed )?{step['received_by']}", shown
        )
    for step in steps:
        assert step in moved or f"held by {step['holder']}" in shown


def test_an_order_is_found_by_its_label_its_reference_and_by_words(stack: ExitStack, tmp_path: Path) -> None:
    house = House(tmp_path).begun().with_office("ilves", "ISS")
    order = house.order()
    visitor = sat(stack, house.ledger).visitor
    assert visitor.get("/orders/PPO-1").headers["location"] == f"/orders/{order}"
    assert visitor.get("/orders?q=PPO-1").headers["location"] == f"/orders/{order}"
    assert f"/orders/{order}" in visitor.page("/orders?q=ppo")
    assert "PPO-1" not in words(visitor.page("/orders?q=nothing"))


def test_an_order_is_found_by_every_name_it_has(stack: ExitStack, tmp_path: Path) -> None:
    house = House(tmp_path).furnished().with_office("lind", "ISS")
    said = ("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-1", "--as", "lind")
    order = house.reply(*said)["order"]
    house.reply("order", "rename", "lind/PPO-1", "ours")
    visitor = sat(stack, house.ledger).visitor
    for name in ("lind/PPO-1", "ours"):
        assert visitor.get(f"/orders?{urlencode({'q': name})}").headers["location"] == f"/orders/{order}"
    assert visitor.get("/orders?q=PPO-1").status_code == 200, "two orders have the number, and both are listed"


def test_an_order_nobody_has_and_one_nobody_asks_about_are_not_there(kept2: Sat) -> None:
    for order in ("nothing", kept2.reader.cases.registry, kept2.reader.cases.access):
        answer = kept2.visitor.get(f"/orders/{order}")
        assert answer.status_code == 404
        assert "<h1>Not here</h1>" in answer.text
    assert kept2.visitor.get("/nowhere").status_code == 404
    assert kept2.visitor.get("/due/nowhere").status_code == 404
    assert kept2.visitor.get("/law?instrument=nothing").status_code == 404
    assert kept2.visitor.get(f"{kept2.url()}/audit.html").status_code == 404


def test_pages_are_turned_by_their_links_and_show_every_order_once(s3: Sat) -> None:
    put(s3.desk.view, *(row(1_000 + n, s3.reader.now(), state="CLOSED") for n in range(2 * PAGE + 3)))
    for start, own in (("/orders?state=CLOSED", "00004000"), ("/due/over", "")):
        url, seen = start, list[str]()
        while url:
            taken = Page(s3.visitor.page(url))
            seen += [str(a["href"]) for a in taken.all("a") if a.get("class") == "go"]
            nexts = [str(a["href"]) for a in taken.all("a") if a.get("rel") == "next"]
            url = nexts[0] if nexts else ""
        own_rows = [href for href in seen if "-4000-8000-000000000000" in href]
        assert len(own_rows) == len(set(own_rows)) == 2 * PAGE + 3, own


def test_a_long_order_is_turned_page_by_page(kept2: Sat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.desk.order_pages.MOST", 4)
    url, seen = f"{kept2.url()}/entries", list[str]()
    assert 'rel="prev"' not in kept2.visitor.page(url), "nothing is before the first page"
    while url:
        html = kept2.visitor.page(url)
        some = re.findall(r"<h3[^>]*>Entry (C?\d+)", html)
        assert 0 < len(some) <= 4
        seen += some
        nexts = [str(a["href"]) for a in Page(html).all("a") if a.get("rel") == "next"]
        url = nexts[0] if nexts else ""
    assert len(seen) == len(set(seen)) == len(kept2.reader.case("main").entries)
    assert "The last 4 of" in words(kept2.visitor.page(kept2.url()))


def test_filters_stay_when_the_page_is_turned(s3: Sat) -> None:
    put(s3.desk.view, *(row(1_000 + n, state="CLOSED", from_party="XQ") for n in range(PAGE + 1)))
    put(s3.desk.view, row(5_000, state="CLOSED", from_party="XO"))
    taken = Page(s3.visitor.page("/orders?party=XQ&state=CLOSED"))
    link = next(str(a["href"]) for a in taken.all("a") if a.get("rel") == "next")
    last = Page(s3.visitor.page(link))
    assert [[a["href"] for a in page.all("a") if a.get("rel") == "first"] for page in (taken, last)] == [
        [],
        ["/orders?state=CLOSED&party=XQ"],
    ]
    assert [a["href"] for a in last.all("a") if a.get("class") == "go"] == [f"/orders/{row(1_000).order}"]
    assert {"value": "XQ", "selected": None} in last.all("option")


def test_only_overdue_shows_only_those(kept3: Sat) -> None:
    shown = kept3.visitor.page("/orders?overdue=1")
    assert kept3.url("main") in shown
    assert kept3.url("second") not in shown


def test_hostile_values_are_shown_as_they_are_and_do_nothing(s3: Sat) -> None:
    put(s3.desk.view, row(1_000, NOON, ref=HOSTILE, state=HOSTILE, from_party=HOSTILE, providers=[HOSTILE]))
    for url in ("/", "/due/over", "/orders", f"/orders?{urlencode({'q': HOSTILE, 'provider': HOSTILE})}"):
        html = s3.visitor.page(url)
        assert HOSTILE not in html
        assert "<script>alert" not in html
    assert HOSTILE in words(s3.visitor.page("/orders"))
    answer = s3.visitor.get("/orders/%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert s3.visitor.get(f"/orders?{urlencode({'before': HOSTILE, 'q': chr(0)})}").status_code == 200
    assert s3.visitor.get("/due/over?after=1.2").status_code == 200


def test_hostile_values_of_an_entry_are_escaped_on_the_order_page(stack: ExitStack, tmp_path: Path) -> None:
    house = House(tmp_path).begun().with_office("ilves", "ISS")
    said = (
        "issue",
        "--unregistered",
        "--instrument",
        "2AP-7",
        "--to",
        "XV",
        "--reference",
        "<b>P\"'",
        "--as",
        "ilves",
    )
    order = house.reply(*said)["order"]
    desk = sat(stack, house.ledger)
    for url in ("/", "/orders", f"/orders/{order}", f"/orders/{order}/entries", f"/orders/{order}/replay"):
        html = desk.visitor.page(url)
        assert "<b>P" not in html, url
    assert escape("<b>P") in desk.visitor.page(f"/orders/{order}")
    name = desk.visitor.get(f"/orders/{order}/custody.json").headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', name)


def test_the_desk_says_how_far_it_has_read(s3: Sat) -> None:
    assert "As of entry 40 of 40" in words(s3.visitor.page("/"))
    s3.desk.view.clear()
    shown = words(s3.visitor.page("/"))
    assert "The board has read 0 of 40 entries" in shown


def test_what_was_recorded_a_moment_ago_is_on_the_next_page(s2: Sat) -> None:
    said = ("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", "--role", "ISS")
    assert run(*said, ledger=s2.ledger).exit_code == 0
    assert "closed" in words(s2.visitor.page("/orders"))
    entries = size(s2.ledger)
    assert f"As of entry {entries} of {entries}" in words(s2.visitor.page("/"))


def test_what_the_command_closes_at_its_end_stays_open_between_two_pages(s3: Sat) -> None:
    closed: list[str] = []
    s3.desk.context.call_on_close(lambda: closed.append("closed"))
    for url in ("/", "/orders", "/orders/none"):
        s3.visitor.get(url)
    assert closed == []


def test_looking_records_nothing(kept2: Sat) -> None:
    before = size(kept2.ledger)
    for url in (
        *PAGES,
        kept2.url(),
        *(f"{kept2.url()}/{rest}" for rest in ("entries", "replay", "custody.html", "dpo.json")),
    ):
        kept2.visitor.page(url)
    assert size(kept2.ledger) == before


# -- sealed values -----------------------------------------------------------------------------------------------------


def test_no_page_shows_a_sealed_value_unasked(kept2: Sat) -> None:
    values = sealed_values(kept2.reader, "main")
    assert len(values) > 5
    for url in (
        *PAGES,
        kept2.url(),
        *(f"{kept2.url()}/{rest}" for rest in ("entries", "replay", "custody.html", "dpo.json")),
    ):
        html = kept2.visitor.page(url)
        assert [v for v in values if escape(v) in html or v in html] == [], url


def test_sealed_values_are_opened_for_a_reason_that_is_recorded_first(s2: Sat) -> None:
    said = {"form": s2.visitor.form(s2.url()), "what": "timeline", "because": WHY}
    before = size(s2.ledger)
    answer = s2.visitor.post(f"{s2.url()}/open", said)
    assert answer.status_code == 200
    values = sealed_values(s2.reader, "main")
    assert [v for v in values if escape(v) in answer.text] != []
    assert answer.headers["cache-control"] == "no-store"
    accesses = s2.reader.accesses()
    assert size(s2.ledger) == before + 1
    assert f"entry {before} of the log" in words(answer.text)
    last = accesses[-1]
    assert (last.kind, last.by, last.role, last.index) == ("record-accessed", "ilves", "ISS", before)
    assert last.public["view"] == "timeline"
    assert list(last.public["orders"]) == [s2.reader.labels["main"]]
    assert last.public["purpose_code"] == "investigation"
    assert (last.get("justification"), last.get("person")) == (WHY, PERSON)
    assert f"{PERSON} ; investigation; {WHY}" in words(answer.text)


@pytest.mark.parametrize(
    ("what", "purpose"), [("custody", ""), ("evidence-chain", "prosecution"), ("dpo", "rights-request")]
)
def test_reports_with_values_are_recorded_by_their_names_and_purposes(s2: Sat, what: str, purpose: str) -> None:
    said = {"form": s2.visitor.form(s2.url()), "what": what, "because": WHY, "purpose": purpose}
    answer = s2.visitor.post(f"{s2.url()}/open", said)
    assert answer.status_code == 200
    assert "Sealed values are opened in this report" in words(answer.text)
    last = s2.reader.accesses()[-1].public
    assert (last["view"], last["purpose_code"]) == (what, purpose or "investigation")


@pytest.mark.parametrize(("purpose", "says"), [("", "choose under"), ("curiosity", "no such purpose")])
def test_the_desk_opens_nothing_for_a_purpose_that_nobody_knows(kept2: Sat, purpose: str, says: str) -> None:
    before = size(kept2.ledger)
    said = {"form": kept2.visitor.form(kept2.url()), "what": "dpo", "because": WHY, "purpose": purpose}
    answer = kept2.visitor.post(f"{kept2.url()}/open", said)
    assert answer.status_code in (403, 404)
    assert says in words(answer.text)
    assert size(kept2.ledger) == before


def test_the_forms_of_the_desk_ask_what_for_and_name_the_person(kept2: Sat) -> None:
    html = kept2.visitor.page(kept2.url())
    assert html.count('id="purpose" name="purpose">') == html.count('id="use" name="purpose">') == 1
    for code in CODES:
        assert html.count(f'<option value="{code}">') == 2
    assert f"naming {PERSON}" in words(html)


def test_the_processing_record_at_the_desk_tells_of_its_own_opening(s2: Sat) -> None:
    said = {"form": s2.visitor.form(s2.url()), "what": "dpo", "because": WHY, "purpose": "supervision"}
    shown = words(s2.visitor.post(f"{s2.url()}/open", said).text)
    assert f"justification: {WHY}; person: {PERSON}" in shown


def test_deadlines_have_the_local_time_of_the_office_that_uses_the_desk(
    kept2: Sat, kept3: Sat, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert " in Reykjavik" not in words(kept2.visitor.page("/"))  # where it is the time in UTC
    monkeypatch.setattr("projections.sentences.names.Names.times", lambda *_: LocalTimes("Europe/Oslo"))
    assert "2027-06-09 end of day 2027-06-10 02:00 in Oslo" in words(kept2.visitor.page("/"))
    assert " in Oslo" not in words(kept3.visitor.page("/"))  # no office uses this desk


@pytest.mark.parametrize("because", ["", "   ", None])
def test_without_a_reason_nothing_is_opened_and_nothing_recorded(kept2: Sat, because: str | None) -> None:
    said = {"form": kept2.visitor.form(kept2.url()), "what": "timeline"} | (
        {} if because is None else {"because": because}
    )
    before = size(kept2.ledger)
    answer = kept2.visitor.post(f"{kept2.url()}/open", said)
    assert answer.status_code == 403
    assert [v for v in sealed_values(kept2.reader, "main") if escape(v) in answer.text] == []
    assert size(kept2.ledger) == before


def test_a_form_is_good_once(s2: Sat) -> None:
    said = {"form": s2.visitor.form(s2.url()), "what": "timeline", "because": WHY}
    assert s2.visitor.post(f"{s2.url()}/open", said).status_code == 200
    before = size(s2.ledger)
    assert s2.visitor.post(f"{s2.url()}/open", said).status_code == 403
    assert size(s2.ledger) == before


def test_a_form_with_a_field_twice_opens_nothing_and_is_not_spent(s2: Sat) -> None:
    said = {"form": s2.visitor.form(s2.url()), "what": "timeline", "because": WHY}
    before = size(s2.ledger)
    headers = {"origin": f"http://{HOST}", "content_type": "application/x-www-form-urlencoded"}
    twice = s2.visitor.send("POST", f"{s2.url()}/open", urlencode(said) + "&because=another", **headers)
    assert twice.status_code == 403
    assert size(s2.ledger) == before
    assert s2.visitor.post(f"{s2.url()}/open", said).status_code == 200


def test_nobody_at_the_desk_opens_nothing(kept3: Sat) -> None:
    assert 'method="post"' not in kept3.visitor.page(kept3.url())
    said = {"form": kept3.desk.sessions.form(), "what": "timeline", "because": WHY}
    before = size(kept3.ledger)
    for where in ("open", "bundle"):
        said["form"] = kept3.desk.sessions.form()
        assert (
            kept3.visitor.post(f"{kept3.url()}/{where}", said | {"audience": "CT", "unwitnessed": "1"}).status_code
            == 403
        )
    assert size(kept3.ledger) == before


def test_a_bundle_is_handed_over_once_its_reason_is_recorded_and_verifies(s2: Sat, tmp_path: Path) -> None:
    said = {"form": s2.visitor.form(s2.url()), "audience": "CT", "because": WHY, "unwitnessed": "1"}
    answer = s2.visitor.post(f"{s2.url()}/bundle", said)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith('.CT.evidence.zip"')
    last = s2.reader.accesses()[-1]
    assert (last.public["view"], WHY in str(last.get("justification"))) == ("export", True)
    assert "manifest.dsse.json" in unpack(answer.content)
    file = tmp_path / "desk.evidence.zip"
    file.write_bytes(answer.content)
    assert reply("verify", str(file), "--trust", str(s2.ledger))["verdict"] == "TOTAL-PASSED"


# -- the gate ----------------------------------------------------------------------------------------------------------


def test_the_link_lets_one_browser_in_once(s3: Sat) -> None:
    said: list[str] = []
    s3.desk.sessions.say = said.append
    link = s3.desk.sessions.link
    first, second = Visitor(s3.visitor.gate), Visitor(s3.visitor.gate)
    answer = first.get(f"/?token={link}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert first.get("/").status_code == 200
    assert second.get(f"/?token={link}").status_code == 403
    assert second.get("/").status_code == 403
    assert said == [s3.desk.sessions.link]
    assert second.get(f"/?token={said[0]}").status_code == 303
    assert first.get("/").status_code == 200


def test_without_the_cookie_nothing_is_shown(kept3: Sat) -> None:
    stranger = Visitor(kept3.visitor.gate)
    for url in (*PAGES, kept3.url(), f"{kept3.url()}/custody.json", "/nowhere", "/?token=", "/?token=x"):
        answer = stranger.get(url)
        assert answer.status_code == 403, url
        assert "<" not in answer.text
    stranger.cookies[kept3.visitor.gate.cookie] = "x"
    assert stranger.get("/").status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7370", "127.0.0.1", "127.0.0.1:7371", "localhost:7370", ""]
)
def test_by_another_name_the_desk_does_not_answer(kept3: Sat, host: str) -> None:
    answer = kept3.visitor.get("/", host=host)
    assert answer.status_code == 421
    assert "<" not in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_send_a_browser_here(kept3: Sat, site: str) -> None:
    assert kept3.visitor.get("/", sec_fetch_site=site).status_code == 403
    assert kept3.visitor.get("/", sec_fetch_site="same-origin").status_code == 200
    assert kept3.visitor.get("/", sec_fetch_site="none").status_code == 200


@pytest.mark.parametrize(
    ("headers", "changes"),
    [
        ({"origin": "http://evil.example"}, {}),
        ({"origin": "null"}, {}),
        ({"origin": "http://127.0.0.1:7371"}, {}),
        ({"origin": ""}, {}),
        ({"sec_fetch_site": "same-site"}, {}),
        ({"content_type": "text/plain"}, {}),
        ({"content_type": "multipart/form-data; boundary=x"}, {}),
        ({}, {"form": "x"}),
        ({}, {"form": ""}),
        ({}, {"because": "x" * 10_000}),
    ],
)
def test_a_form_of_somebody_else_opens_nothing(kept2: Sat, headers: dict[str, str], changes: dict[str, str]) -> None:
    said = {"form": kept2.visitor.form(kept2.url()), "what": "timeline", "because": WHY} | changes
    before = size(kept2.ledger)
    assert kept2.visitor.post(f"{kept2.url()}/open", said, **headers).status_code == 403
    assert size(kept2.ledger) == before


def test_other_methods_are_refused_and_forms_are_not_opened_by_links(kept2: Sat) -> None:
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert kept2.visitor.send(method, "/").status_code == 405
    assert kept2.visitor.get(f"{kept2.url()}/open?because=x&what=timeline").status_code == 405
    assert kept2.visitor.post("/orders", {}).status_code == 405


def test_every_answer_says_what_it_may_do_and_is_kept_nowhere(kept2: Sat) -> None:
    stranger = Visitor(kept2.visitor.gate)
    for answer in (
        *(
            kept2.visitor.get(url)
            for url in (*PAGES, kept2.url(), f"{kept2.url()}/replay", f"{kept2.url()}/dpo.json", "/nowhere")
        ),
        stranger.get("/"),
        kept2.visitor.get("/", host="evil.example"),
    ):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "refresh" not in answer.headers, "a page that is finished is not asked for again"


def test_the_policy_names_the_style_and_the_script_of_the_page_and_nothing_else(kept3: Sat) -> None:
    answer = kept3.visitor.get("/")
    policy = answer.headers["content-security-policy"]
    raw = Page(answer.text).raw
    for kind in ("style", "script"):
        digest = b64encode(sha256(raw[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert " style=" not in answer.text
    assert not re.search(r"\son[a-z]+=", answer.text)
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)


def test_single_keys_can_be_switched_off(kept3: Sat) -> None:
    assert "<script>" in kept3.visitor.page("/")
    assert kept3.visitor.get("/keys?single=off").status_code == 303
    assert "<script>" not in kept3.visitor.page("/")
    kept3.visitor.get("/keys?single=on")
    assert "<script>" in kept3.visitor.page("/")


def test_only_so_many_forms_lie_open() -> None:
    sessions = Sessions()
    first = sessions.form()
    forms = [sessions.form() for _ in range(MOST_FORMS)]
    assert not sessions.spend(first)
    assert sessions.spend(forms[0])


# -- the command -------------------------------------------------------------------------------------------------------


def test_without_the_extra_it_says_which_one_is_missing(kept3: Sat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "ledger.adapters.http_server", raising=False)
    result = run("desk", ledger=kept3.ledger)
    assert result.exit_code == 2
    assert "comity[server]" in result.stderr


def test_somebody_without_a_key_here_cannot_sit_at_the_desk(kept3: Sat) -> None:
    for actor in ("nobody", "keeper-of-nothing"):
        assert run("desk", "--as", actor, ledger=kept3.ledger).exit_code == 2
    assert run("desk", "--role", "ISS", ledger=kept3.ledger).exit_code == 2


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:7370", "192.0.2.1:7370", "[::]:7370", "example.org:80", "7370", "127.0.0.1:x", ":::1"]
)
def test_a_desk_listens_on_this_machine_alone(kept3: Sat, listen: str) -> None:
    result = run("desk", "--listen", listen, ledger=kept3.ledger)
    assert result.exit_code == 2
    assert "127.0.0.1" in result.stderr


def test_a_port_that_is_taken_says_what_to_do(kept3: Sat) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("desk", "--listen", f"127.0.0.1:{port}", ledger=kept3.ledger)
    assert result.exit_code == 2
    assert "--listen 127.0.0.1:0" in result.stderr


@pytest.mark.slow
def test_the_command_serves_what_it_printed_until_it_is_told_to_stop(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    command = [sys.executable, "-m", "cli.app", "desk", "--ledger", str(ledger), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        assert served.stderr is not None
        link = served.stdout.readline().strip()
        try:
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            with opener.open(link, timeout=30) as answer:
                assert "What is due" in answer.read().decode()
            with pytest.raises(urllib.error.HTTPError), opener.open(link, timeout=30):
                pass
        finally:
            served.terminate()
            said = served.stderr.read()
    assert "for another browser" in said
    assert "Traceback" not in said


def test_the_log_of_requests_holds_no_link(s3: Sat, caplog: pytest.LogCaptureFixture) -> None:
    link = s3.desk.sessions.link
    with caplog.at_level("INFO", "cli.desk.security"):
        Visitor(s3.visitor.gate).enter(s3.desk)
    assert "GET /: 303" in caplog.text
    assert link not in caplog.text
