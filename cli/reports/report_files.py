"""Write a report as a page of HTML, as PDF, or as JSON."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from cli.terminal import output

if TYPE_CHECKING:
    from cli.handover.paper_signer import PaperSigner
    from cli.reports.pdf import Bundle
    from projections.render.html import Report
    from projections.reports.front_page import Provenance
    from projections.reports.signature_note import SignatureNote

MEDIA = {"html": "text/html", "json": "application/json", "pdf": "application/pdf", "case": "application/ld+json"}
ENDINGS = {".html": ("html",), ".htm": ("html",), ".pdf": ("pdf",), ".json": ("json", "case"), ".jsonld": ("case",)}


def making_of(made: Report) -> Provenance:
    """Return how a report was made."""
    from projections.reports.fillable_form import FillableForm
    from projections.reports.letters.letter import Letter

    return made.making if isinstance(made, FillableForm | Letter) else made.face.making


def noted(made: Report, note: SignatureNote) -> Report:
    """Return the same report, which says that it is signed."""
    from projections.reports.fillable_form import FillableForm
    from projections.reports.letters.letter import Letter

    making = replace(making_of(made), signature=note)
    if isinstance(made, FillableForm | Letter):
        return replace(made, making=making)
    return replace(made, face=replace(made.face, making=making))


def written(
    kind: str,
    made: Report,
    medium: str,
    attached: Bundle | None = None,
    fonts: str | None = None,
    lang: str = "en",
    signer: PaperSigner | None = None,
) -> bytes:
    """Return the bytes of a report as HTML, as PDF, or its values as JSON.

    A PDF is signed if there is a `signer`, and says so.
    """
    if medium == "json":
        return f"{output.dumps({'format': f'comity.report-{kind}/1', **asdict(made)})}\n".encode()
    if medium == "pdf":
        from cli.reports.pdf import as_paper

        if signer is None:
            return as_paper(made, attached, fonts, lang=lang)
        return signer.sign(as_paper(noted(made, signer.note), attached, fonts, lang=lang), lang)
    from projections.render.html import page

    return page(made, lang).encode()
