"""From a deadline, a finding or a gap to the form that settles it, with the fields filled in that are known."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from ledger.entries.case import Case
from ledger.entries.form import BY_COMMAND
from ledger.entries.keyring import REGISTRY_ONLY
from ledger.facts import KINDS
from ledger.facts.vocabulary import ROLES
from ledger.law import Clock
from ledger.law.next_steps.step import FROM, NextStep
from ledger.messages import Message, made

# The kinds that meet each deadline; empty with the reason where none of them is recorded through a server.
MEETS: Final[Mapping[str, tuple[str, ...]]] = {
    "D-7-7": ("data-disclosed", "no-data-held", "disclosure-declined"),
    "D-7-5d": ("instruction-reasons-given",),
    "D-6-3d": ("data-disclosed", "no-data-held", "disclosure-declined"),
    "D-8-6-SERVICE": ("order-received",),
    "D-8-6-RETURN": ("data-disclosed", "no-data-held"),
    "D-9-5": ("emergency-request-formalised",),
    "B-29-60": ("production-request-confirmed",),
    "B-16-90": ("production-request-confirmed",),
    "E-10-2": ("data-disclosed", "no-data-held"),
    "E-10-3": ("data-disclosed", "no-data-held"),
    "E-10-4": ("data-disclosed", "no-data-held"),
    "E-10-4-DATA": ("data-destroyed", "use-restricted", "condition-accepted"),
    "E-10-5": ("order-adapted", "order-maintained", "order-withdrawn", "enforcement-requested"),
    "E-10-6": ("order-corrected", "additional-information-provided", "order-maintained", "order-withdrawn"),
    "E-10-7": (
        "impossibility-concluded", "deadline-extended", "order-adapted", "order-maintained", "order-withdrawn",
        "enforcement-requested",
    ),
    "E-10-8": (
        "deadline-extended", "order-corrected", "order-adapted", "order-maintained", "order-withdrawn",
        "enforcement-requested",
    ),
    "E-11-1": ("production-request-confirmed",),
    "E-11-5": ("order-corrected", "additional-information-provided", "order-maintained", "order-withdrawn"),
    "E-12-1": ("no-ground-confirmed", "ground-for-refusal-raised"),
    "E-12-2": ("order-withdrawn",),
    "E-16-2": ("recognition-decided",),
    "E-16-3": (
        "addressee-objected", "data-disclosed", "no-data-held", "data-transmitted-by-state", "preservation-confirmed",
    ),
    "E-16-7": ("additional-information-provided", "order-corrected", "order-withdrawn"),
    "E-16-8": ("decision-notified",),
    "E-17-2": ("reasoned-objection-filed",),
    "E-17-10": ("decision-notified",),
    "E-4-5": (),
    "E-4-5-WITHDRAWAL": ("order-withdrawn",),
    "E-4-5-DATA": ("data-destroyed", "use-restricted"),
    "E-2025-3.3.3(b)": ("evidence-received",),
    "SCA-2703-h": ("reasoned-objection-filed",),
    "SCA-2703-f": ("order-issued", "production-request-confirmed"),
    "OPO-9-SERVICE": ("order-received",),
    "OPO-5-PRODUCE": ("data-disclosed", "no-data-held", "disclosure-declined"),
    "D-14-2b": ("data-returned", "data-destroyed", "use-restricted"),
    "NOTICE-REVIEW": (
        "customer-notification-delay-extended", "customer-notification-delay-lifted", "customer-notified",
    ),
    "NOTICE-DUE": ("customer-notified",),
    "DP-72H": ("incident-notified-to-authority",),
    "GDPR-12-3": (
        "access-granted", "access-restricted", "rectification-made", "rectification-refused", "erasure-decided",
    ),
    "LED-12-3": (
        "access-granted", "access-restricted", "rectification-made", "rectification-refused", "erasure-decided",
    ),
    "RETENTION-REVIEW": ("retention-reviewed", "retention-expired"),
}  # fmt: skip

# The steps that people take most often, by role: one click away on the page of an order.
COMMON: Final[Mapping[str, tuple[str, ...]]] = {
    "ISS": (
        "order-transmitted", "notification-sent", "order-corrected", "additional-information-provided",
        "confidentiality-requested", "evidence-received", "customer-notification-delayed", "customer-notified",
        "order-withdrawn", "order-closed",
    ),
    "VAL": ("order-supervised", "order-validated", "protection-examined"),
    "SEEK": ("order-drafted", "evidence-received", "additional-information-provided"),
    "RET": ("evidence-received", "custody-transferred", "customer-notified", "data-destroyed", "order-closed"),
    "SP": (
        "order-received", "preservation-confirmed", "order-referred-back", "data-disclosed", "no-data-held",
        "disclosure-declined", "reasons-for-non-execution-given", "reasoned-objection-filed", "receipt-disputed",
    ),
    "REG": ("order-received", "data-disclosed", "no-data-held", "disclosure-declined"),
    "NOT": (
        "notification-received", "additional-information-requested", "consultation-concluded", "no-ground-confirmed",
        "non-disclosure-instructed", "instruction-reasons-given", "instruction-lifted", "ground-for-refusal-raised",
    ),
    "CAQ": ("order-received", "request-accepted", "additional-information-requested", "request-refused"),
    "CAR": ("order-transmitted", "additional-information-provided", "production-request-confirmed", "order-withdrawn"),
    "POC": ("order-received", "determination-given", "evidence-received", "request-confirmed-in-writing"),
    "DPA14": ("notice-requirement-communicated", "onward-transfer-authorisation-granted"),
    "CT": ("court-ruled", "court-review-decided", "defence-bundle-issued"),
    "DEF": ("access-requested", "defence-challenge-filed", "event-disputed"),
    "DPO": ("retention-reviewed", "access-granted", "security-incident-detected", "incident-notified-to-authority"),
    "SA": ("oversight-inquiry-opened", "corrective-measure-ordered"),
    "AUD": ("expert-verification-performed", "report-issued"),
    "LAB": ("custody-transferred", "evidence-sealed", "working-copy-made", "analysis-performed"),
    "EXP": ("expert-verification-performed", "analysis-performed"),
    "ADM": ("party-registered", "authority-registered", "declaration-recorded", "key-registered"),
}  # fmt: skip

PLACEHOLDERS: Final = frozenset(
    "DAY ISSUER CURRENCY ORDER REGISTRAR STEP OFFICE MONTHS PROVISION GROUND GROUNDS REASON FILE FILES CHECK SIGNER"
    " METHOD AMOUNT CLOCK NAME NAMES AUTHORITY MOMENT COURT BYTES DECISION LEVEL CONDITION TEXT NUMBER ROLE END CASE"
    " KIND HANDLING CAPACITY CHANNEL THRESHOLD LANGUAGE WHEN CAUSE MODE PARTY FIELD FIELDS EXHIBIT MLA SCOPE ZONE ENTRY"
    " PROVIDER OUTCOME BUNDLE ADDRESSEE WHOSE".split()
)
_OPTIONS: Final = {  # the options of a command that fill a circumstance
    "--on": "c.on",
    "--on-source": "c.on_source",
    "--role": "c.role",
    "--speaks": "c.speaks",
    "--whose": "c.whose",
    "--replaces": "c.replaces",
}


class FormLink(Struct, frozen=True):
    """What would settle a point, in words, and the form for it: its kind and address, empty where there is none.

    With an address and no kind it is the list of kinds: the point leaves open which one. `whose` is
    the office that would have to sign, empty where the words leave it open.
    """

    says: Message
    kind: str = ""
    address: str = ""
    whose: str = ""


def forms_of(steps: Iterable[NextStep], case: Case) -> list[FormLink]:
    """Return the form of each step that is recorded in the order of a case, and the words alone of another one."""
    return [link_of(step, case) for step in steps]


def link_of(step: NextStep, case: Case) -> FormLink:
    """Return the form of one step; `replaces` and events of the command are entries of the case by their numbers."""
    words = shlex.split(step.command or "")
    if words[1:3] == ["record", "STEP"]:
        return FormLink(made(step.lacks), "", f"/orders/{case.order}/record")
    if len(words) < 3 or words[1] != "record" or not recordable(words[2]):
        return FormLink(made(step.lacks))
    kind = words[2]
    own = {f"#{e.number}": e.leaf for e in case.entries if e.order == case.order or e.prefix}
    filled, whose = _filled(words[3:], own)
    if FROM in (step.command or "") and "c.replaces" in dict(filled):
        filled.append(("again", dict(filled)["c.replaces"]))
    return FormLink(made(step.lacks), kind, record_address(case.order, kind, filled), whose)


def meeting_forms(clock: Clock, case: Case) -> list[FormLink]:
    """Return the forms of the kinds that meet a deadline."""
    about = [("f.about", clock.trigger)] if clock.trigger else []
    return [
        FormLink(Message(""), kind, record_address(case.order, kind, about if "about" in KINDS[kind].fields() else []))
        for kind in MEETS.get(clock.id, ())
    ]


def recordable(kind: str) -> bool:
    """Return True if entries of a kind are recorded through a server, by hand."""
    return kind in KINDS and kind not in BY_COMMAND and not KINDS[kind].shown_to


def record_address(order: str, kind: str, filled: Iterable[tuple[str, str]] = ()) -> str:
    """Return the address of the form of a kind in an order, with values filled in."""
    query = urlencode(list(filled))
    return f"/orders/{order}/record/{kind}" + (f"?{query}" if query else "")


def common_kinds(roles: Iterable[str]) -> list[str]:
    """Return the common steps of roles, each once, in the order of the roles."""
    held = frozenset(roles)
    return list(dict.fromkeys(kind for role in ROLES if role in held for kind in COMMON.get(role, ())))


def bulk_kinds(roles: Iterable[str]) -> list[str]:
    """Return the kinds that may be stated for several orders at once: the common steps of roles in an order."""
    fitting = (k for k in common_kinds(roles) if recordable(k) and k not in REGISTRY_ONLY)
    return [k for k in fitting if "instrument" not in KINDS[k].fields()]


def _filled(words: Iterable[str], numbers: Mapping[str, str]) -> tuple[list[tuple[str, str]], str]:
    """Return what the options of a command fill in, and the office behind --as."""
    filled: list[tuple[str, str]] = []
    whose = ""
    for option, value in _options(words):
        name, mark, stated = value.partition("=")
        if option in ("-f", "--field") and mark and stated not in PLACEHOLDERS:
            filled.append((f"f.{name}", numbers.get(stated, stated)))
        elif option == "--as" and value not in PLACEHOLDERS:
            whose = value
        elif option in _OPTIONS and value not in PLACEHOLDERS:
            filled.append((_OPTIONS[option], numbers.get(value, value)))
    return filled, whose


def _options(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the options of a command, each with its value."""
    rest = iter(words)
    for word in rest:
        if word.startswith("-"):
            yield word, next(rest, "")
