"""People who work at the desk in a browser: each has a profile, a session, and a key in the signing page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from server.desk.site import LANGUAGE
from server.identity.callers import SESSION
from tests.browser.sign.desk import enrolment, log_of
from tests.browser.support.webdriver import ENTER, Browser
from tests.server.office import Office

PATIENCE = 20.0  # seconds
ENROL = """
const [request] = arguments;
const button = document.createElement('button');
button.id = 'enrol-now';
button.onclick = () => import('/desk/signing.js').then(({ ask }) => ask(request))
  .then((answer) => { button.dataset.answer = JSON.stringify(answer); })
  .catch((error) => { button.dataset.answer = error.code; });
document.querySelector('main').append(button);
button.focus();
"""


class Worker:
    """A person of an office with a browser; `key_file` is the file of the person's key."""

    def __init__(self, browser: Browser, office: Office, name: str, actor: str, key: str, key_file: Path) -> None:
        self.browser, self.office, self.actor = browser, office, actor
        self.base = f"http://localhost:{office.port}"
        accounts = office.running.accounts
        self.account = accounts.add(name, actor).id
        accounts.link_key(self.account, key)
        self._key_file = key_file
        browser.open(f"{self.base}/sign-in")
        browser.set_cookie(SESSION, office.running.sessions.begin(self.account, "passkey"))
        browser.set_cookie(LANGUAGE, "en")  # other tests chose one in this browser
        self._desk = browser.windows()[0]

    def open(self, path: str) -> None:
        """Open a page of the desk, without the window of the signing page: keys go to the window in front."""
        for window in self.browser.windows():
            if window != self._desk:
                self.browser.switch(window)
                self.browser.close_window()
        self.browser.switch(self._desk)
        self.browser.open(self.base + path)

    def enrol(self) -> None:
        """Give the person's key file to the signing page."""
        self.open("/")
        request = enrolment(*log_of(self.office), self.account, self.actor)
        request["account"]["id"] = self.account
        self.browser.run(ENROL, request)
        self.browser.press(ENTER)
        with self.signing_page() as page:
            page.wait("return document.querySelector('#key-file')", PATIENCE)
            page.type("#key-file", str(self._key_file))
            page.run(
                "document.querySelectorAll('.ticks input').forEach((box) => box.click());"
                "document.querySelector('#key-file-form button').click()"
            )
        answer = self.browser.wait("return document.getElementById('enrol-now').dataset.answer", PATIENCE)
        assert json.loads(answer)["type"] == "enrolled"

    def fill(self, values: Mapping[str, str]) -> None:
        """Type values into the controls of a form, and let it be checked."""
        for id, value in values.items():
            self.browser.run(
                "const at = document.getElementById(arguments[0]);"
                "if (at.type === 'checkbox' || at.type === 'radio') at.click(); else at.value = arguments[1];",
                id,
                value,
            )
        self.browser.run("document.querySelector('.acts button').id = 'check-now'")
        self.press("check-now")
        self.browser.wait(
            "return document.readyState === 'complete' && !document.getElementById('check-now')"
            " && document.querySelector('#checked, #faults')",
            PATIENCE,
        )

    def press(self, id: str) -> None:
        """Press a button by keyboard."""
        self.browser.run("document.getElementById(arguments[0]).focus()", id)
        self.browser.press(ENTER)

    def sign(self, *, agree: bool = True) -> None:
        """Sign what the form shows, or decline to, on the signing page."""
        assert self.browser.run("return document.getElementById('faults')?.innerText") is None
        self.press("sign")
        self.agree(agree=agree)

    def agree(self, *, agree: bool = True) -> None:
        """Answer the signing page: set the ticks and sign, or cancel."""
        with self.signing_page() as page:
            page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
            if agree:
                page.run("document.querySelectorAll('.ticks input').forEach((box) => box.click())")
            page.run(
                "[...document.querySelectorAll('#task .actions button')].at(arguments[0]).click()", 0 if agree else -1
            )

    def recorded(self) -> str:
        """Return the address of the page to which the person was led when the entry was recorded."""
        address: str = self.browser.wait(
            "return /^#entry-/.test(location.hash) && document.readyState === 'complete'"
            " && location.pathname + location.hash",
            PATIENCE,
        )
        return address

    def record(self, path: str, values: Mapping[str, str]) -> str:
        """Fill in a form, sign, and return where the recorded entry is shown."""
        self.open(path)
        self.fill(values)
        self.sign()
        return self.recorded()

    def text(self) -> str:
        """Return what the page says."""
        said: str = self.browser.run("return document.querySelector('main').innerText")
        return said

    @contextmanager
    def signing_page(self) -> Iterator[Browser]:
        """Speak with the window of the signing page until the block ends."""
        for _ in range(200):
            others = [window for window in self.browser.windows() if window != self._desk]
            if others:
                break
            self.browser.run("return new Promise((resolve) => setTimeout(resolve, 20))")
        (other,) = others
        self.browser.switch(other)
        try:
            yield self.browser
        finally:
            self.browser.switch(self._desk)
