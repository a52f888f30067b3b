"""A pytest plugin that writes every bundle that the tests verify to a file, with the report on it.

    python -m pytest -p tests.browser.support.recorder --conformance DIR tests/ledger/verify/test_verify.py ...

Each file in DIR is one case as JSON: what `ledger.verify.evidence_bundle.verify` was given, and `expected`, its
report. Any other verifier can be held against them.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

import ledger.verify.earlier_bundles
import ledger.verify.evidence_bundle
from cli.terminal.verdict_text import headline, missing
from ledger.law import Judgement
from ledger.tlog.note import MLDSA44
from ledger.trust.held import Came
from ledger.trust.trust_folder import Trust, format_registrar
from ledger.verify.claims import NOT_HELD, UNKNOWN
from ledger.verify.earlier_bundles import EarlierEntries
from ledger.verify.report import Remark, Report


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--conformance", type=Path, help="where the cases are written")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--conformance")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        shown: list[tuple[EarlierEntries, bytes, Trust | None]] = []
        earlier, bundles = ledger.verify.earlier_bundles, ledger.verify.evidence_bundle
        earlier.known_of = remembering(earlier.known_of, shown)
        bundles.verify = recording(bundles.verify, folder, shown)


Shown = list[tuple[EarlierEntries, bytes, Trust | None]]  # the entries of other bundles, with file and trust


def remembering(known_of: Callable[..., EarlierEntries], shown: Shown) -> Callable[..., EarlierEntries]:
    def known(data: bytes, trust: Trust | None) -> EarlierEntries:
        shown.append((known_of(data, trust), data, trust))
        return shown[-1][0]

    return known


def recording(verify: Callable[..., Report], folder: Path, shown: Shown) -> Callable[..., Report]:
    def verified(data: bytes, trust: Trust | None, anchor: bytes | None, now: datetime, **more: Any) -> Report:
        report = verify(data, trust, anchor, now, **more)
        witnesses = trust.policy.witnesses.values() if trust else ()
        unread = any("nothing here verifies ML-DSA-44" in says for says in report.not_proven)
        if unread or (not more.get("mldsa") and any(w.type == MLDSA44 for w in witnesses)):
            return report  # the page always reads ML-DSA-44
        asked = question(data, trust, anchor, now, stamps=bool(more.get("stamps")), came=more.get("came"))
        asked["asPrinted"] = more.get("typed_as_printed", False)
        if (elsewhere := more.get("elsewhere")) is not None:
            other, under = next((file, held) for known, file, held in shown if known is elsewhere)
            if under != trust:
                return report  # the page reads both bundles under one trust
            asked["elsewhere"] = _b64(other)
        text = json.dumps(asked, sort_keys=True)
        name = sha256(text.encode()).hexdigest()[:16]
        (folder / f"{name}.json").write_text(json.dumps({**asked, "expected": report_fields(report)}), "utf-8")
        return report

    return verified


def question(
    data: bytes,
    trust: Trust | None,
    anchor: bytes | None,
    now: datetime,
    *,
    stamps: bool = False,
    came: Came | None = None,
) -> dict[str, Any]:
    """Return the question to `verify` as JSON; `stamps` if it read time stamps, `came` how the trust came."""
    return {
        "data": _b64(data),
        "policy": _b64(trust.raw) if trust else None,
        "registrar": _b64(format_registrar(trust.registrar)) if trust and trust.registrar else None,
        "sizes": {key: [sizes.first, sizes.end] for key, sizes in trust.sizes.items()} if trust else {},
        "until": trust.until.timestamp() if trust and trust.until else None,
        "others": {path: _b64(file) for path, file in others(trust).items()} if trust else {},
        "authorities": [_b64(file) for file in trust.authorities] if trust and stamps else [],
        "anchor": _b64(anchor) if anchor is not None else None,
        "now": now.timestamp(),
        "came": came,
    }


def others(trust: Trust) -> dict[str, bytes]:
    """Return the files of a trust folder about other logs, by path."""
    files = {}
    for number, other in enumerate(trust.others):
        files[f"others/{number:04}/policy"] = other.raw
        if other.registrar is not None:
            files[f"others/{number:04}/registrar"] = format_registrar(other.registrar)
    return files


def report_fields(report: Report) -> dict[str, Any]:
    """Return a report without the parts that need the law."""
    return {
        "verdict": str(report.verdict),
        "reasons": [{"code": r.code, "where": r.where, "says": r.says} for r in report.reasons],
        "steps": [{"number": s.number, "result": str(s.result), "says": s.says} for s in report.steps],
        "remarks": [
            {"code": r.code, "says": r.says, "entries": list(r.entries)}
            for r in report.procedure
            if not _of_the_law(r, report.judgement)
        ],
        "notProven": list(report.not_proven),
        "headline": headline(report),
        "missing": missing(report),
        "compared": to_builtins(report.compared),
        "exhibit": report.exhibit and report.exhibit.decode(),
        "entries": report.entries,
        "signatures": report.signatures,
        "audits": [
            [
                each.name,
                each.auditor,
                each.statement and [list(each.statement.checks), each.statement.program, each.statement.rules],
                [list(some) for some in each.ranges],
            ]
            for each in report.audits
        ],
        "brackets": [
            [
                b.index,
                *(None if t is None else t.timestamp() for t in (b.not_before, b.not_after, b.claimed, b.signed_at)),
            ]
            for b in report.brackets
        ],
    }


def _of_the_law(remark: Remark, judgement: Judgement | None) -> bool:
    """Return True for a finding of the law alone; unknown kinds and roles that are not held are reported by both."""
    found = judgement.findings if judgement else ()
    return remark.code not in (UNKNOWN, NOT_HELD) and any(
        (remark.code, remark.entries) == (f.code, f.entries) for f in found
    )


def _b64(data: bytes) -> str:
    return b64encode(data).decode()
