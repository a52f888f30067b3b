"""Reports as HTML: one file each, no network, same values, same bytes.

The only scripts are the slider of a replay and the sorting of a table of ledgers.

Templates are part of this package as its code is. Everything that is filled in is escaped. A template decides
on words and order, never on law: what it shows was computed before.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateNotFound
from jinja2.ext import Extension
from markupsafe import Markup

from ledger.entries.case import wire
from ledger.formats.characters import visible
from ledger.messages import Moment
from projections.drawings.charts import describe_plot, legend
from projections.drawings.picture import Picture
from projections.render.labels import Places
from projections.render.pictures import figures, shapes
from projections.render.qr_code import checkpoint_qr_code
from projections.render.translation import PLACE, Translation, translation
from projections.reports.audits.ledgers_report import LedgersReport
from projections.reports.custody_report import CustodyReport
from projections.reports.data_protection.processing_record import ProcessingRecord
from projections.reports.entry_numbers import in_order, runs, together
from projections.reports.evidence_chain_report import EvidenceChain
from projections.reports.fillable_form import FillableForm
from projections.reports.front_page import Provenance, ReportCheckpoint
from projections.reports.hearing.hearing_bundle import Hearing
from projections.reports.ledger_report import Verification
from projections.reports.letters.letter import Letter
from projections.reports.replay import Replay
from projections.sentences.quotation import QUOTES
from projections.statistics.report import (
    Statistics,
    StatisticsReport,
    counted_rows,
    empty_rows,
    nothing,
    printed,
    suppressed,
)

Report = (
    CustodyReport
    | EvidenceChain
    | Hearing
    | ProcessingRecord
    | Verification
    | LedgersReport
    | Statistics
    | FillableForm
    | Letter
)

KINDS: Final[Mapping[type, str]] = {
    CustodyReport: "custody",
    EvidenceChain: "evidence-chain",
    Hearing: "hearing",
    ProcessingRecord: "dpo",
    Verification: "audit",
    LedgersReport: "ledgers",
    Statistics: "statistics",
    FillableForm: "sheet",
    Letter: "letter",
}

STYLES: Final[Mapping[type, str]] = {
    Statistics: "statistics.css",
    Letter: "letter.css",
    LedgersReport: "ledgers.css",
}
SCRIPTS: Final[Mapping[type, str]] = {LedgersReport: "ledgers.js"}
CSS_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ]")

CONSTANT: Final = re.compile(r'(?<!\w)_\(("[^"\\]*")\)')  # `_` with a message and nothing to put into it
NO_QUOTES: Final = str.maketrans(dict.fromkeys(QUOTES, "’"))

DIGEST: Final = re.compile(r"\b[0-9a-f]{64}(?:[0-9a-f]{64})?\b")


def page(report: Report, lang: str = "en") -> str:
    """Return a report as one HTML file, in a language by its code."""
    content = translation(lang).of(report)
    letter = isinstance(report, Letter)
    styles = source("picture.css") + ("" if letter else source("paper.css"))
    styles += source(STYLES[type(report)]) if type(report) in STYLES else ""
    styles += "" if letter else running(headline(content), translation(lang), test=_made(content).test)
    script = source(SCRIPTS[type(report)]) if type(report) in SCRIPTS else ""
    glosses = declared(report, lang) if isinstance(report, FillableForm) else {}
    return _render(f"{KINDS[type(report)]}.html.j2", headline(content), content, styles, script, lang, glosses)


def _made(report: Report) -> Provenance:
    return report.making if isinstance(report, FillableForm | Letter) else report.face.making


def headline(report: Report) -> str:
    """Return the headline of a report: its kind, and the order it is about."""
    face = report if isinstance(report, FillableForm | Letter) else report.face
    return f"{face.title}: {face.subject.called}" if face.subject else face.title


def declared(sheet: FillableForm, lang: str) -> dict[str, str]:
    """Return what a foreign court's words mean in a language, by the words, for those declared before that court."""
    sections = [s for s in sheet.sections if s.fixed]
    lines = [line for s in sections for line in s.lines]
    words = [*(s.lead for s in sections), *(x for line in lines for x in (line.label, *line.says, *line.ticks))]
    language = translation(lang)
    return {str(each): language.words(each) for each in words}


def running(title: str, language: Translation, *, test: bool) -> str:
    """Return the style of the running head of a printed page: the headline, and which page it is."""
    said = PLACE.split(language.say("Page {0} of {1}"))
    counters = ("counter(page)", "counter(pages)")
    parts = (counters[int(part)] if n % 2 else _css_string(part) for n, part in enumerate(said) if part)
    begin = _css_string(f"TEST {title}" if test else title)
    return f"@page {{ @top-left {{ content: {begin}; }} @top-right {{ content: {' '.join(parts)}; }} }}\n"


def _css_string(text: str) -> str:
    """Return a text as a string of CSS, everything but letters and digits of ASCII escaped."""
    return '"' + CSS_PLAIN.sub(lambda found: f"\\{ord(found[0]):x} ", text) + '"'


def picture(drawn: Picture, lang: str = "en") -> str:
    """Return a picture as a separate SVG file, in the type of the paper and without the names of others."""
    svg: str = environment(lang).get_template("picture.svg.j2").module.svg(drawn, paper=True)  # type: ignore[attr-defined]
    return svg


def replay_page(report: Replay, lang: str = "en") -> str:
    """Return a replay as one HTML file with a slider; without script it is a list of every moment."""
    styles = source("picture.css") + source("replay.css")
    language = translation(lang)
    title = f"{language.say('Replay')}: {language.words(report.subject.called)}"
    return _render("replay.html.j2", title, language.of(report), styles, source("replay.js"), lang)


