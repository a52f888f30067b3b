"""The cost of a report on an order of a thousand entries: as PDF, as HTML page, and as replay.

WeasyPrint makes a PDF out of the same page for comparison. It is installed in a separate environment
(tests/interop/install.sh), is run as a program, and is reported as absent where it is.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.data.generate import order, registry
from benchmarks.data.ledgers import ASKED, REFERENCE, new, receive
from benchmarks.measure import Figure, median, say
from benchmarks.reading import alone
from cli.reports.order_report import ReportRequest, order_report, replay_of
from cli.reports.pdf import as_paper
from cli.session.ledger_reader import LedgerReader, reading
from ledger.entries.case import Case, instant
from projections.render.html import page

ENTRIES = 1_000
MOMENT = instant("2030-01-01T00:00:00Z")
WEASYPRINT = Path(__file__).parents[1] / ".tools" / "interop" / "python" / "bin" / "weasyprint"
PATIENCE = 180  # seconds for the peer, which may need more


def paper_figures(folder: Path) -> dict[str, Figure]:
    """Measure the typesetting of a custody report and its page in seconds, and the replay in megabytes."""
    say("an order of a thousand entries on paper")
    path = one_long_order(folder)
    set_in = sorted(alone(_typeset, path) for _ in range(3))
    with reading(path) as reader:
        case = reader.case(REFERENCE)
        made = order_report(reader, ReportRequest("custody"), case, MOMENT, None)
        html = page(made)
        turned = median(lambda: page(made))
        watched = len(replay_of(reader, case, MOMENT).encode())
        whole = median(_report(reader, case), 3)
    return {
        "paper_pdf_seconds": Figure(
            set_in[1][0], {"pdf_bytes": set_in[1][1], "weasyprint": _weasyprint(html, folder)}, at_most=2.0
        ),
        "paper_html_seconds": Figure(
            turned, {"html_bytes": len(html.encode()), "with_reading_and_judging_seconds": round(whole, 3)}, at_most=0.3
        ),
        "paper_replay_megabytes": Figure(watched / 1e6, {}, at_most=3.0),
    }


def _typeset(path: Path) -> tuple[float, int]:
    """Return seconds and bytes of one PDF, in a process that has set nothing before: typst remembers its layouts."""
    with reading(path) as reader:
        made = order_report(reader, ReportRequest("custody"), reader.case(REFERENCE), MOMENT, None)
    begun = perf_counter()
    size = len(as_paper(made, None, None))
    return perf_counter() - begun, size


def one_long_order(folder: Path) -> Path:
    """Return a ledger of one order of a thousand entries, kept for the next run."""
    path = folder / "ledger-of-one-long-order"
    if not (path / "complete").exists():
        with new(path) as journal:
            receive(journal, chain(registry(), (sealed for _, sealed in order(ASKED, ENTRIES))))
        (path / "complete").touch()
    return path


def _report(reader: LedgerReader, case: Case) -> Callable[[], str]:
    return lambda: page(order_report(reader, ReportRequest("custody"), case, MOMENT, None))


def _weasyprint(html: str, folder: Path) -> dict[str, Any]:
    """Return seconds with the start of the program, and bytes, of the same page through WeasyPrint."""
    if not WEASYPRINT.exists():
        return {"absent": "tests/interop/install.sh brings it"}
    source, out = folder / "long.html", folder / "long.pdf"
    source.write_text(html, encoding="utf-8")
    asked = [str(WEASYPRINT), "--quiet", str(source), str(out)]
    begun = perf_counter()
    try:
        subprocess.run(asked, check=True, capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return {"not_within_seconds": PATIENCE}
    return {"seconds": round(perf_counter() - begun, 1), "bytes": out.stat().st_size}
