"""Reports as HTML: one file each, no network, no script but the slider of a replay; same values, same bytes.

Templates are part of this package as its code is. Everything that is filled in is escaped; a template decides on words
and order, never on law: what it shows was computed before.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ledger.order import wire
from projections.drawing import legend
from projections.processing import ProcessingRecord
from projections.reports import CustodyReport, EvidenceChain
from projections.stages import Replay
from projections.verification import Verification

Report = CustodyReport | EvidenceChain | ProcessingRecord | Verification

TEMPLATES: Final[Mapping[type, str]] = {
    CustodyReport: "custody.html.j2",
    EvidenceChain: "evidence-chain.html.j2",
    ProcessingRecord: "dpo.html.j2",
    Verification: "audit.html.j2",
}


def page(report: Report) -> str:
    """A report as one HTML file."""
    face = report.face
    name = f"{face.title}: {face.subject.name}" if face.subject else face.title
    return _render(TEMPLATES[type(report)], name, report, _text("page.css"))


def replay_page(report: Replay) -> str:
    """A replay as one HTML file with a slider; without script it is a list of every moment."""
    styles = _text("page.css") + _text("replay.css")
    return _render("replay.html.j2", f"Replay: {report.subject.name}", report, styles, _text("replay.js"))


def _render(template: str, title: str, report: Report | Replay, style: str, script: str = "") -> str:
    # What the policy allows is named by digest: this style, this script, nothing else and nothing from anywhere.
    policy = ["default-src 'none'", f"style-src '{_digest(style)}'", "base-uri 'none'", "form-action 'none'"]
    if script:
        policy.insert(2, f"script-src '{_digest(script)}'")
    return (
        _environment()
        .get_template(template)
        .render(
            report=report,
            title=title,
            policy=Markup("; ".join(policy)),  # noqa: S704 - made here, of digests
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704
        )
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("projections", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {"wire": wire, "people": _people, "legend": legend}
    made.filters.update(filters)
    return made


@cache
def _text(name: str) -> str:
    """One of the package's own files as it stands in the page."""
    environment = _environment()
    assert environment.loader is not None  # noqa: S101 - made above
    return environment.loader.get_source(environment, name)[0]


def _people(moment: datetime) -> str:
    """A moment as people read it, in UTC; seconds only where they are not zero."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}".removesuffix(":00")
