"""The law judges any entries without an exception, and gives the same judgement twice."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case, Unread, wire
from ledger.facts import KINDS, Field
from ledger.facts.vocabulary import ELEMENTS, INSTRUMENTS
from ledger.law import judge
from tests.support.scenarios import OFFICES, PARTIES, Fact, Office, case, moment

START = moment("2027-03-01T09:00Z")
ACTORS = {**OFFICES, "lab": Office("XO", ("LAB",)), "node": Office("XO", ("SYS",)), "caq": Office("XV", ("CAQ", "POC"))}
DECLARED = (
    *("R-7-9-a", "R-7-9-b", "D-7-2-b", "N-7-5-a", "N-7-5-b", "C-7-5-e", "D-7-8", "R-8-13", "D-8-4", "D-8-11"),
    *("D-9-1-b", "D-9-5"),
)
CLOCKS = ("D-7-7", "E-10-2", "E-10-4", "E-11-1", "NOTICE-REVIEW")


def value(dice: random.Random, field: Field, labels: list[str]) -> Any:
    """Return a random value of the form that the vocabulary requires."""
    if field.type.startswith("list["):
        one = replace_type(field, field.type[5:-1])
        return [value(dice, one, labels) for _ in range(dice.randint(0, 2))]
    match field.type:
        case "bool":
            return dice.random() < 0.5
        case "int":
            return dice.randint(0, 9)
        case "instant":
            return wire(START + timedelta(hours=dice.randint(-48, 2000)))
        case "date":
            return (START + timedelta(days=dice.randint(-5, 90))).date().isoformat()
        case "duration":
            return dice.choice(("P20D", "P45D", "PT8H", "P1M"))
        case "party":
            return dice.choice(("XO", "XV", "XX"))
        case "actor":
            return dice.choice((*ACTORS, "nobody"))
        case "code":
            return dice.choice(field.one_of)
        case "element":
            return dice.choice(tuple(ELEMENTS)) + dice.choice(("", "#1"))
        case "event":
            return dice.choice((*labels, "no-such-entry"))
        case "document":
            return {"code": "paper", "media": "application/pdf", "size": 1, "sha256": "0" * 64}
        case "manifest":
            names = dice.sample(tuple(ELEMENTS), 2)
            files = [
                {
                    "name": n,
                    "size": 9,
                    **dice.choice(({"sha256": "a" * 64}, {"sha256": "b" * 64}, {"digest": "md5:00"})),
                }
                for n in dice.sample(names, dice.randint(0, 2))
            ]
            return {"elements": names, "files": files}
        case "str" if field.name == "deadline":
            return dice.choice(CLOCKS)
        case _:
            return dice.choice(("some", "other"))


def replace_type(field: Field, type: str) -> Field:
    """Return the field of one item of a list."""
    return Field(**{name: getattr(field, name) for name in field.__struct_fields__} | {"type": type})


def record(seed: int) -> Case:
    """Make thirty random facts by random offices: some in wrong roles, some unreadable, some recorded late."""
    dice = random.Random(seed)
    instrument = dice.choice(tuple(INSTRUMENTS))
    kinds = ["order-issued", "order-transmitted", "order-received", "notification-received", "data-disclosed"]
    kinds += dice.choices([name for name, kind in KINDS.items() if kind.group != "governance"], k=25)
    facts: list[Fact] = []
    for number, name in enumerate(kinds):
        kind, labels = KINDS[name], [f.label or "" for f in facts]
        on = START + timedelta(hours=dice.randint(0, 1500) if number > 2 else number)
        fields = {
            n: dice.choice((Unread.ERASED, Unread.WITHHELD))
            if f.sealed and dice.random() < 0.1
            else value(dice, f, labels)
            for n, f in kind.fields().items()
            if f.required or dice.random() < 0.6
        }
        if name == "order-issued":
            fields |= {"instrument": instrument, "from_party": "XO", "to_party": dice.choice(("XV", "XX"))}
        role = dice.choice(kind.signers) if dice.random() < 0.9 else "AUD"
        holders = [actor for actor, office in ACTORS.items() if role in office.roles] or ["ilves"]
        speaks = dice.choice(("act", "act", "act", "import"))
        replaces = dice.choice(labels) if labels and dice.random() < 0.05 else None
        whose = dice.choice(tuple(ACTORS)) if speaks == "import" else None
        at = on + timedelta(hours=dice.choice((0, 0, 0, 40)))
        by = dice.choice(holders)
        facts.append(Fact(name, on, by, role, at, speaks, whose, "own-act", f"fact {number}", replaces, fields))
    facts.append(Fact("not-a-kind", START, "ilves", "ISS", START, label="unknown"))
    terms = {"D-9-5": "P14D", "N-7-5-b": ["minor"]}
    declared = tuple(code for code in DECLARED if dice.random() < 0.4)
    parties = {
        **PARTIES,
        "XV": replace(PARTIES["XV"], declarations=declared, terms=terms, verified=dice.random() < 0.8),
    }
    return case(facts, instrument, parties=parties, offices=ACTORS)


@pytest.mark.parametrize("seed", range(60))
def test_the_law_never_raises(seed: int) -> None:
    drawn = record(seed)
    for hours in (0, 100, 2000):
        at = START + timedelta(hours=hours)
        assert judge(drawn, at) == judge(drawn, at)
