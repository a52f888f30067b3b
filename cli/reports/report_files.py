"""Write a report as a page of HTML, as PDF, or as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from cli.terminal import output

if TYPE_CHECKING:
    from collections.abc import Collection

    from cli.reports.pdf import Bundle
    from projections.render.html import Report
    from projections.reports.front_page import Provenance

MEDIA = {"html": "text/html", "json": "application/json", "pdf": "application/pdf", "case": "application/ld+json"}


def making_of(made: Report) -> Provenance:
    """Return how a report was made."""
    from projections.reports.fillable_form import FillableForm
    from projections.reports.letters.letter import Letter

    return made.making if isinstance(made, FillableForm | Letter) else made.face.making


def written(
    kind: str,
    made: Report,
    medium: str,
    attached: Bundle | None = None,
    fonts: str | None = None,
    lang: str = "en",
    theirs: Collection[str] = (),
) -> bytes:
    """Return the bytes of a report as HTML, as PDF, or its values as JSON; `theirs` are words that others stated."""
    if medium == "json":
        return f"{output.dumps({'format': f'comity.report-{kind}/1', **asdict(made)})}\n".encode()
    if medium == "pdf":
        from cli.reports.pdf import as_paper

        return as_paper(made, attached, fonts, lang=lang, theirs=theirs)
    from projections.render.html import page

    return page(made, lang, theirs).encode()
