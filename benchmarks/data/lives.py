"""The lives of invented orders under CETS 224 article 7, with the outcomes that a provider published.

A life is a list of steps. A step says what happened, who signs it in which role, and how many minutes after the
step before. References to earlier steps are their labels, which `Pen` replaces by leaf hashes.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

RATES: dict[str, dict[str, float]] = tomllib.loads(Path(__file__).with_name("rates.toml").read_text(encoding="utf-8"))
INSTRUMENT = "2AP-7"
FROM, TO = "XO", "XV"
DECLARATIONS = ("D-7-2-b", "N-7-5-a", "C-7-5-e")
DESIGNATED = ("C-7-5-e",)  # of the notified authority
OFFICES = {"ISS": FROM, "VAL": FROM, "RET": FROM, "LAB": FROM, "SP": TO, "NOT": TO}  # role -> Party
EVENT_FIELDS = ("about", "answers", "supervision")


@dataclass(frozen=True, slots=True)
class Step:
    """Hold one fact to come: `label` names it for later steps, `after` is in minutes since the step before."""

    kind: str
    role: str
    after: int
    public: dict[str, Any] = field(default_factory=dict)
    sealed: dict[str, Any] = field(default_factory=dict)
    label: str = ""


def life(number: int, actors: dict[str, str]) -> list[Step]:
    """Return the life of order `number`, the same every time; `actors` are its offices by role."""
    chance = Random(number)
    asked_urgently = chance.random() < RATES["published"]["emergency"]
    disclosed = chance.random() < RATES["published"]["emergency_disclosed" if asked_urgently else "disclosed"]
    steps = [*_issued(number, actors, asked_urgently), *_delayed(chance), *_served(actors), *_question(chance, actors)]
    if disclosed:
        return [*steps, *_disclosed(number, actors), *_told(steps, chance)]
    ways = RATES["without_data"]
    return [*steps, *_without_data(chance.choices(list(ways), list(ways.values()))[0], actors)]


def long_life(number: int, actors: dict[str, str], entries: int) -> list[Step]:
    """Return a disclosed order with exactly `entries` entries: its exhibit is transferred again and again."""
    steps = [*_issued(number, actors, False), *_served(actors), *_disclosed(number, actors)]
    while len(steps) < entries:
        steps.append(_handed_over(number, actors, len(steps)))
    return steps[:entries]


def _issued(number: int, actors: dict[str, str], emergency: bool) -> list[Step]:
    order = {
        "instrument": INSTRUMENT,
        "from_party": FROM,
        "to_party": TO,
        "reference": f"PPO-{2024 + number // 100_000}-{number % 100_000:05}",
        "case_ref": f"KA-{number // 3:07}",
        "issuing_authority": actors["ISS"],
        "protocol_statement": True,
        "providers": [actors["SP"]],
        "return_authority": actors["RET"],
        "return_timeframe": "P20D",
        "return_manner": "provider-portal",
        "data_categories": ["subscriber"],
        "elements_sought": ["name", "postal-address", "registration-ip"],
        "domestic_legal_grounds": ["Code of Criminal Procedure of Orsinia, s. 88"],
        "special_instructions": ["certification", "confidentiality"],
        "simultaneous_notification_statement": True,
        "notified_authority": actors["NOT"],
        "supervision": "supervised",
        "languages": ["en"],
        "electronic_form_accepted": True,
        "emergency": emergency,
    }
    hidden = {
        "offences": ["fraud by means of a computer"],
        "offence_provisions": ["Penal Code of Orsinia, s. 214"],
        "applicable_penalties": "imprisonment up to 5 years",
        "identifiers": [f"acct-{number:07}"],
        "information_sought": "Identity, address and registration data of the holder of the account.",
        "summary_of_facts": f"Payments were taken for goods that were never sent; file {number // 3}.",
    }
    supervision = {"capacity": "public-prosecutor", "decision": "approved"}
    return [
        Step("order-supervised", "VAL", 0, supervision, label="supervised"),
        Step("order-issued", "ISS", 30, order, hidden),
    ]


def _delayed(chance: Random) -> list[Step]:
    if chance.random() >= RATES["on_the_way"]["delayed"]:
        return []
    said = {"grounds": ["LED:13(3)(a)"], "review_on": "2027-06-01"}
    why = {"reasons": "Telling the holder now would warn others who are still being looked for."}
    return [Step("customer-notification-delayed", "ISS", 5, said, why, "delay")]


def _served(actors: dict[str, str]) -> list[Step]:
    includes = ["order", "supplemental-information", "summary-of-facts"]
    notified = {"notified_authority": actors["NOT"], "includes": includes}
    sent = {"addressee": actors["SP"], "channel": "provider-portal"}
    stamped = {"proof_kind": "own-stamp"}
    return [
        Step("notification-sent", "ISS", 1_300, notified),
        Step("order-transmitted", "ISS", 0, sent),
        Step("notification-received", "NOT", 5, stamped),
        Step("order-received", "SP", 25, stamped),
    ]


def _question(chance: Random, actors: dict[str, str]) -> list[Step]:
    if chance.random() >= RATES["on_the_way"]["question"]:
        return []
    asked = {"asked_of": actors["RET"], "asks_consent_to_share": False}
    answer = {"answers": "question", "may_share_with_provider": False}
    question = {"question": "Is the account also used by another person?"}
    return [
        Step("additional-information-requested", "NOT", 3_000, asked, question, "question"),
        Step("additional-information-provided", "RET", 1_400, answer, {"reply": "Nothing points to a second user."}),
    ]


def _disclosed(number: int, actors: dict[str, str]) -> list[Step]:
    file = {"name": f"return-{number:07}.json", "size": 1_000 + number % 9_000, "sha256": _digest(number)}
    manifest = {"elements": ["name", "postal-address", "registration-ip"], "files": [file]}
    arrived = {"about": "disclosed", "check": "equal", "exhibit": _exhibit(number)}
    handed = {"partial": False, "recipient": actors["RET"], "channel": "provider-portal"}
    return [
        Step("data-disclosed", "SP", 14_000, handed, {"manifest": manifest}, "disclosed"),
        Step("evidence-received", "RET", 20, arrived, {"manifest": manifest}),
        _handed_over(number, actors, 0),
    ]


def _handed_over(number: int, actors: dict[str, str], times: int) -> Step:
    giver, taker = (actors["RET"], actors["LAB"]) if times % 2 == 0 else (actors["LAB"], actors["RET"])
    exhibit = {"exhibit": _exhibit(number), "released_by": giver, "received_by": taker, "check": "equal"}
    digests = {"digest_before": _digest(number), "digest_after": _digest(number), "place": "Karsk, evidence room 2"}
    return Step("custody-transferred", "LAB" if times % 2 == 0 else "RET", 1_200, exhibit, digests)


def _told(steps: list[Step], chance: Random) -> list[Step]:
    includes = ["legal-basis", "purpose", "data-categories", "retention", "recipients", "remedies"]
    lifted = [Step("customer-notification-delay-lifted", "ISS", 60_000, {"about": "delay"})]
    notice = Step(
        "customer-notified", "RET", 1_400 + chance.randrange(5_000), {"channel": "letter", "includes": includes}
    )
    return [*(lifted if any(step.label == "delay" for step in steps) else []), notice]


def _without_data(way: str, actors: dict[str, str]) -> list[Step]:
    match way:
        case "no-data-held":
            return [Step("no-data-held", "SP", 9_000, {}, {"search_description": "By account name; closed long ago."})]
        case "declined":
            return [Step("disclosure-declined", "SP", 12_000, {"reason_code": "overbroad"})]
        case "instructed":
            why = {"reasons": "Proceedings of our own against the same persons."}
            return [
                Step("non-disclosure-instructed", "NOT", 6_000, {"ground": "G-7-i", "scope": "all"}, why),
                Step("disclosure-declined", "SP", 600, {"reason_code": "instructed"}),
            ]
        case _:
            return [Step("reason-requested", "RET", 45_000)]  # thirty days of silence, then a question


def _digest(number: int) -> str:
    return sha256(f"return {number}".encode()).hexdigest()


def _exhibit(number: int) -> str:
    return f"KA-{number:07}/1"
