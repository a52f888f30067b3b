"""A desk for tests: a page of any origin on this machine that opens the signing page and speaks with it by messages."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any

from tests.browser.support.webdriver import ENTER, Browser
from tests.server.office import Office

FORMAT = "comity.signing/1"
IDS = count(1)  # of messages and of pages: no two tests have the same
PATIENCE = 60.0  # seconds for an answer of the page, on a machine that does other work
PAGE = b"""<!DOCTYPE html><title>desk</title><button id="open" autofocus>open</button>
<textarea id="message"></textarea><button id="post">post</button><pre id="received">[]</pre><script>
const received = [];
let opened = null;
addEventListener('message', ({ data, origin, source }) => {
  if (data.type === 'ready' && origin === new URL(location.hash.slice(1)).origin) opened = source;
  received.push({ data, origin });
  at('received').textContent = JSON.stringify(received);
});
const at = (id) => document.getElementById(id);
at('open').onclick = () => { opened = open(location.hash.slice(1), `signing-${location.search}`); };
at('post').onclick = () => opened.postMessage(JSON.parse(at('message').value), '*');
</script>"""


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("cross-origin-opener-policy", "same-origin-allow-popups")  # as the desk of the server
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def pages() -> Iterator[int]:
    """Serve the page of the desk at a port, under every host name of this machine, until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class Desk:
    """A desk in a window of a browser, and the signing page that it has opened in another one.

    It speaks with the window that says it is ready, as the desk of the server does: in Firefox 153 the object that
    `window.open` returns is sometimes of the empty document that the page has replaced.
    """

    def __init__(self, browser: Browser, origin: str, signing: str) -> None:
        self.browser, self.origin, self.signing = browser, origin, signing
        self._window = browser.window()

    def open(self) -> None:
        """Open the desk, and from it the signing page, by the key that presses its button."""
        self.close()
        self.browser.open(f"{self.origin}/?{next(IDS)}#{self.signing}")
        until = time.monotonic() + PATIENCE
        while len(self.browser.windows()) < 2:  # Firefox loses a key that comes while it closes a window
            if time.monotonic() > until:
                raise TimeoutError("the signing page does not open")
            self.browser.wait(
                "const button = document.getElementById('open'); button?.focus(); return Boolean(button)", PATIENCE
            )
            self.browser.press(ENTER)
        self.wait_for("ready")

    def close(self) -> None:
        """Close the windows of the signing page."""
        for window in self.browser.windows():
            if window != self._window:
                self.browser.switch(window)
                self.browser.close_window()
        self.browser.switch(self._window)
        until = time.monotonic() + PATIENCE
        while len(self.browser.windows()) > 1:  # Firefox goes on listing a window that it closes
            if time.monotonic() > until:
                raise TimeoutError("the signing page does not close")

    def received(self) -> list[dict[str, Any]]:
        """Return every message that the desk got, with its origin."""
        found: list[dict[str, Any]] = json.loads(
            self.browser.run("return document.getElementById('received').textContent")
        )
        return found

    def wait_for(self, type_: str = "", id_: str = "") -> dict[str, Any]:
        """Return the data of the last message with a type or an id."""
        what = json.dumps([type_, id_])
        found: dict[str, Any] = self.browser.wait(
            f"const [type, id] = {what}; return JSON.parse(document.getElementById('received')?.textContent ?? '[]')"
            ".findLast(({ data }) => (!type || data.type === type) && (!id || data.id === id))?.data",
            PATIENCE,
        )
        return found

    def post(self, message: Mapping[str, Any]) -> str:
        """Send a message with a new id; return the id."""
        id_ = str(message.get("id", f"m{next(IDS)}"))
        sent = {"format": FORMAT, "id": id_, **message}
        self.browser.run(
            "document.getElementById('message').value = arguments[0]; document.getElementById('post').click()",
            json.dumps(sent),
        )
        return id_

    def ask(self, type_: str, **members: Any) -> dict[str, Any]:
        """Send a message and return the answer to it."""
        return self.wait_for(id_=self.post({"type": type_, **members}))

    @contextmanager
    def person(self) -> Iterator[Browser]:
        """Speak with the window of the signing page until the block ends."""
        (other,) = (window for window in self.browser.windows() if window != self._window)
        self.browser.switch(other)
        try:
            yield self.browser
        finally:
            self.browser.switch(self._window)

    def says(self) -> str:
        """Return all that the signing page says."""
        with self.person() as page:
            said: str = page.run("return document.querySelector('main').innerText")
            return said

    def agree(self, button: str = ".govuk-button") -> None:
        """Set every tick on the signing page, and press its first button, when they are there."""
        with self.person() as page:
            page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
            page.run(
                "document.querySelectorAll('.ticks input').forEach((box) => box.click());"
                "document.querySelector('#task').querySelector(arguments[0]).click()",
                button,
            )

    def enrol(self, log: str, key: str, person: str = "Dina Ilves", office: str = "ilves") -> dict[str, Any]:
        """Return what the page answers to a person who has it make a key."""
        id_ = self.post(enrolment(log, key, person, office))
        self.agree()
        return self.wait_for(id_=id_)

    def enrol_file(self, log: str, key: str, file: str) -> dict[str, Any]:
        """Return what the page answers to a person who gives it a key file."""
        id_ = self.post(enrolment(log, key, "Dina Ilves", "ilves"))
        with self.person() as page:
            page.wait("return document.querySelector('#key-file')", PATIENCE)
            page.type("#key-file", file)
            page.run(
                "document.querySelectorAll('.ticks input').forEach((box) => box.click());"
                "document.querySelector('#key-file-form button').click()"
            )
        return self.wait_for(id_=id_)


def enrolment(log: str, key: str, person: str = "Dina Ilves", office: str = "ilves") -> dict[str, Any]:
    """Return the message by which a desk asks for a key."""
    ledger = {"log": log, "key": key, "fingerprint": sha256(key.encode()).hexdigest()}
    account = {"id": f"account-{office}", "name": person, "office": office}
    return {"type": "enrol", "ledger": ledger, "account": account, "device": "Laptop"}


def log_of(office: Office) -> tuple[str, str]:
    """Return the origin and the verifier key of the log of an office, from its trust policy."""
    line = (office.ledger / "trust" / "policy").read_text("utf-8").split("\n")[0]
    key = line.removeprefix("log ")
    return key.split("+")[0], key
