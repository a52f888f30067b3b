"""A hostile input to the verifier page, and the code under which the page must refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.adapters.timestamps.rfc3161 import read_stamp
from ledger.entries.exhibits import form_of
from ledger.errors import RecordError
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.report import Report
from tests.browser.support.recorder import report_fields
from tests.support.memory_ledger import NOW, Hand, Ledger, small, smuggled

FOLDER = {"authorities": "tsa/authorities.pem"}  # the path in a trust folder, for a field of the form with another name
PASSES = ""  # no code: the hostile part does not count, and the rest is valid


@dataclass(frozen=True)
class Case:
    """A file, the files that the user holds, and a code: of a reason, of a finding, or PASSES."""

    data: bytes
    code: str
    held: Mapping[str, bytes]


Make = Callable[[], Case]
CaseReader = dict[str, Make]


def held(ledger: Ledger, policy: bytes | None = None) -> dict[str, bytes]:
    """Return the policy and the registrar of a ledger, as the files of a trust folder."""
    trust = ledger.trust()
    assert trust.registrar is not None
    return {"policy": policy or trust.raw, "registrar": format_registrar(trust.registrar)}


def case(data: bytes, ledger: Ledger, code: str) -> Case:
    return Case(data, code, held(ledger))


def entered(code: str, make: Callable[[Ledger, Hand], bytes]) -> Make:
    """Make a bundle with an entry that the log signed although none of our programs would record it."""

    def made() -> Case:
        ledger, ilves = small()
        return case(smuggled(ledger, ilves, make(ledger, ilves)), ledger, code)

    return made


def expected(asked: Case) -> dict[str, Any]:
    """Return the answer of the Python program, as the page shows it; {"refused": code} for an unreadable input."""
    try:
        files = {FOLDER.get(field, field): content for field, content in asked.held.items()}
        trust = parse_trust(files) if files else None
    except RecordError as refused:
        return {"refused": refused.code}
    return in_short(report_fields(_verified(asked.data, trust)))


def in_short(report: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of an answer of the page that a row compares, in the form of `expected`."""
    first = report["reasons"][0]["code"] if report["reasons"] else ""
    return {
        "integrity": f"{report['verdict']} {first}".rstrip(),
        "reasons": [[reason["code"], reason["where"]] for reason in report["reasons"]],
        "steps": [step["result"] for step in report["steps"] if step["number"] != 16],
        "findings": sorted({remark["code"] for remark in report["remarks"]} - {"CMP-README"}),
    }


def _verified(data: bytes, trust: Trust | None) -> Report:
    return verify_exhibit(data, trust) if form_of(data) else verify(data, trust, None, NOW, stamps=read_stamp)
