"""An office server that listens in a thread of this process, and the keys of people who ask it."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import comity
from cli.session import ledger_choice
from comity.remote.ledger import RemoteLedger
from ledger.adapters.http_server import listen
from ledger.adapters.http_signatures import sign_request
from ledger.adapters.keys.key_files import Key
from ledger.adapters.keys.open_key import open_key
from ledger.application.journal import Journal
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, seal
from ledger.facts import build
from server.run import OfficeServer, Settings
from tests.support.cli import ORIGIN, ledger_of


@dataclass(frozen=True)
class Reply:
    """The answer to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Return the code of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        return str(self.json["code"])


@dataclass(frozen=True)
class Office:
    """A server that listens, over the ledger in a folder."""

    ledger: Path
    port: int
    running: OfficeServer
    journal: Journal

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def key(self, actor: str) -> Key:
        """Return the key of an office of a played ledger."""
        return open_key(str(self.ledger / "keys" / f"PUBLIC-{actor}"))

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a request as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            reply = connection.getresponse()
            got = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, got, reply.read(), tuple(reply.headers.get_all("set-cookie", [])))
        finally:
            connection.close()

    def ask(
        self, actor: str | Key, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a request that an office has signed: GET, or POST of a body."""
        key = self.key(actor) if isinstance(actor, str) else actor
        method = "GET" if body is None else "POST"
        given = dict(headers or {})
        if body is not None:
            given.setdefault("content-type", "application/json")
        return self.send(method, path, body, sign_request(key, method, self.url + path, given, body))

    def connect(self, actor: str | Key, state: Path, url: str = "") -> RemoteLedger:
        """Return the client of an office."""
        key = self.key(actor) if isinstance(actor, str) else actor
        return comity.connect(url or self.url, key=key, trust=self.ledger / "trust", state=state)


@contextmanager
def serving(ledger: Path, **settings: Any) -> Iterator[Office]:
    """Serve a ledger in a thread until the block ends; a `signing_page` under the host name sign.localhost."""
    clock = lambda: ledger_choice.now(str(ledger))  # noqa: E731
    with closing(listen("127.0.0.1", 0)) as listening, Journal.open(ledger, now=clock) as journal:
        port = listening.getsockname()[1]
        bases = (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
        if "signing_page" in settings:
            settings["signing"] = f"http://sign.localhost:{port}"
        set_up = Settings(bases, **{"rate": 10_000.0, **settings})
        with closing(OfficeServer(journal, set_up)) as office:
            thread = Thread(target=office.run, args=(listening,))
            thread.start()
            try:
                yield Office(ledger, port, office, journal)
            finally:
                office.server.should_exit = True
                thread.join()


@contextmanager
def serving_story(story: str, folder: Path, **settings: Any) -> Iterator[Office]:
    """Serve a fresh copy of a story's ledger."""
    with serving(ledger_of(story, folder), **settings) as office:
        yield office


def submission(key: Key) -> bytes:
    """Return the body of a request that begins an order, signed by ilves."""
    now = datetime.now(UTC).replace(microsecond=0)
    fact = build("order-issued", {"instrument": "VOL", "from_party": "XO", "to_party": "XV"}, {})
    place, signer = EntryPlace(ORIGIN, str(uuid4()), 1, None, "VOL"), Signer("ilves", "ISS", "XO", key.public, key.sign)
    sealed = seal(fact, place, signer, Circumstances(now, now), uuid4().hex, secrets.token_bytes)
    entry = {"entry": sealed.raw.decode(), "disclosures": [each.text for each in sealed.disclosures]}
    return json.dumps({"entries": [entry], "unregistered": True}).encode()
