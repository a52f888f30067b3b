"""Two offices of two States with separate ledgers, which exchange orders as files."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.support.cli import House

STATES = {"karsk": ("XO", "Europe/Tallinn"), "skylark": ("XV", "Europe/Dublin")}
OFFICES = {"karsk": ("ilves", "ISS"), "skylark": ("skylark", "SP")}
ORDER = ("issue", "--instrument", "EPOC", "--to", "XV", "--provider", "skylark", "--unregistered")
WORDS = ("--category", "subscriber", "--element", "name")


class Office(House):
    """One of the two offices."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder / name)
        self.name = name
        self.signer = OFFICES[name][0]
        self.post = folder

    def do(self, *args: str) -> Any:
        """Run a command that has to succeed."""
        done = self.run(*args)
        assert done.exit_code == 0, done.output
        return done

    def enrol(self, actor: str, role: str) -> None:
        """Make a key for an office, register both, and show possession of the key."""
        self.do("key", "new", actor)
        self.do("key", "enrol", actor, "--role", role, "--party", STATES[self.name][0], "--office", f"Office {actor}")
        self.do("key", "accept", actor)

    def send(self, order: str, audience: str, actor: str | None = None) -> str:
        """Return the path of a new bundle of an order, signed by an office."""
        path = str(self.post / f"{self.name}-{len(list(self.post.glob('*.zip')))}.evidence.zip")
        self.do("export", order, "--audience", audience, "-o", path, "--as", actor or self.signer)
        return path

    def issue(self, reference: str, actor: str = "ilves") -> str:
        """Issue and transmit an order, and return the path of its bundle for the provider."""
        self.do(*ORDER, "--reference", reference, *WORDS, "--as", actor)
        to = ("-f", "addressee=skylark", "-f", "channel=decentralised-it-system")
        self.do("record", "order-transmitted", reference, *to, "--as", actor)
        return self.send(reference, "SP", actor)

    def receive(self, path: str) -> dict[str, Any]:
        """Receive a bundle, and return the answer."""
        return self.reply("receive", path, "--as", self.signer)


def two_houses(folder: Path) -> tuple[Office, Office]:
    """Return fresh copies of an authority and a provider that have pinned each other's logs."""
    shutil.copytree(_pinned(), folder, dirs_exist_ok=True)
    return Office(folder, "karsk"), Office(folder, "skylark")


@cache
def _pinned() -> Path:
    folder = Path(mkdtemp(prefix="comity-test-"))
    offices = [Office(folder, name) for name in STATES]
    for office in offices:
        office.folder.mkdir()
        party, _ = STATES[office.name]
        office.do("init", str(office.ledger), "--origin", f"ledger.example/{party.lower()}/{office.name}")
        office.enrol(*OFFICES[office.name])
        for state, zone in STATES.values():
            fields = (f"party={state}", f"zone={zone}", "declarations_verified=true")
            office.do("record", "party-registered", *(w for f in fields for w in ("-f", f)), "--as", "registrar")
    for office, other in zip(offices, offices[::-1], strict=True):
        office.do("counterparty", "add", str(other.ledger / "trust"))
    return folder