def charts(report: Statistics, lang: str = "en") -> dict[str, str]:
    """Return the charts of a statistic as SVG files by name, in the type of the paper."""
    pictures: Any = environment(lang).get_template("numbers.html.j2").module
    files: dict[str, str] = {}
    for n, part in enumerate(report.parts, 1):
        if part.chart is not None:
            files[f"chart-{n}.svg"] = pictures.plot(part.chart, paper=True)
    return files


def statistics_page(report: StatisticsReport, lang: str = "en") -> str:
    """Return a statistical form as one HTML file, without script."""
    styles = source("picture.css") + source("statistics.css")
    content = translation(lang).of(report)
    return _render("stats.html.j2", content.title, content, styles, lang=lang)


def _render(
    template: str,
    title: str,
    report: Report | Replay | StatisticsReport,
    style: str,
    script: str = "",
    lang: str = "en",
    glosses: Mapping[str, str] = MappingProxyType({}),
) -> str:
    style = based("report") + source("page.css") + style
    # What the policy allows is named by digest: this style, this script, nothing else and nothing from anywhere.
    policy = ["default-src 'none'", f"style-src '{digest(style)}'", "base-uri 'none'", "form-action 'none'"]
    if script:
        policy.insert(2, f"script-src '{digest(script)}'")
    return (
        environment(lang)
        .get_template(template)
        .render(
            report=report,
            title=title,
            glosses=glosses,
            policy=Markup("; ".join(policy)),  # noqa: S704 - made here, of digests
            style=Markup(style),  # noqa: S704 - our own files
            plain=not built("report"),
            place=Places(report),
            script=Markup(script),  # noqa: S704
        )
    )


def digest(text: str) -> str:
    """Return how a Content-Security-Policy names a style or a script of the page."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


class ConstantMessages(Extension):
    """Have Jinja2 look up a message without values once, when it compiles a template: it folds a constant's filter."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return the source of a template, each such message as a constant with a filter."""
        return CONSTANT.sub(r"(\1|message)", source)


@cache
def environment(lang: str) -> Environment:
    """Return the templates of this package in a language, with the filters that format values."""
    env = Environment(
        loader=PackageLoader("projections", "templates"),
        extensions=[ConstantMessages],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
        finalize=_shown
        if lang == "en"
        else None,  # elsewhere `Translation.of` did, and our own words hold soft hyphens
    )
    language = translation(lang)

    @cache
    def words_of(message: str) -> Markup:
        # Messages are our own words, and may say more than text; what is put into them is escaped.
        return Markup(language.messages.get(message, message))  # noqa: S704

    def marked(message: str, *values: object) -> Markup:
        return words_of(message).format(*values) if values else words_of(message)

    # What a reader aloud has to say in English: words of the program, of a foreign law.
    english = Markup("") if lang == "en" else Markup(' lang="en"')

    @cache
    def field_name(name: str) -> Markup:
        """Return the name of a field in the language of the page, if it has one."""
        known = name in language.messages  # in French, a word may be the same
        return words_of(name) if known else Markup("<span{}>{}</span>").format(english, name)

    env.globals.update({"_": marked, "lang": lang, "english": english})
    filters: dict[str, Any] = {
        "message": words_of,
        "field_name": field_name,
        "without_quotes": lambda text: text.translate(NO_QUOTES),
        "wire": wire,
        "people": lambda moment: language.words(_people(moment)),
        "before": lambda moment: f"{moment.astimezone(UTC) - timedelta(days=1):%Y-%m-%d}",
        "kind": lambda kind: kind.replace("-", " ").capitalize(),
        "said": language.words,
        "number": language.number,
        "figures": lambda drawn: figures(drawn, language),
        "shapes": lambda drawn, paper: shapes(drawn, env.finalize or str, paper=paper),
        "describe_plot": describe_plot,
        "legend": legend,
        "suppressed": suppressed,
        "nothing": nothing,
        "counted_rows": counted_rows,
        "empty_rows": empty_rows,
        "rows": in_rows,
        "printed": lambda row, table: printed(row, table, language.number),
        "grouped": "{:,}".format,
    }
    env.filters.update(filters, runs=runs, together=together, in_order=partial(sorted, key=in_order), square=_square)
    return env


def _shown(value: object) -> object:
    """Return a value as a template writes it: characters without a visible shape are named."""
    return value if type(value) is not str or value.isascii() else visible(value)


def compile_templates() -> None:
    """Compile every template now, so that the first request need not wait for it."""
    env = environment("en")
    for name in env.list_templates(["j2"]):
        env.get_template(name)


@cache
def source(name: str) -> str:
    """Return one of the package's files as it is in the page."""
    env = environment("en")
    assert env.loader is not None  # noqa: S101 - made above
    return env.loader.get_source(env, name)[0]


@cache
def built(page: str) -> str:
    """Return the style that `make style` builds for desk, report or rulebook; empty where it is not installed."""
    try:
        return source(f"built/{page}.css")
    except TemplateNotFound:
        return ""


def based(page: str) -> str:
    """Return the style under our own rules: the one built for the page, else the plain one."""
    return built(page) or source("plain.css")


def in_rows(text: str) -> str:
    """Return the same text with every digest in groups of 32 digits, so that two can be compared by eye."""
    return DIGEST.sub(lambda found: " ".join(re.findall(".{1,32}", found[0])), text)


def _people(moment: datetime) -> Moment:
    """Return a moment as people read it, in UTC; seconds only where they are not zero."""
    return Moment(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}".removesuffix(":00"))


def _square(head: ReportCheckpoint) -> Markup:
    return Markup(checkpoint_qr_code(head, inside=True).decode())  # noqa: S704 - drawn here, of numbers
