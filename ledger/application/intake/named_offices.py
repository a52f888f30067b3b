"""Propose an address book of the authorities that issue the orders of a table, for the registrar to complete."""

from __future__ import annotations

import csv
import io
from typing import Final

from ledger.application.intake.expand import Expansion
from ledger.application.intake.profile import ASKED, ColumnRule, Profile

COLUMNS: Final = ("party", "zone", "actor", "name", "roles")


def proposed_offices(made: Expansion, profile: Profile) -> tuple[str, str]:
    """Return an address book as CSV, one line for each authority with its Party, and a sentence about it.

    No key and no role is taken from the table: the role is that of an office that issues orders, and the registrar
    signs for it. The time zone of each Party is asked once.
    """
    words = _words(profile)
    offices: dict[str, str] = {}
    for fact in made.facts:
        actor = fact.cells.get("issuing_authority") or fact.cells.get("actor") if fact.kind == "order-issued" else None
        if actor:
            offices.setdefault(str(actor), str(fact.cells.get("from_party", ASKED)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    asked: set[str] = set()
    for actor, party in sorted(offices.items(), key=lambda pair: pair[::-1]):
        writer.writerow((party, "" if party in asked else ASKED, actor, words.get(actor, ""), "issuing authority"))
        asked.add(party)
    says = f"{len(offices)} authorities of {len(asked)} Parties; say the zone of each Party at its {ASKED}, and delete"
    return text.getvalue(), f"{says} what is registered already; `comity offices add FILE` registers them"


def _words(profile: Profile) -> dict[str, str]:
    """Return the names of authorities in the table by their ids, from the lists of codes of the profile."""
    rules = (
        rule
        for entry in profile.entry
        if entry.kind == "order-issued"
        for name in ("issuing_authority", "actor")
        if isinstance(rule := entry.fields.get(name), ColumnRule) and rule.codes
    )
    return {code: word for rule in rules for word, code in reversed(profile.codes[rule.codes].items())}
