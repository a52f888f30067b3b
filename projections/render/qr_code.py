"""The three lines of a checkpoint for a camera, as a QR code (ISO/IEC 18004, level M): on paper and on the page."""

from __future__ import annotations

import io
from functools import lru_cache

import segno

from projections.reports.front_page import ReportCheckpoint


@lru_cache(maxsize=32)  # a desk shows one checkpoint on many pages
def checkpoint_qr_code(head: ReportCheckpoint, *, inside: bool = False) -> bytes:
    """Return the lines as `comity verify --anchor` takes them, as SVG.

    `inside` a page the SVG has no declarations of a file.
    """
    out = io.BytesIO()
    text = f"{head.origin}\n{head.size}\n{head.root}\n"
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", border=2, xmldecl=False, svgns=not inside, nl=False, omitsize=inside)
    return out.getvalue()
