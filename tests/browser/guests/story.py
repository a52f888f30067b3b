"""What the four people record, and what has to hold when they have: the same by forms and by keyboard alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.server.office import Office
from tests.support.cli import House


class Signer(Protocol):
    """A person with an account at the office."""

    account: str


ISSUED = {
    "f.to_party": "XV",
    "f.case_ref": "KA-2027-0311",
    "f.reference": "KA-7/2027",
    "f.providers.0": "skylark",
    "f.notified_authority": "ncco",
    "f.return_authority": "orn",
    "f.data_categories-1": "",
}

STORY = [
    ("order-issued", "ilves"),
    ("notification-sent", "ilves"),
    ("order-transmitted", "ilves"),
    ("notification-received", "ncco"),
    ("additional-information-requested", "ncco"),
    ("additional-information-provided", "orn"),
    ("non-disclosure-instructed", "ncco"),
    ("instruction-reasons-given", "ncco"),
    ("instruction-lifted", "ncco"),
    ("order-received", "skylark"),
    ("data-disclosed", "skylark"),
    ("evidence-received", "orn"),
    ("custody-transferred", "orn"),
    ("notification-sent", "ilves"),
    ("customer-notified", "ilves"),
]


def leaf_of(office: Office, order: str, number: int) -> str:
    """Return the leaf hash of an entry of an order, by its place among its entries."""
    return office.journal.case(order).entries[number].leaf


def check_signers(office: Office, order: str, people: Mapping[str, Signer]) -> list[tuple[str, str]]:
    """Check that the key of each entry is linked to its person alone; return who signed what."""
    entries = office.journal.case(order).entries
    for entry in entries:
        assert entry.key in office.running.accounts.keys(people[entry.by].account)
    assert len({entry.key for entry in entries}) == len(people)
    return [(entry.kind, entry.by) for entry in entries]


def check_court(made: House, order: str, folder: Path) -> None:
    """File at court: the office hands out what it files, and what it filed verifies without the server."""
    kit = folder / "kit"
    why = ("--because", "trial", "--purpose", "trial", "--person", "Dina Ilves", "--as", "ilves")
    filed = made.run("file", order, "--audience", "COURT", "--html", "-o", str(kit), *why)
    assert filed.exit_code == 0, filed.stderr
    (bundle,) = kit.rglob("*.evidence.zip")
    verified = made.away("verify", str(bundle), "--trust", str(made.ledger / "trust"), "--json")
    assert verified.exit_code == 0, verified.stdout + verified.stderr
