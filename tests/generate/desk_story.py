"""The invented ledger of the pictures of the desk: orders of one prosecutor's office, with days counted from today.

Something is late, something is due in days, something has no beginning, and one order went wrong. Persons, offices,
companies and Parties are invented.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

PARTIES = """
story           = "desk"
title           = "The pictures of the desk"
source          = "fictional"
assume_in_force = { 2AP = 2025-01-01 }

[parties.XO]
name                  = "Republic of Orsinia"
zone                  = "Europe/Berlin"
holidays              = []
declarations          = ["D-9-1-b"]
declarations_verified = true

[parties.XV]
name                  = "Kingdom of Valdoria"
zone                  = "Europe/Stockholm"
holidays              = []
declarations          = ["D-7-2-b", "N-7-5-a", "C-7-5-e", "D-8-4", "C-14-7-c", "C-14-10-b"]
declarations_verified = true
designates            = { C-7-5-e = "ncco", C-14-7-c = "ncco", C-14-10-b = "ncco" }
"""
ACTORS = {
    "ilves": ("Dina Ilves", "Prosecutor's Office Karsk", "XO", ["ISS", "VAL"]),
    "orn": ("Sgt Pavel Orn", "Cyber Unit Karsk", "XO", ["RET"]),
    "harbor": ("Harbor Chat Ltd", "Harbor Chat Ltd, legal process desk", "XV", ["SP"]),
    "skylark": ("Skylark Nachrichtendienste GmbH", "Skylark, Auskunftsstelle für Behörden", "XV", ["SP"]),
    "fjordlink": ("Fjordlink Hosting ASA, Tromsø", "Fjordlink, trust and safety", "XV", ["SP"]),
    "noc": ("duty officer", "contact point of Valdoria", "XV", ["POC"]),
    "ncco": ("Maja Thörne", "National Cyber Cooperation Office, Lindmark", "XV", ["NOT", "DPA14"]),
}
CERTIFICATE = {
    "code": "certificate",
    "media": "application/pdf",
    "size": 9_120,
    "sha256": "1ca25fec9e00063833bd9901f8394f4bb81b6b9ffe9b379db379beb599349142",
}
ASKED = ["name", "postal-address", "registration-ip"]


class Story:
    """Facts by the day, counted from the day of `now`, in the order in which they happened."""

    def __init__(self, now: datetime) -> None:
        self._midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self._orders: list[str] = []
        self._facts: list[tuple[datetime, str]] = []

    def date(self, day: int) -> str:
        return f"{self._midnight + timedelta(days=day):%Y-%m-%d}"

    def order(self, label: str, provider: str, instrument: str = "2AP-7") -> None:
        self._orders.append(
            f'[orders.{label}]\ninstrument = "{instrument}"\nfrom = "XO"\nto = "XV"\nprovider = "{provider}"\n'
        )

    def fact(
        self,
        label: str,
        kind: str,
        by: str,
        role: str,
        day: int,
        time: str,
        public: Mapping[str, Any],
        sealed: Mapping[str, Any] = {},
    ) -> None:
        hour, minute = map(int, time.split(":"))
        when = self._midnight + timedelta(days=day, hours=hour, minutes=minute)
        head = {"label": kind, "order": label, "type": kind, "by": by, "as": role}
        lines = ["[[facts]]", *map(_line, head.items()), f"on = {when:%Y-%m-%dT%H:%M:%SZ}"]
        lines += ["[facts.public]", *map(_line, public.items())]
        lines += ["[facts.sealed]", *map(_line, sealed.items())] if sealed else []
        self._facts.append((when, "\n".join(lines)))

    def issued(self, label: str, provider: str, case: str, day: int, matter: str, account: str) -> None:
        """Issue an order for the identity behind an account, supervised, and complete in its form."""
        self.order(label, provider)
        self.fact(
            label, "order-supervised", "ilves", "VAL", day, "8:20",
            {"capacity": "public-prosecutor", "decision": "approved"},
        )  # fmt: skip
        self.fact(
            label, "order-issued", "ilves", "ISS", day, "8:40",
            {
                "reference": reference(label), "case_ref": case, "issuing_authority": "ilves",
                "date_issued": self.date(day), "protocol_statement": True, "providers": [provider],
                "return_authority": "orn",
                "return_timeframe": "P20D", "return_manner": "provider-portal", "data_categories": ["subscriber"],
                "elements_sought": ASKED, "domestic_legal_grounds": ["Code of Criminal Procedure of Orsinia, s. 88"],
                "preservation_sought": False, "special_instructions": ["certification"],
                "simultaneous_notification_statement": True, "notified_authority": "ncco",
                "supervision": "order-supervised", "languages": ["en"], "electronic_form_accepted": True,
                "resolved_declarations": ["D-7-2-b", "N-7-5-a", "C-7-5-e", "D-8-4", "C-14-7-c", "C-14-10-b"],
                "dp_regime": "2AP:14(2)-(15)",
            },
            {
                "offences": [matter], "offence_provisions": ["Penal Code of Orsinia, s. 214"],
                "applicable_penalties": "imprisonment up to 5 years", "identifiers": [account],
                "information_sought": "Identity, address and registration data of the holder of the account.",
                "summary_of_facts": "The account was used to answer persons who paid for goods that never came.",
            },
        )  # fmt: skip

    def sent(self, label: str, provider: str, day: int, *, received: bool = True) -> None:
        """Notify the authority and transmit the order at once; both have it half an hour later, or none says so."""
        papers = {"notified_authority": "ncco", "includes": ["order", "supplemental-information", "summary-of-facts"]}
        self.fact(label, "notification-sent", "ilves", "ISS", day, "9:05", papers)
        sent = {"addressee": provider, "channel": "provider-portal"}
        self.fact(label, "order-transmitted", "ilves", "ISS", day, "9:10", sent)
        if received:
            self.fact(label, "notification-received", "ncco", "NOT", day, "9:40", {"proof_kind": "own-stamp"})
            self.fact(label, "order-received", provider, "SP", day, "9:45", {"proof_kind": "own-stamp"})

    def disclosed(self, label: str, provider: str, day: int, size: int, digest: str) -> None:
        """Disclose one file, which the police compares with the digest that the provider states."""
        file = {"name": f"{label}.json".replace("/", "-"), "size": size, "sha256": digest}
        manifest = {"manifest": {"elements": ASKED, "files": [file]}}
        self.fact(
            label, "data-disclosed", provider, "SP", day, "10:02",
            {
                "partial": False, "recipient": "orn", "channel": "provider-portal",
                "certificate": CERTIFICATE,
            },
            manifest,
        )  # fmt: skip
        self.fact(
            label, "evidence-received", "orn", "RET", day, "10:31",
            {"about": "data-disclosed", "check": "equal", "exhibit": f"{label}/1"}, manifest,
        )  # fmt: skip

    def text(self) -> str:
        """Return the story as a file that `comity play` reads."""
        actors = [
            f'[actors.{name}]\nname = "{person}"\noffice = "{office}"\nparty = "{party}"\nroles = {json.dumps(roles)}\n'
            for name, (person, office, party, roles) in ACTORS.items()
        ]
        facts = [text for _, text in sorted(self._facts, key=lambda each: each[0])]
        return "\n".join([PARTIES, *actors, *self._orders, *facts, ""])


def reference(label: str) -> str:
    """Return the number under which the office quotes an order."""
    return f"PPO-{label.removeprefix('karsk-')}/2026"


def _line(named: tuple[str, Any]) -> str:
    return f"{named[0]} = {_value(named[1])}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(map(_line, value.items())) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)


WRONG, SILENT, DUE, LOST, ASKED_BACK, KEPT, DONE, DRAFT = (
    "karsk-311", "karsk-352", "karsk-371", "karsk-398", "karsk-384", "karsk-360", "karsk-327", "karsk-402",
)  # fmt: skip


def story(now: datetime) -> str:
    """Return the story of the orders as they are at the moment `now`."""
    made = Story(now)
    fraud, ransom, stalking = "fraud by means of a computer", "extortion by ransomware", "threats by messages"

    made.issued(WRONG, "harbor", "KA-2026-0311", -24, fraud, "harb-9020")
    made.sent(WRONG, "harbor", -23)
    instructed = {"ground": "G-7-i", "scope": "all"}
    reasons = {"reasons": "A Valdorian inquiry into the same group would be harmed."}
    made.fact(WRONG, "non-disclosure-instructed", "ncco", "NOT", -20, "14:00", instructed, reasons)
    made.fact(
        WRONG, "instruction-reasons-given", "ncco", "NOT", -20, "14:20", {"about": "non-disclosure-instructed"}, reasons
    )
    made.disclosed(WRONG, "harbor", -12, 18_240, "9b8f77c1d0a3e5520c4c9a5e4b3c9d7e1f60a2b48c5d6e7f8091a2b3c4d5e6f7")

    delayed = {"grounds": ["2AP:14(12)(a)(i)"], "review_on": made.date(3)}
    kept_from = {"reasons": "Telling the holder now would warn others who are still being looked for."}
    made.fact(WRONG, "customer-notification-delayed", "ilves", "ISS", -12, "11:15", delayed, kept_from)
    made.fact(WRONG, "retention-rule-set", "ilves", "ISS", -12, "11:20", {"review_on": made.date(90)})
    made.issued(SILENT, "skylark", "KA-2026-0352", -34, ransom, "+46 555 0137")
    made.sent(SILENT, "skylark", -33)
    made.issued(DUE, "fjordlink", "KA-2026-0371", -28, stalking, "vps-30442")
    made.sent(DUE, "fjordlink", -28)
    made.issued(LOST, "harbor", "KA-2026-0398", -6, fraud, "harb-1177")
    made.sent(LOST, "harbor", -6, received=False)
    made.issued(ASKED_BACK, "skylark", "KA-2026-0384", -16, ransom, "jürgen.groß@skylark.example")
    made.sent(ASKED_BACK, "skylark", -15)
    made.fact(
        ASKED_BACK, "additional-information-requested", "ncco", "NOT", -2, "13:15",
        {"asked_of": "ilves"}, {"question": "Is the account used by a minor?"},
    )  # fmt: skip
    made.issued(DONE, "fjordlink", "KA-2026-0327", -40, fraud, "vps-11834")
    made.sent(DONE, "fjordlink", -39)
    made.disclosed(DONE, "fjordlink", -21, 4_210, "36f3f8565f52365d3d620faad4954c7857ce77b4ffe3ed809952e0562c01c448")
    made.fact(DONE, "customer-notified", "ilves", "ISS", -9, "11:00", {"channel": "letter"})
    made.fact(DONE, "order-closed", "ilves", "ISS", -9, "11:10", {"outcome": "answered"})
    made.order(KEPT, "fjordlink", "BC-29")
    made.fact(
        KEPT, "order-issued", "ilves", "ISS", -52, "9:00",
        {
            "reference": reference(KEPT), "case_ref": "KA-2026-0360", "issuing_authority": "ilves",
            "date_issued": made.date(-52), "elements_sought": ["name", "postal-address"],
            "intends_mutual_assistance": True,
        },
        {"offences": [ransom], "summary_of_facts": "A hospital was locked out of its records."},
    )  # fmt: skip
    reached = {"addressee": "noc", "channel": "contact-point-24-7"}
    made.fact(KEPT, "order-transmitted", "ilves", "ISS", -52, "9:05", reached)
    made.fact(KEPT, "order-received", "noc", "POC", -52, "9:10", {"proof_kind": "own-stamp"})
    made.fact(KEPT, "preservation-confirmed", "noc", "POC", -51, "10:00", {"elements": ["name", "postal-address"]})
    made.issued(DRAFT, "harbor", "KA-2026-0402", -1, stalking, "harb-3301")
    return made.text()
