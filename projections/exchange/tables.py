"""The whole ledger as four tables: entries, timeline, deadlines, findings.

One row is a dict of the columns of its table. The types are those of Apache Arrow: `text` (a UTF-8 string), `texts` (a
list of them), `count` and `count32` (unsigned whole numbers of 64 and 32 bits), `time` (an aware datetime in UTC) and
`json` (a value of JSON).
A sealed value is in no row. The signed bytes stand in `entries.envelope`, so that a table can be held against its log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.entries.case import Case
from ledger.entries.envelope import entry_of, open_
from ledger.law import Judgement
from projections.views.timeline import timeline

Row = dict[str, Any]

_ORDER = {"order_id": "text", "reference": "text", "instrument": "text"}
TABLES: Mapping[str, Mapping[str, str]] = {
    "entries": {
        "log_index": "count",
        "leaf": "text",
        "order_id": "text",
        "seq": "count32",
        "kind": "text",
        "instrument": "text",
        "actor": "text",
        "signer": "text",
        "role": "text",
        "party": "text",
        "key": "text",
        "speaks": "text",
        "happened": "time",
        "signed_at": "time",
        "replaces": "text",
        "sealed": "texts",
        "public": "json",
        "envelope": "text",
    },
    "timeline": {
        **_ORDER,
        "log_index": "count",
        "happened": "time",
        "kind": "text",
        "says": "text",
        "state_before": "text",
        "state": "text",
        "late_seconds": "count",
        "replaced_by": "text",
        "replaced_at": "time",
    },
    "deadlines": {
        **_ORDER,
        "id": "text",
        "due": "time",
        "verdict": "text",
        "policy": "text",
        "cite": "texts",
        "wound_by": "text",
        "met_by": "texts",
    },
    "findings": {
        **_ORDER,
        "code": "text",
        "level": "text",
        "criteria": "texts",
        "says": "text",
        "cite": "texts",
        "entries": "texts",
    },
}


def entry_row(index: int, raw: bytes) -> Row:
    """Return the row of one sealed entry; `index` is its place in the log, from 0. The signature is not verified."""
    e = entry_of(open_(raw, verify=False), index)
    return {
        "log_index": index,
        "leaf": e.leaf,
        "order_id": e.order,
        "seq": e.seq,
        "kind": e.kind,
        "instrument": e.instrument,
        "actor": e.actor,
        "signer": e.by,
        "role": e.role,
        "party": e.party,
        "key": e.key,
        "speaks": e.speaks,
        "happened": e.on,
        "signed_at": e.at,
        "replaces": e.replaces,
        "sealed": sorted(e.sealed),
        "public": dict(e.public),
        "envelope": raw.decode(),
    }


def order_rows(case: Case, judgement: Judgement) -> dict[str, list[Row]]:
    """Return the rows of one order in the tables `timeline`, `deadlines` and `findings`."""
    reference = next((e.get("reference") for e in case.issued), None)
    head = {"order_id": case.order, "reference": reference, "instrument": case.instrument}
    return {name: [{**head, **row} for row in rows] for name, rows in _judged(case, judgement).items()}


def _judged(case: Case, judgement: Judgement) -> dict[str, list[Row]]:
    return {
        "timeline": [
            {
                "log_index": line.entry.index,
                "happened": line.entry.on,
                "kind": line.entry.kind,
                "says": line.says,
                "state_before": line.moved[0] if line.moved else None,
                "state": line.moved[1] if line.moved else None,
                "late_seconds": int(line.late.total_seconds()) if line.late else None,
                "replaced_by": line.replaced_by,
                "replaced_at": None if line.replaced is None else line.replaced.entry.at,
            }
            for line in timeline(case, judgement.trail, at=judgement.as_of)
        ],
        "deadlines": [
            {
                "id": clock.id,
                "due": clock.due,
                "verdict": str(clock.verdict),
                "policy": clock.policy,
                "cite": list(clock.cite),
                "wound_by": clock.trigger,
                "met_by": list(clock.met_by),
            }
            for clock in judgement.deadlines
        ],
        "findings": [
            {
                "code": finding.code,
                "level": finding.level.value,
                "criteria": list(finding.criteria),
                "says": finding.says,
                "cite": list(finding.cite),
                "entries": list(finding.entries),
            }
            for finding in judgement.findings
        ],
    }
