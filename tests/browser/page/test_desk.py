"""The desk in Chromium and Firefox: usable by keyboard, without scripts and read aloud, and closed to other pages."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.session.ledger_reader import reading
from tests.browser.support.webdriver import ENTER, Browser, Chromium
from tests.support.cli import ledger_of, size

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("uvicorn", reason="needs the extra `server`")

pytestmark = pytest.mark.browser

PAGES = ("/", "/orders", "/orders/{}", "/orders/{}/entries", "/law", "/keys", "/nowhere")
ESCAPE = "\ue00c"


@dataclass(frozen=True)
class Served:
    """A desk in a separate process, and one order of its ledger."""

    ledger: Path
    link: str
    order: str

    @property
    def url(self) -> str:
        return self.link.partition("/?")[0]

    def page(self, path: str) -> str:
        return self.url + path.format(self.order)


@pytest.fixture(scope="module")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Start a desk for each browser, and let the browser in."""
    with serving(browser, ledger_of("S2", tmp_path_factory.mktemp("desk"))) as desk:
        yield desk


@contextmanager
def serving(browser: Browser, ledger: Path, first: str = "") -> Iterator[Served]:
    """Start a desk over a ledger in a separate process, which runs the statement `first` first."""
    command = [sys.executable, "-c", f"{first}\nfrom cli.app import main\nmain()", "desk", "--ledger", str(ledger)]
    command += ["--listen", "127.0.0.1:0", "--as", "ilves", "--role", "ISS"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            link = process.stdout.readline().strip()
            with reading(ledger) as reader:
                order = reader.labels["main"]
            browser.open(link)
            yield Served(ledger, link, order)
        finally:
            process.terminate()


def text(browser: Browser, selector: str = "body") -> str:
    said: str = browser.run("return document.querySelector(arguments[0]).textContent", selector)
    return said


def press(browser: Browser, key: str) -> None:
    """Press a key at the focus, as an event for the script of the page."""
    browser.run(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true, "
        "cancelable: true}))",
        key,
    )


def test_the_link_leads_to_the_board_and_leaves_no_token_behind(browser: Browser, served: Served) -> None:
    browser.open(served.page("/"))
    assert browser.run("return location.href") == served.page("/")
    assert text(browser, "h1") == "What is due"
    assert browser.run("return document.cookie") == ""


def test_the_link_is_good_once(browser: Browser, served: Served) -> None:
    browser.open(served.link)
    assert "used before" in text(browser)
    browser.open(served.page("/"))
    assert text(browser, "h1") == "What is due"


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible(browser: Browser, served: Served, axe: str, path: str) -> None:
    browser.open(served.page(path))
    browser.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    found: dict[str, Any] = browser.run(f"{axe}; return axe.run()")
    broken = [f"{v['id']}: {v['help']} {[n['html'] for n in v['nodes']][:3]}" for v in found["violations"]]
    assert broken == []
    assert len(found["passes"]) > 15


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_its_window(browser: Browser, served: Served, path: str) -> None:
    browser.open(served.page(path))
    wide, window = browser.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= window


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone_and_can_be_read_in_the_dark(
    browser: Browser, served: Served, axe: str, path: str
) -> None:
    if not isinstance(browser, Chromium):
        pytest.skip("only Chromium shows another width and colour scheme")
    browser.open(served.page(path))
    try:
        browser.emulate(390, "dark")
        wide, dark = browser.run("return [document.documentElement.scrollWidth, getComputedStyle(document.body).color]")
        assert (wide, dark) == (390, "rgb(240, 241, 242)")
        browser.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        found: dict[str, Any] = browser.run(f"{axe}; return axe.run()")
        assert [f"{v['id']}: {[n['html'] for n in v['nodes']][:3]}" for v in found["violations"]] == []
        assert browser.run("return document.documentElement.scrollWidth") == 390
    finally:
        browser.emulate()


def test_the_style_and_the_script_of_the_page_run_under_its_policy(browser: Browser, served: Served) -> None:
    browser.open(served.page("/"))
    assert browser.run("return getComputedStyle(document.querySelector('.top .wide')).display") == "flex"
    press(browser, "/")
    assert browser.run("return document.activeElement.id") == "find"


def test_keys_move_through_the_orders_and_open_one(browser: Browser, served: Served) -> None:
    browser.open(served.page("/orders"))
    press(browser, "j")
    assert browser.run("return document.activeElement.className") == "go"
    browser.run("document.activeElement.click()")
    browser.wait("return location.pathname.startsWith('/orders/')")
    press(browser, "o")
    browser.wait("return location.pathname === '/orders'")
    press(browser, "?")
    browser.wait("return location.pathname === '/keys'")
    press(browser, "d")
    browser.wait("return location.pathname === '/'")


def test_a_letter_in_a_field_is_a_letter(browser: Browser, served: Served) -> None:
    browser.open(served.page("/"))
    browser.type("#find", "do")
    assert browser.run("return [location.pathname, document.getElementById('find').value]") == ["/", "do"]
    browser.type("#find", ESCAPE)
    assert browser.run("return document.activeElement.tagName") == "BODY"


def test_an_order_is_found_with_the_search_field_and_enter(browser: Browser, served: Served) -> None:
    browser.open(served.page("/"))
    browser.type("#find", "main" + ENTER)
    browser.wait("return location.pathname === '/orders' && location.search.includes('main')")
    assert browser.run("return document.querySelectorAll('a.go').length") == 1


def test_where_the_focus_is_can_be_seen(browser: Browser, served: Served) -> None:
    browser.open(served.page("/orders"))
    for selector in ("a.go", "#state", "form.filter button", "#overdue"):
        browser.run("document.querySelector(arguments[0]).focus({focusVisible: true})", selector)
        outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", selector


def test_sealed_values_are_opened_by_the_form_and_the_entry_is_made_first(browser: Browser, served: Served) -> None:
    browser.open(served.page("/orders/{}"))
    assert "Sealed values are opened" not in text(browser)
    before = size(served.ledger)
    browser.type("#because", "asked by the court" + ENTER)
    browser.wait("return document.body.textContent.includes('Sealed values are opened on this page')")
    assert f"entry {before} of the log" in text(browser)
    with reading(served.ledger) as reader:
        last = reader.accesses()[-1]
        assert (last.index, last.by, last.get("justification")) == (before, "ilves", "asked by the court")


def test_a_paper_that_is_made_beside_the_desk_opens_by_itself(browser: Browser, tmp_path: Path) -> None:
    first = "import cli.desk.order_pages; cli.desk.order_pages.AT_ONCE = 0"
    with serving(browser, ledger_of("S2", tmp_path), first) as slow:
        for paper, there in (("custody.html", "#entries"), ("replay", "#moments")):
            browser.open(slow.page("/orders/{}/") + paper)
            assert "It is being made." in text(browser)
            browser.wait(f"return document.querySelector('{there}') !== null")


def test_the_replay_plays_at_the_desk(browser: Browser, served: Served) -> None:
    browser.open(served.page("/orders/{}/replay"))
    assert browser.run("return document.body.classList.contains('playing')") is True
    assert browser.run("return getComputedStyle(document.querySelector('.player')).display") == "grid"


def test_a_time_leads_to_the_moment_at_or_before_it_and_a_second_one_is_compared_with_it(
    browser: Browser, served: Served
) -> None:
    browser.open(served.page("/orders/{}/replay"))
    browser.run("document.querySelector('#to').value = document.querySelector('#to').min")
    browser.run("document.querySelector('#to').dispatchEvent(new Event('change'))")
    assert browser.run("return [...document.querySelectorAll('article')].findIndex((m) => m.matches('.now'))") == 0
    assert browser.run("return getComputedStyle(document.querySelector('.compared')).display") == "none"
    browser.run("document.querySelector('#with').value = document.querySelector('#with').max")
    browser.run("document.querySelector('#with').dispatchEvent(new Event('change'))")
    assert browser.run("return getComputedStyle(document.querySelector('.compared')).display") != "none"
    cells = "[...document.querySelectorAll('.compared td:last-child')]"
    rows = browser.run(f"return {cells}.map((cell) => cell.textContent)")
    assert rows[0] == "differs"
    assert len(rows) == 4


class _Evil(BaseHTTPRequestHandler):
    """A hostile page on this machine: another port, the same host name."""

    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def elsewhere(served: Served) -> Iterator[str]:
    """Return the address of a page that attacks the desk."""
    action = served.page("/orders/{}/open")
    form = f'<form method="post" action="{action}"><input name="because" value="x"><input name="what" value="timeline">'
    frame = f'<iframe src="{served.page("/")}"></iframe>'
    _Evil.body = f'<!doctype html><html lang="en"><title>x</title>{form}<button>x</button></form>{frame}'.encode()
    server = HTTPServer(("127.0.0.1", 0), _Evil)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_of_another_port_can_neither_read_nor_frame_nor_post(
    browser: Browser, served: Served, elsewhere: str
) -> None:
    browser.open(elsewhere)
    read = browser.run(
        "return fetch(arguments[0], {credentials: 'include'}).then((a) => a.text(), () => 'refused')",
        served.page("/orders"),
    )
    assert read == "refused"
    framed = browser.run("try { return document.querySelector('iframe').contentDocument?.title } catch { return null }")
    assert framed is None
    before = size(served.ledger)
    browser.run("document.querySelector('button').click()")
    browser.wait("return location.pathname.endsWith('/open')")
    assert re.search("Another page sent you here|did not come from the desk|Open the link", text(browser))
    assert size(served.ledger) == before


def test_a_page_shows_something(browser: Browser, served: Served) -> None:
    browser.open(served.page("/"))
    assert re.match(rb"\x89PNG", browser.picture())
