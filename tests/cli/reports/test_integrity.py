"""A report states what was read again, and leads to a checkpoint only where one was kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.reports.integrity import NO_OUTSIDE, NO_QUORUM, bundle_read, read_again
from cli.session.ledger_reader import reading
from tests.support.cli import ledger_of

AT, LATER = datetime(2027, 6, 1, 12, tzinfo=UTC), datetime(2027, 6, 2, tzinfo=UTC)


def test_without_a_kept_head_a_report_leads_to_none_and_says_so(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        order = reader.labels["main"]
        kept = reader.newest_head()
        found, without = (read_again(reader, order, head, None) for head in (kept, None))
    assert kept is not None
    assert found.checkpoint is not None
    assert found.checkpoint.size == kept.size
    assert without.checkpoint is None
    assert "its place in the tree of the checkpoint below" in found.checked.says
    assert "checkpoint below" not in without.checked.says
    assert (found.checked.verdict, without.checked.verdict) == ("INDETERMINATE", "INDETERMINATE")


@pytest.mark.parametrize("seen", [None, LATER])
def test_a_report_of_a_bundle_has_the_verdict_and_the_head_of_the_bundle(seen: datetime | None) -> None:
    note = b"log.example\n9\nROOT=\n\nsigned\n"
    head = SimpleNamespace(note=note, cosignatures=[(SimpleNamespace(name="w.example"), 5)], checkpoint=None)
    reasons = [SimpleNamespace(code=c, where="", says="said by us") for c in ("NO_TRUST_ANCHOR", "CP-QUORUM", "OTHER")]
    report = SimpleNamespace(
        entries=7, signatures=6, reasons=reasons, verdict="INDETERMINATE", not_proven=(), head=head, as_of=AT,
        head_seen=seen, log_key="vkey",
    )  # fmt: skip
    bundle: Any = SimpleNamespace(report=report)
    found = bundle_read(bundle)
    assert found.checked.says == "The evidence bundle was verified: 7 entries and 6 signatures."
    assert [(r.code, r.says) for r in found.checked.reasons] == [
        ("NO_TRUST_ANCHOR", NO_OUTSIDE), ("CP-QUORUM", NO_QUORUM), ("OTHER", "said by us"),
    ]  # fmt: skip
    shown = found.checkpoint
    assert shown is not None
    assert (shown.origin, shown.size, shown.root) == ("log.example", 9, "ROOT=")
    assert (shown.kept, shown.key, shown.witnesses) == (seen or AT, "vkey", ("w.example",))
    report.as_of = None
    assert bundle_read(bundle).checkpoint is None
