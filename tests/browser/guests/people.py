"""People who answer one order in browsers of their own: of the issuing office, or guests who come by a link."""

from __future__ import annotations

from collections.abc import Mapping

from server.documents import SEEN
from server.identity.lockout import Lockout
from tests.browser.keys.person import PersonAtDesk
from tests.browser.keys.test_keys import accept, ask
from tests.browser.support.webdriver import Browser, Chromium
from tests.server.guests.guests import use
from tests.server.office import Office
from tests.support.cli import House


class Person(PersonAtDesk):
    """A person of the issuing office with an account, who records steps by forms."""

    def record(self, path: str, values: Mapping[str, str], files: str = "") -> str:
        """Fill in a form, drop files into its box, sign, and return where the recorded entry is shown."""
        self.open(path)
        self.fill(values, files)
        return self.signed()

    def fill(self, values: Mapping[str, str], files: str = "") -> None:
        """Type values into the controls of the form, and let it be checked."""
        if files:
            self.browser.type("comity-files[for='f.manifest'] input", files)
            self.browser.wait(
                "const box = document.querySelector(\"comity-files[for='f.manifest']\");"
                "return !box.busy && box.value.length"
            )
        for id, value in values.items():
            found = self.browser.run(
                "const at = document.getElementById(arguments[0]); if (at === null) return false;"
                "if (at.type === 'checkbox' || at.type === 'radio') { if (!at.checked) at.click() }"
                " else at.value = arguments[1]; return true;",
                id,
                value,
            )
            assert found, f"the form has no {id}"
        self.press("#entry button[value=check]:not(.hidden)")
        self.until(lambda: self.has("#sign") or self.has("#faults"))
        assert not self.has("#faults"), self.browser.run("return document.querySelector('#faults').innerText")

    def signed(self) -> str:
        """Sign what the form shows, and return where the recorded entry is shown."""
        self.press("#sign")
        self.agree()
        return str(
            self.until(
                lambda: self.browser.run(
                    "return document.readyState === 'complete' && /^#entry-/.test(location.hash)"
                    " && location.pathname + location.hash"
                )
            )
        )

    def entered(self, made: House, role: str) -> None:
        """Get a key: ask for it, let the registrar enter it by the command line, and accept it."""
        key = ask(self, "Laptop")
        account = self.office.running.accounts.get(self.account)
        assert account is not None
        done = made.run("key", "enrol", account.office, "--public", key, "--role", role)
        assert done.exit_code == 0, done.stderr
        self.office.send(
            "GET", "/v1/head", headers={SEEN: str(self.office.running.view.size())}
        )  # the server looks now
        accept(self, key)


class GuestPerson(Person):
    """A guest who opens a link in a new profile, and makes a passkey and a key there."""

    def __init__(self, browser: Browser, office: Office, link: str) -> None:
        self.browser, self.office = browser, office
        self._desk = f"http://localhost:{office.port}"
        self._window = browser.windows()[0]
        if isinstance(browser, Chromium):
            with browser.authenticator():
                self._by_page(link)
        else:  # Firefox has no authenticator without a person: the same requests, without its page
            office.running.sign_in.of_addresses = Lockout()
            reply, _, _ = use(office, link.partition("#")[2])
            assert reply.status == 200, reply.body
            self.account = office.running.accounts.find(reply.json["name"]).id

    def _by_page(self, link: str) -> None:
        self.browser.open(link)
        self.until(lambda: self.browser.run("return !document.getElementById('invited').hidden"))
        assert self.browser.run("return location.hash") == "", "the secret is taken out of the address"
        name = self.browser.run("return document.getElementById('name').textContent")
        self.press("#passkey")
        self.until(lambda: self.browser.run("return location.pathname") == "/keys")
        assert "__Host-comity" not in self.browser.run("return document.cookie"), "no script reads the session"
        self.account = self.office.running.accounts.find(name).id
