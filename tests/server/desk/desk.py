"""People who have signed in at the desk of a server that listens, and the pages that they get."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

from server.identity.callers import SESSION
from tests.server.office import Office, Reply


@dataclass(frozen=True)
class Person:
    """A person with a session at an office; `token` is the session's id, `account` that of the account."""

    office: Office
    account: str
    token: str

    def get(self, path: str, **headers: str) -> Reply:
        """Return a page."""
        sent = {"cookie": f"{SESSION}={self.token}", "sec-fetch-site": "same-origin", **headers}
        return self.office.send("GET", path, None, sent)

    def post(self, path: str, pairs: list[tuple[str, str]], **headers: str) -> Reply:
        """Send a form."""
        sent = {
            "cookie": f"{SESSION}={self.token}",
            "origin": self.office.url,
            "sec-fetch-site": "same-origin",
            "content-type": "application/x-www-form-urlencoded",
            **headers,
        }
        return self.office.send("POST", path, urlencode(pairs).encode(), sent)


def person(office: Office, name: str, actor: str, *, key: bool = True) -> Person:
    """Return a person of an office, signed in; with `key` the key of the office's story is linked to the account."""
    accounts = office.running.accounts
    account = accounts.add(name, actor).id
    if key:
        accounts.link_key(account, office.key(actor).public.hex())
    return Person(office, account, office.running.sessions.begin(account, "passkey"))


def words(reply: Reply) -> str:
    """Return a page with its entities read."""
    return unescape(reply.body.decode())


def own_words(page: str) -> str:
    """Return the words of a page that are neither marked as English, nor a name, a code or what a script reads."""
    bare = re.sub(r"<(style|script|bdi|code|pre|kbd)\b[^>]*>.*?</\1>", " ", page, flags=re.DOTALL)
    bare = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', " ", bare, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " | ", bare))


def marked(page: str) -> list[str]:
    """Return the words of a page that are marked as English, for which the catalogue has none."""
    return [unescape(text) for text in re.findall(r'<span lang="en">(.*?)</span>', page, flags=re.DOTALL)]
