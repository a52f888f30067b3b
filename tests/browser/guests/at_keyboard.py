"""People who work at the desk and the signing page by keyboard alone: by Tab, Enter, Space, arrows and single keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from server.documents import SEEN
from server.identity.callers import SESSION
from server.identity.lockout import Lockout
from tests.browser.support.keyboard import Keyboard
from tests.browser.support.webdriver import ENTER, ESCAPE, TAB, Browser, Chromium
from tests.server.guests.guests import use
from tests.server.office import Office
from tests.support.cli import House

Look = Callable[["Typist"], None]


class Typist:
    """A person with a keyboard, in a browser profile; `look` is called on each page that the person works with."""

    def __init__(self, browser: Browser, office: Office, look: Look) -> None:
        self.browser, self.office, self._look = browser, office, look
        self.keys = Keyboard(browser)
        self.account = ""
        self._desk = f"http://localhost:{office.port}"
        self._window = browser.windows()[0]

    def come(self, name: str, actor: str) -> None:
        """Sign in for the first time, with a code and a passkey that is made now."""
        accounts = self.office.running.accounts
        self.account = accounts.add(name, actor).id
        self.keys.address(f"{self._desk}/sign-in?lang=en")
        if not isinstance(self.browser, Chromium):  # Firefox has no authenticator without a person
            self.browser.set_cookie(SESSION, self.office.running.sessions.begin(self.account, "passkey"))
            self.keys.address(f"{self._desk}/?lang=en")
            return
        with self.browser.authenticator():
            self.looked()
            self.keys.type("#code", accounts.make_code(self.account))
            self.keys.press(ENTER)
            self.keys.until("return document.activeElement.id === 'welcome'")
        self.keys.enter("#desk")
        self.on("/")

    def come_by(self, link: str) -> None:
        """Open a link of a guest, and make a passkey there."""
        accounts = self.office.running.accounts
        if not isinstance(self.browser, Chromium):
            self.office.running.sign_in.of_addresses = Lockout()
            reply, _, _ = use(self.office, link.partition("#")[2])
            assert reply.status == 200, reply.body
            self.account = accounts.find(reply.json["name"]).id
            self.keys.address(f"{self._desk}/sign-in")
            self.browser.set_cookie(SESSION, self.office.running.sessions.begin(self.account, "passkey"))
            self.keys.address(f"{self._desk}/keys?lang=en")
            return
        with self.browser.authenticator():
            self.keys.address(link)
            name = self.keys.until("return document.getElementById('name').textContent")
            self.looked()
            self.keys.enter("#passkey")
            self.on("/keys")
        self.account = accounts.find(name).id

    def get_key(self, made: House, role: str) -> None:
        """Make a key and ask for it, let the registrar enter it by the command line, and accept it."""
        self.go("/keys")
        self.looked()
        requests = self.office.running.key_requests
        self.keys.type("#device", "Laptop")
        self.keys.press(ENTER)
        self.agree("Make a key in this browser")
        self.keys.until_true(lambda: requests.of_account(self.account), "the key is asked for")
        self.focus_is("asked")
        key = requests.of_account(self.account)[-1].key
        account = self.office.running.accounts.get(self.account)
        assert account is not None
        done = made.run("key", "enrol", account.office, "--public", key, "--role", role)
        assert done.exit_code == 0, done.stderr
        self.office.send("GET", "/v1/head", headers={SEEN: str(self.office.running.view.size())})  # the server looks
        self.go("/keys")
        self.keys.enter(".accept")
        self.agree()
        self.focus_is("own")
        assert "may sign" in self.keys.look("return document.querySelector('main').innerText")

    def go(self, place: str) -> None:
        """Go to a place of the navigation by Tab."""
        self.keys.follow(f"#places a[href='{place}']")
        self.on(place)

    def find(self, order: str) -> None:
        """Go to the list of orders by a key, and open an order there."""
        self.keys.press("o")
        self.keys.until("return /orders$/.test(location.pathname) && document.readyState === 'complete'")
        self.looked()
        for _ in range(9):
            self.keys.press("j")
            if self.keys.look("return document.activeElement.getAttribute('href')") == f"/orders/{order}":
                break
        self.keys.press(ENTER)
        self.on(f"/orders/{order}")

    def step(self, kind: str) -> None:
        """Go from an order to the form of a step: `n`, and Tab to the step, or to the list of all."""
        self.looked()
        self.keys.press("n")
        self.keys.until("return document.activeElement.id === 'next'")
        link = f"a[href$='/record/{kind}'], a[href*='/record/{kind}?']"
        common = self.keys.look("return document.querySelector(arguments[0]) !== null", f".common {link}")
        if not common and not self.keys.look("return location.pathname.startsWith('/guest')"):
            self.keys.follow(".common a[href$='/record']")
            self.looked()
        self.keys.follow(f"main {link}".replace(", ", ", main "))

    def fill(self, values: Mapping[str, str | Path]) -> None:
        """Fill in the form and let it be checked; a path is a file for the box of the manifest."""
        self.keys.loaded()
        for id, value in values.items():
            place = f"#{id.replace('.', chr(92) + '.')}"
            if isinstance(value, Path):
                self.keys.give("comity-files[for='f.manifest'] input", value)
                self.keys.until(
                    "const box = document.querySelector(\"comity-files[for='f.manifest']\");"
                    "return !box.busy && box.value.length"
                )
                continue
            kind = self.keys.look("const at = document.querySelector(arguments[0]); return at?.type", place)
            assert kind, f"the form has no {id}"
            act = {"select-one": self.keys.choose, "checkbox": self._tick, "radio": self._tick}
            act.get(kind, self.keys.type)(place, value)
        self.check()

    def _tick(self, place: str, _: str) -> None:
        self.keys.tick(place)

    def check(self) -> None:
        """Press the button that checks the form; the focus is then on what would be signed, or on the faults."""
        self.keys.follow("#entry .acts button[value=check]")
        self.keys.until("return ['checked-title', 'faults'].includes(document.activeElement.id)")
        self.looked()

    def decline(self) -> None:
        """Go to the signing page, and come back without a signature: the focus is where it was."""
        self.keys.enter("#sign")
        with self.signing_page():
            self.keys.until("return document.querySelector('.ticks input') !== null")
            self.keys.enter("#task .actions .govuk-button--secondary")
            self.keys.until("return document.querySelector('.ticks input') === null")
        self.keys.until("return document.getElementById('fault').textContent !== ''")
        self.focus_is("sign")

    def sign(self) -> str:
        """Sign what the form shows, and return the address of the recorded entry, which has the focus."""
        assert self.keys.look("return document.getElementById('faults')?.innerText ?? ''") == ""
        self.keys.enter("#sign")
        self.agree()
        self.keys.until("return /^#entry-/.test(location.hash) && document.readyState === 'complete'")
        self.keys.until("return '#' + document.activeElement.id === location.hash")
        return str(self.keys.look("return location.pathname + location.hash"))

    def record(self, kind: str, values: Mapping[str, str | Path]) -> str:
        """Go from the order to a step, fill in its form, and sign."""
        self.step(kind)
        self.fill(values)
        return self.sign()

    def agree(self, button: str = "") -> None:
        """Set every tick of the signing page, press its first button or the one with a text, and close the page."""
        with self.signing_page():
            count = self.keys.until("return document.querySelectorAll('.ticks input').length")
            self.looked()
            for n in range(count):
                self.keys.tick(f"#tick-{n}")
            before = self.keys.look("return document.querySelector('#task h2').textContent")
            self.keys.reach("#task .actions .govuk-button")
            self.keys.until_true(lambda: self._at(button), f"a button {button!r} on the signing page")
            self.keys.press(ENTER)
            self.keys.until(
                "return (document.querySelector('#task h2')?.textContent ?? '') !== arguments[0]"
                " && (document.querySelector('.said') || document.getElementById('status').textContent)",
                before,
            )
            if not button:
                self.keys.until("return document.querySelector('.said') !== null")

    def _at(self, button: str) -> bool:
        """Say whether the focus is on a button with a text; go on to the next control if not."""
        if button in self.keys.look("return document.activeElement.textContent"):
            return True
        self.keys.press(TAB)
        return False

    @contextmanager
    def signing_page(self) -> Iterator[None]:
        """Be in the window of the signing page until the block ends, which closes it."""
        self.keys.until_true(lambda: len(self.browser.windows()) > 1, "the signing page opens")
        self.browser.switch(next(window for window in self.browser.windows() if window != self._window))
        yield
        self.browser.close_window()
        self.browser.switch(self._window)

    def shortcuts(self) -> None:
        """Open the list of the keys, which keeps the focus, and close it: the focus is where it was."""
        where = "return document.activeElement.outerHTML"
        self.keys.reach("main a")
        before = self.keys.look(where)
        self.keys.press("?")
        self.keys.until("return document.getElementById('shortcuts').open")
        self.looked()
        self.keys.reach("#shortcuts button")
        self.keys.reach("#keys-on")
        self.keys.press(ESCAPE)
        self.keys.until("return !document.getElementById('shortcuts').open")
        assert self.keys.look(where) == before

    def skip(self) -> None:
        """Go behind the navigation by the first link of the page."""
        self.keys.loaded()
        self.keys.press(TAB, ENTER)
        self.keys.until("return document.activeElement.id === 'content'")

    def on(self, path: str) -> None:
        """Wait until a page is there."""
        self.keys.until("return location.pathname.endsWith(arguments[0]) && document.readyState === 'complete'", path)

    def focus_is(self, id: str) -> None:
        """Wait until an element has the focus."""
        self.keys.until("return document.readyState === 'complete' && document.activeElement.id === arguments[0]", id)

    def looked(self) -> None:
        """Look at the page."""
        self._look(self)
