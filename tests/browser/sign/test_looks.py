"""The signing page is usable by keyboard and read aloud, fits a phone, and can be read in the dark."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from tests.browser.sign.desk import PATIENCE, Desk, enrolment, log_of
from tests.browser.sign.honest_desk import as_asked, receipts_of, recorded, request
from tests.browser.support.webdriver import ENTER, TAB, Browser, Chromium
from tests.server.office import Office

pytestmark = pytest.mark.browser

READY = "return document.querySelectorAll('.ticks input').length"
WIDTHS = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


def speak(page: Browser, language: str) -> None:
    page.run(
        "const choice = document.getElementById('language'); choice.value = arguments[0];"
        "choice.dispatchEvent(new Event('change'))",
        language,
    )
    assert page.run("return document.documentElement.lang") == language


def check_accessible(page: Browser, axe: str) -> None:
    found: dict[str, Any] = page.run(f"{axe}; return axe.run()")
    assert [f"{v['id']}: {[n['html'] for n in v['nodes']][:3]}" for v in found["violations"]] == []


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("task", ["enrol", "sign"])
def test_each_task_is_accessible_and_fits_every_window(
    opened: Desk, office: Office, order: str, axe: str, task: str, language: str
) -> None:
    opened.post(enrolment(*log_of(office)) if task == "enrol" else request(opened, office, order))
    with opened.person() as page:
        page.wait(READY, PATIENCE)
        speak(page, language)
        assert "undefined" not in page.run("return document.body.innerText")
        check_accessible(page, axe)
        wide, window = page.run(WIDTHS)
        assert wide <= window
        if isinstance(page, Chromium):
            try:
                page.emulate(390, "dark")
                check_accessible(page, axe)
                assert page.run(WIDTHS) == [390, 390]
                assert page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"
            finally:
                page.emulate()


def tab_to(page: Browser, script: str) -> None:
    """Press TAB until a script says that the focus is right."""
    for _ in range(40):
        if page.run(script):
            return
        page.press(TAB)
    raise AssertionError(script)


def test_a_person_signs_by_keyboard_alone_and_hears_what_became_of_it(
    opened: Desk, office: Office, order: str, axe: str
) -> None:
    id_ = opened.post(request(opened, office, order))
    with opened.person() as page:
        page.wait(READY, PATIENCE)
        assert page.run("return document.activeElement.id") == "task", "the focus is where the page has changed"
        for box in ("tick-0", "tick-1"):
            tab_to(page, f"return document.activeElement.id === '{box}'")
            page.press(" ")
        tab_to(page, "return document.activeElement.textContent === 'Sign'")
        page.press(ENTER)
    answer = opened.wait_for(id_=id_)
    receipts = recorded(office, answer)
    assert opened.ask(**as_asked(receipts_of(office, answer, receipts)))["type"] == "recorded"
    with opened.person() as page:
        assert page.run("return document.querySelector('#task h2').textContent") == "Recorded"
        assert page.run("return document.activeElement.id") == "task"
        check_accessible(page, axe)
