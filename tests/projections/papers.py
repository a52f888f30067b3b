"""What reports, exports and views say of two orders of stories, as text.

`python -m tests.projections.papers` writes the texts anew. Read the difference before it is kept: a text shows that
something changed, and the other tests say what must not change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.entries.case import Case
from ledger.law import Judgement, judge
from ledger.verify.progress import Unproven
from projections.documents.judgement import judged
from projections.documents.timeline import timeline_item
from projections.exchange.case_uco import SignedEntry, case_uco
from projections.exchange.csv_file import custody_csv, timeline_csv
from projections.exchange.hi1_writer import hi1
from projections.exchange.tables import order_rows
from projections.reports.certificates import RULES, certificate
from projections.reports.custody_report import custody_report
from projections.reports.data_protection.dpo_questions import register
from projections.reports.data_protection.processing_record import processing_record
from projections.reports.evidence_chain_report import evidence_chain_report
from projections.reports.front_page import IntegrityResult, Provenance, ReportCheckpoint, VerdictReason
from projections.reports.history import history
from projections.reports.order_form.make import order_form
from projections.views.due import due, followed
from projections.views.good_practice import afterwards
from projections.views.timeline import timeline
from tests.support.story_files import cases

FOLDER: Final = Path(__file__).with_name("kept")
LEAF: Final = re.compile(r"\b[0-9a-f]{64}\b")  # written in short
BRACKETS: Final = re.compile(r"(?<=[\[{])\n|\n(?=[\]}])")  # a list is one line with its first and its last item
ORDERS: Final = {  # by the name of its texts: its story and name, and whether sealed values are opened
    "from-hand-to-hand": ("hand-to-hand", "changed", True),
    "of-a-person": ("rights-and-oversight", "reasons", False),
}


class Source(msgspec.Struct, frozen=True):
    """An order as its papers are made from it."""

    case: Case
    judgement: Judgement
    making: Provenance


@cache
def source(name: str) -> Source:
    """Return the order with this name of texts, judged a day after its last entry."""
    story, order, reveal = ORDERS[name]
    case = cases(story)[order]
    at = max(e.at for e in case.entries) + timedelta(days=1)
    reasons = (VerdictReason("CP-QUORUM", "checkpoint", "Too few witnesses signed."),)
    integrity = IntegrityResult(
        "INDETERMINATE", "Signatures and places.", reasons, (Unproven("CMP-ORDER", "more entries"), "Time.")
    )
    head = ReportCheckpoint("log.example/xo", case.entries[-1].index, "cm9vdA==", "log.example/xo+1+key", at, ("w",))
    return Source(case, judge(case, at), Provenance(at, "comity 0", "0" * 16, head, integrity, reveal=reveal))


def _exports(s: Source) -> Mapping[str, Any]:
    signed = {e.leaf: SignedEntry(sha256(e.leaf.encode()).hexdigest(), 100 + e.index) for e in s.case.entries}
    message, lossy = hi1(s.case, reveal=s.making.reveal)
    graph = case_uco(s.case, s.judgement, signed, "log.example/xo", "comity 0", reveal=s.making.reveal)
    return {"hi1": json.loads(message or b"null"), "lossy": lossy, "graph": json.loads(graph)}


def _tables(s: Source) -> Mapping[str, Any]:
    report = custody_report(s.case, s.judgement, s.making, ())
    story = history(s.case, s.judgement, reveal=s.making.reveal, proven={0: "by noon"}, coded=True)
    return {
        "rows": order_rows(s.case, s.judgement),
        "timeline": timeline_csv(story).decode().splitlines(),
        "custody": custody_csv(report.held).decode().splitlines(),
    }


def _views(s: Source) -> Mapping[str, Any]:
    at = s.judgement.as_of
    return {
        "judged": judged(s.judgement),
        "timeline": [
            timeline_item("main", x) for x in timeline(s.case, s.judgement.trail, reveal=s.making.reveal, at=at)
        ],
        "due": [(d.clock.id, d.left, d.over) for d in due(s.judgement, at)],
        "followed": [(f.clock.id, f.clock.due, f.number, f.open, f.changes) for f in followed(s.case, at)],
        "afterwards": afterwards(s.case),
    }


PAPERS: Final[Mapping[str, Callable[[Source], Any]]] = {
    "custody": lambda s: custody_report(s.case, s.judgement, s.making, ()),
    "evidence-chain": lambda s: evidence_chain_report(s.case, s.judgement, s.making, ()),
    "certificates": lambda s: {form: certificate(form, s.case, s.judgement, s.making).sections for form in RULES},
    "order-form": lambda s: {role: order_form(s.case, s.judgement, s.making, role).sections for role in ("ISS", "SP")},
    "data-protection": lambda s: {
        "questions": [(a.question, a.lines, a.open) for a in register(s.case, s.judgement, reveal=s.making.reveal)],
        "record": processing_record(s.case, s.judgement, s.making, (), (), ()),
    },
    "exports": _exports,
    "tables": _tables,
    "views": _views,
}


def text(paper: str, order: str) -> str:
    """Return a paper of an order as text."""
    made = msgspec.json.encode(PAPERS[paper](source(order)), enc_hook=str, order="deterministic")
    whole = json.dumps(json.loads(made), ensure_ascii=False, indent=0)
    return f"{LEAF.sub(lambda found: found[0][:8], re.sub(BRACKETS, ' ', whole))}\n"


def file_of(paper: str, order: str) -> Path:
    """Return where a paper of an order is kept."""
    return FOLDER / order / f"{paper}.txt"


if __name__ == "__main__":
    for order in ORDERS:
        (FOLDER / order).mkdir(parents=True, exist_ok=True)
        for paper in PAPERS:
            file_of(paper, order).write_text(text(paper, order), "utf-8")
