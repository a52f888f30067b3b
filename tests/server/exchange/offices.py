"""Two offices with a ledger each, on two machines of their own, as docs/tutorial/two-ledgers.md begins them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner

from cli.app import comity
from ledger.application.journal import Journal
from ledger.entries.envelope import open_
from server.exchange.peers import Peer
from server.exchange.store import ExchangeStore
from tests.server.office import Office, serving

ORIGINS = {"karsk": "ledger.example/xo/karsk", "skylark": "ledger.example/xv/skylark"}
ORDER = {
    "issuing_capacity": "judge", "return_authority": "ilves", "notification_test": "not-required-category",
    "dp_regime": "LED", "languages": ["en"], "identifiers": ["user-80417"], "offence_provisions": ["Penal Code, fraud"],
    "necessity_grounds": "The data cannot be had in a way that weighs less on the person.",
    "summary_of_facts": "Invoices with changed account numbers were sent to several firms.",
}  # fmt: skip
BOTH = (
    "comity record party-registered -f party=XO -f zone=Europe/Tallinn -f declarations_verified=true --as registrar",
    "comity record party-registered -f party=XV -f zone=Europe/Dublin -f declarations_verified=true --as registrar",
)
BEGIN = (
    ("karsk", "comity init ledger --origin ledger.example/xo/karsk"),
    ("karsk", "comity key new ilves"),
    (
        "karsk",
        "comity key enrol ilves --public .config/comity/keys/ilves.pub --role ISS --party XO --office 'District Court'",
    ),
    ("karsk", "comity key accept ilves"),
    ("karsk", "comity key person ilves 'Dina Ilves'"),
    ("skylark", "comity init ledger --origin ledger.example/xv/skylark"),
    ("skylark", "comity key new skylark"),
    ("skylark", "comity key enrol skylark --public .config/comity/keys/skylark.pub --role SP --party XV --office Sky"),
    ("skylark", "comity key accept skylark"),
    ("skylark", "comity key person skylark 'Ivo Lind'"),
    *((who, line) for who in ORIGINS for line in BOTH),
    ("karsk", "comity counterparty add ../skylark/ledger/trust"),
    ("skylark", "comity counterparty add ../karsk/ledger/trust"),
    (
        "karsk",
        "comity issue --instrument EPOC --to XV --provider skylark --unregistered --reference E-7 "
        "--category subscriber --element name --from order.json --as ilves",
    ),
    ("karsk", "comity record order-transmitted E-7 -f addressee=skylark -f channel=decentralised-it-system --as ilves"),
)


@dataclass(frozen=True)
class Offices:
    """The folders of both offices below one folder; each is the home of its office."""

    root: Path

    def ledger(self, who: str) -> Path:
        return self.root / who / "ledger"

    def env(self, who: str) -> dict[str, str]:
        return {
            "HOME": str(self.root / who), "COMITY_LEDGER": "ledger", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "",
            "NO_COLOR": "1",
        }  # fmt: skip

    def type(self, who: str, line: str, code: int = 0) -> str:
        """Type a command in the folder of an office; return its output."""
        here = os.getcwd()
        os.chdir(self.root / who)
        try:
            ended = CliRunner().invoke(comity, shlex.split(line)[1:], env=self.env(who))
        finally:
            os.chdir(here)
        assert ended.exit_code == code, f"{line}: {ended.output}"
        return ended.output

    def answer(self, who: str, line: str, code: int = 0) -> Any:
        """Type a command with --json; return its answer."""
        said = self.type(who, f"{line} --json --quiet", code)
        return json.loads(said[said.index("{") :])

    def configure(self, who: str, url: str | None, **more: str) -> Peer:
        """Write the configuration of an office, whose only peer is the other office; return that peer."""
        peer = peer_of(who, url, **more)
        lines = {"name": peer.name, "origin": peer.origin, "audience": peer.audience, **more}
        if url is not None:
            lines["url"] = url
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
        (self.root / who / "serve.toml").write_text(f"[[peers]]\n{text}", "utf-8")
        return peer

    @contextmanager
    def serving(self, who: str, **settings: Any) -> Iterator[Office]:
        """Serve the ledger of an office, which knows the other office as a peer, in a thread."""
        with mock.patch.dict(os.environ, self.env(who)):
            running = serving(self.ledger(who), **{"peers": (peer_of(who, None),), **settings})
            office = running.__enter__()
        try:
            yield office
        finally:
            running.__exit__(None, None, None)

    @contextmanager
    def opened(self, who: str) -> Iterator[tuple[Journal, ExchangeStore]]:
        """Open the ledger of an office, and its store of bundles."""
        with mock.patch.dict(os.environ, self.env(who)):
            journal = Journal.open(self.ledger(who))
        with journal, closing(ExchangeStore(self.ledger(who))) as store:
            yield journal, store

    def kinds(self, who: str) -> list[str]:
        """Return the kinds of the entries of a ledger, in the order of the log."""
        with self.opened(who) as (journal, _):
            rows = (journal.store.at(index) or b"" for index in range(journal.store.size()))
            return [open_(raw, verify=False).payload.kind for raw in rows]

    def judged(self, who: str) -> dict[str, Any]:
        """Return what the record of an office shows of the order E-7."""
        said = self.answer(who, "comity judge E-7 --as-of 2100-01-01T00:00:00Z")
        return {name: said[name] for name in ("instrument", "state", "deadlines", "findings", "criteria")}


def peer_of(who: str, url: str | None, **more: str) -> Peer:
    """Return the other office as the peer of one."""
    name = "skylark" if who == "karsk" else "karsk"
    return Peer(name, ORIGINS[name], "SP" if name == "skylark" else "ISS", url, **more)


def begin(root: Path) -> Offices:
    """Make both ledgers, and the order E-7 in that of karsk."""
    offices = Offices(root)
    for who in ORIGINS:
        (root / who).mkdir(parents=True)
    (root / "karsk" / "order.json").write_text(json.dumps(ORDER), "utf-8")
    for who, line in BEGIN:
        offices.type(who, line)
    return offices


def copy(offices: Offices, root: Path) -> Offices:
    """Return a copy of two offices, with their guards."""
    shutil.copytree(offices.root, root, dirs_exist_ok=True)
    return Offices(root)
