"""A provider's table of incoming orders, and the bundles of some of them, in the folders of two offices."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.server.exchange.offices import Offices

HEADINGS = "Ticket,Received,Authority,Reference,Country,Account,Data,Answered"
ANSWERS = {
    'zone = "???"': 'zone = "Europe/Dublin"',
    'dates = "??? day-first"': 'dates = "day-first"',
    'instrument = "???"': 'instrument = "EPOC"',
    'providers = "???"': 'providers = "skylark"',
    'to_party = "???"': 'to_party = "XV"',
    'on_source = "???"': 'on_source = "receipt-stamp"',
    'partial = "???"': "partial = false",
}
OFFICES = {"District Court": "XO", "Parquet de Lyon": "FR", "Procura di Milano": "IT"}


def table(offices: Offices, many: int) -> list[str]:
    """Write a table of incoming orders, every second one answered; return the references of the others."""
    lines, open_ = [HEADINGS], []
    for number in range(many):
        authority = list(OFFICES)[number % 3]
        came = datetime.now(UTC) - timedelta(days=1 + number % 5)
        answered = "" if number % 2 else f"{came:%d.%m.%Y}"
        reference = f"{number} Js {number}/26"
        open_ += [] if answered else [reference]
        lines.append(
            f"T-{number},{came:%d.%m.%Y},{authority},{reference},{OFFICES[authority]},u{number},subscriber,{answered}"
        )
    (offices.root / "skylark" / "in.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return open_


def register(offices: Offices) -> None:
    """Complete the draft of the profile and the proposed address book, as a person would."""
    home = offices.root / "skylark"
    draft = offices.type("skylark", "comity import profile in.csv")
    for asked, answer in ANSWERS.items():
        draft = draft.replace(asked, answer)
    (home / "in.toml").write_text(draft, encoding="utf-8")
    book = offices.type("skylark", "comity import profile in.csv --check in.toml --offices --quiet")
    assert book.count("???") == len({line.partition(",")[0] for line in book.splitlines()[1:]} & {*OFFICES.values()})
    book = book.replace("FR,???", "FR,Europe/Paris").replace("IT,???", "IT,Europe/Rome").replace("XO,???", "XO,")
    (home / "offices.csv").write_text(book[: book.rindex("\n") + 1], encoding="utf-8")
    offices.type("skylark", "comity offices add offices.csv")


def due(offices: Offices) -> list[str]:
    """Return the references of the orders with an open deadline, one for each deadline with an end."""
    listed = offices.type("skylark", "comity due --json --quiet")
    return sorted(item["ref"] for item in json.loads(listed[listed.index("{") :])["due"] if item["due"])


def orders(offices: Offices) -> list[dict[str, Any]]:
    answer = offices.answer("skylark", "comity orders")
    return list(answer["orders"])


def issued(offices: Offices, number: int) -> str:
    """Issue an order of the table at its authority, and hand its bundle to the provider."""
    reference, on = f"'{number} Js {number}/26'", datetime.now(UTC) - timedelta(days=7)
    offices.type(
        "karsk",
        f"comity issue --instrument EPOC --to XV --provider skylark --unregistered --reference {reference} "
        "--category subscriber --element name --from order.json --as ilves "
        f"--on {on:%Y-%m-%dT%H:%M:%SZ}",
    )
    offices.type("karsk", f"comity export {reference} --audience SP -o ../{number}.zip --as ilves")
    return offices.type("skylark", f"comity receive ../{number}.zip --as skylark")


def imported(offices: Offices, many: int) -> tuple[list[str], dict[str, Any]]:
    open_ = table(offices, many)
    register(offices)
    dry = offices.answer("skylark", "comity import in.csv --profile in.toml --as skylark --dry-run")
    offices.type("skylark", "comity import in.csv --profile in.toml --as skylark")
    return open_, dry
