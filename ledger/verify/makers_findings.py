"""Read the findings that the maker of a bundle states, and compare them with what this program finds in the bundle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ledger.bundle.findings import CODE, PATH, check_findings, parse_findings, stated
from ledger.bundle.layout import VIEWS
from ledger.bundle.manifest import Manifest
from ledger.entries.case import Case, wire
from ledger.entries.envelope import OpenedEntry
from ledger.errors import RecordError
from ledger.law import Judgement
from ledger.law.provisions import rules_digest
from ledger.verify.other_records.received_entries import ArrivedEntry
from ledger.verify.progress import VerificationLog
from ledger.verify.report import MakersFindings

FINDINGS = f"{VIEWS}/{PATH}"


def compare(
    files: Mapping[str, bytes],
    manifest: Manifest,
    size: int,
    opened: Mapping[int, OpenedEntry],
    arrivals: Iterable[ArrivedEntry],
    case: Case,
    judgement: Judgement,
    book: VerificationLog,
) -> MakersFindings:
    """Return what the maker states, and whether it is what `judgement` found; CMP-FINDINGS if it cannot be read.

    The two are comparable if both were made by the same rules, of the same moment.
    """
    raw = files.get(FINDINGS)
    if raw is None:
        return MakersFindings("none")
    inner = {(one.index, one.inner.leaf) for one in arrivals if one.inner is not None}
    try:
        found = parse_findings(raw)
        check_findings(found, manifest, size, inner | {(index, entry.leaf) for index, entry in opened.items()})
    except RecordError as wrong:
        says = f"what the maker says it found cannot be read, and is not shown: {wrong.says}"
        book.remark(CODE, says)
        return MakersFindings("unreadable")
    if found.rules != rules_digest() or found.as_of != wire(judgement.as_of):
        return MakersFindings("stated", "not-compared", found)
    here = stated(case, judgement, log=found.log, audience=found.audience, size=found.size, rules=found.rules)
    return MakersFindings("stated", "same" if here == found else "differs", found)
