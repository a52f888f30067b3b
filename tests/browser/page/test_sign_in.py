"""A person signs in at the office server by keyboard alone, with a virtual authenticator; in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from server.identity.page.texts import texts
from tests.browser.support.webdriver import ENTER, TAB, Browser, Chromium
from tests.server.office import Office, serving_story

pytestmark = pytest.mark.browser

FOCUS = "return document.activeElement.id || document.activeElement.type || document.activeElement.tagName"


@pytest.fixture(scope="module")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Serve a ledger to one kind of browser: after five wrong codes of an address all have to wait."""
    with serving_story("S2", tmp_path_factory.mktemp("house")) as served:
        yield served


def tab_to(browser: Browser, id: str) -> None:
    """Press TAB until an element has the focus."""
    for _ in range(20):
        browser.press(TAB)
        if browser.run(FOCUS) == id:
            return
    raise AssertionError(f"{id} is not reached by keyboard")


def shows(browser: Browser, id: str) -> bool:
    return bool(browser.run("return !document.getElementById(arguments[0]).hidden", id))


def test_a_person_registers_a_passkey_and_signs_in_by_keyboard(house: Office, browser: Browser) -> None:
    if not isinstance(browser, Chromium):
        pytest.skip("only Chromium has a virtual authenticator")
    with browser.authenticator():
        check_passkey(house, browser)


def check_passkey(house: Office, browser: Browser) -> None:
    accounts = house.running.accounts
    account = accounts.add("Dina Ilves", "ilves").id
    browser.open(f"http://localhost:{house.port}/sign-in?lang=en")
    tab_to(browser, "code")
    browser.type("#code", accounts.make_code(account))
    browser.press(ENTER)
    browser.wait("return !document.getElementById('in').hidden")
    assert browser.run(FOCUS) == "welcome", "the focus is where the page has changed"
    assert browser.run("return document.getElementById('person').textContent") == "Dina Ilves, ilves"
    assert browser.run("return document.querySelectorAll('#passkeys li').length") == 1
    assert browser.run("return document.cookie") == "", "no script reads the session"
    tab_to(browser, "sign-out")
    browser.press(ENTER)
    browser.wait("return document.getElementById('in').hidden")
    assert accounts.ways(account).sessions == 0
    tab_to(browser, "passkey")
    browser.press(ENTER)
    browser.wait("return !document.getElementById('in').hidden")
    (passkey,) = accounts.ways(account).passkeys
    assert passkey.used
    accounts.lock(account)
    browser.open(f"http://localhost:{house.port}/sign-in?lang=de")
    assert not shows(browser, "in")
    tab_to(browser, "passkey")
    browser.press(ENTER)
    fault = browser.wait("return document.getElementById('fault').textContent")
    assert fault == texts()["de"]["refused"]
    accounts.unlock(account)


def test_a_wrong_code_is_said_in_the_language_of_the_page(house: Office, browser: Browser) -> None:
    for language in texts():
        browser.open(f"http://localhost:{house.port}/sign-in?lang={language}")
        assert browser.run("return document.documentElement.lang") == language
        assert browser.run("return document.title").startswith(texts()[language]["title"])
        browser.type("#code", "AAAAA" + ENTER)
        fault = browser.wait("return document.getElementById('fault').textContent")
        assert fault == texts()[language]["refused"]
        assert browser.run("return document.getElementById('status').textContent") == ""


def test_the_page_is_no_wider_than_a_telephone(house: Office, browser: Browser) -> None:
    browser.resize(390)
    browser.open(f"http://localhost:{house.port}/sign-in?lang=de")
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    browser.resize()
