"""A person at the desk, in a browser: signed in, with the window of the signing page behind the desk's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from server.desk.site import LANGUAGE
from server.identity.callers import SESSION
from tests.browser.support.webdriver import ENTER, Browser
from tests.server.office import Office

PATIENCE: Final = 30  # seconds


class PersonAtDesk:
    """A person of an office. Several may share a browser: each call signs its person in."""

    def __init__(self, browser: Browser, office: Office, name: str, actor: str) -> None:
        self.browser, self.office = browser, office
        self.account = office.running.accounts.add(name, actor).id
        self._desk = f"http://localhost:{office.port}"
        self._window = browser.windows()[0]

    def open(self, path: str) -> None:
        """Open a page of the desk as this person; no signing page is open."""
        for window in self.browser.windows():
            if window != self._window:
                self.browser.switch(window)
                self.browser.close_window()
        self.browser.switch(self._window)
        self.browser.open(f"{self._desk}/sign-in")
        self.browser.set_cookie(SESSION, self.office.running.sessions.begin(self.account, "passkey"))
        self.browser.set_cookie(LANGUAGE, "en")  # other tests chose one in this browser
        self.browser.open(self._desk + path)

    def press(self, selector: str) -> None:
        """Press an element by keyboard, when the scripts of its page have run."""
        self.until(lambda: self.browser.run("return document.readyState === 'complete'"))
        self.browser.run("document.querySelector(arguments[0]).focus()", selector)
        self.browser.press(ENTER)

    def agree(self, button: str = "") -> None:
        """Set every tick of the signing page that opens, and press its first button, or the one with a text."""
        with self.signing_page() as page:
            self.until(lambda: page.run("return document.querySelectorAll('.ticks input').length"))
            page.run(
                "document.querySelectorAll('.ticks input').forEach((box) => box.click());"
                "[...document.querySelectorAll('#task .govuk-button')]"
                ".find((each) => each.textContent.includes(arguments[0])).click()",
                button,
            )

    def until(self, does: Callable[[], Any]) -> Any:
        """Return the first true value of a function; AssertionError with what both pages say after half a minute."""
        end = time.monotonic() + PATIENCE
        while not (value := does()):
            if time.monotonic() > end:
                said = []
                for window in self.browser.windows():
                    self.browser.switch(window)
                    said.append(str(self.browser.run("return document.body.innerText")))
                raise AssertionError("\n----\n".join(said))
        return value

    def shown(self) -> str:
        """Return the text of the desk's page."""
        return str(self.browser.run("return document.querySelector('main')?.innerText ?? ''"))

    def has(self, selector: str) -> bool:
        """Return True if the desk's page has an element."""
        return bool(self.browser.run("return document.querySelector(arguments[0]) !== null", selector))

    def wait_for(self, text: str) -> None:
        """Wait until the desk's page shows a text."""
        self.until(lambda: text in self.shown())

    @contextmanager
    def signing_page(self) -> Iterator[Browser]:
        """Speak with the window of the signing page until the block ends."""
        self.until(lambda: len(self.browser.windows()) > 1)
        self.browser.switch(next(window for window in self.browser.windows() if window != self._window))
        try:
            yield self.browser
        finally:
            self.browser.switch(self._window)
