"""Reports on paper: PDF/A-3a and PDF/UA-1 of the same values as the page, with the evidence attached; set by typst.

Templates are part of this package and get nothing but data: a name stays a name, whatever it holds. The date in
the file is the moment the report speaks of, so the same record gives the same bytes, on every machine with the
same fonts. A character that no font has is an error: a court never gets a box instead of a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import typst

from ledger.messages import plain
from projections.drawings.charts import describe_plot, legend
from projections.drawings.picture import Picture
from projections.render.html import KINDS, Report, charts, declared, in_rows, picture, source
from projections.render.labels import labels
from projections.render.pictures import PART, Figure, drawings, figure
from projections.render.qr_code import checkpoint_qr_code
from projections.render.translation import Translation, translation
from projections.reports.fillable_form import FillableForm
from projections.reports.hearing.hearing_bundle import Hearing
from projections.reports.history import History
from projections.reports.letters.letter import Letter
from projections.statistics.report import FormReport, Statistics, counted_rows, empty_rows, nothing, printed

STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]  # ISO 19005-3 level A, ISO 14289-1, both in one file
SHARED: Final = ("main.typ", "paper.typ", "face.typ", "annex.typ", "story.typ")
PARTS: Final = {"hearing": ("custody.typ", "evidence-chain.typ")}  # templates whose sections another one uses
ABSENT: Final = re.compile(r'the text `"(.+?)"` could not be displayed')
RTL: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")  # Hebrew to Arabic Extended-A, and their forms
LONG_ORDER: Final = 200  # entries; beyond, a paper is set closer and its numbers are not links
STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')  # of JSON
LONG: Final = re.compile(r"[!#-\[\]-~]{48}(?=[!#-\[\]-~])")  # what no line is sure to take


class NoGlyph(Exception):
    """No available font has these characters; `script` is the writing they belong to, or None for a symbol."""

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self.script = script(characters[0])
        super().__init__(f"no font here has {characters[:12]} ({self.script or f'U+{ord(characters[0]):04X}'})")


@dataclass(frozen=True, slots=True)
class Attachment:
    """Hold a file that is attached to the paper under a name; it is in `folder` under the name `attached`."""

    name: str
    size: int
    sha256: str
    folder: str


def paper(
    report: Report,
    fonts: typst.Fonts,
    attached: Attachment | None = None,
    *,
    lang: str = "en",
) -> bytes:
    """Return a report as PDF in a language. Raises `NoGlyph`."""
    spoken = translation(lang)
    glosses = declared(report, lang) if isinstance(report, FillableForm) else {}
    report = spoken.of(report)
    face = report if isinstance(report, FillableForm | Letter) else report.face
    story = getattr(report, "story", None)
    shown = {name: figure(drawn, spoken) for name, drawn in drawings(report).items()}
    text = breakable(msgspec.json.encode(report).decode())
    kind = KINDS[type(report)]
    values = {
        "kind": kind,
        "lang": lang,
        "messages": {**spoken.messages, **glosses},
        "date": spoken.date_pattern,
        "group": spoken.group,
        "commands": () if isinstance(report, FillableForm | Letter) else report.face.commands,
        "making": face.making,
        "title": face.title,
        "name": face.subject.called if face.subject else None,
        "order": face.subject.order if face.subject else None,
        "fonts": families(fonts.families(), face.languages),
        "languages": dict(face.languages),
        "pictures": {name: _placed(name, one) for name, one in shown.items()},
        "attached": attached,
        "long": isinstance(story, History) and (len(story.events) > LONG_ORDER or not story.events),
        "labels": dict.fromkeys(labels(report)),
        "leaves": dict(report.leaves) if isinstance(report, Hearing) else {},
        "rtl": RTL.search(text) is not None,
        "parts": [_numbers(part, spoken) for part in report.parts] if isinstance(report, Statistics) else (),
    }
    files = {name: source(name).encode() for name in (*SHARED, f"{kind}.typ", *PARTS.get(kind, ()))}
    files["report.json"] = msgspec.json.encode(values, enc_hook=plain)
    files["values.json"] = text.encode()
    for name, one in shown.items():
        files |= {f"{name}-{n}.svg": picture(p, lang).encode() for n, p in enumerate(_parts(one))}
    if isinstance(report, Statistics):
        files |= {name: svg.encode() for name, svg in charts(report, lang).items()}
    if face.making.head is not None:
        files["qr.svg"] = checkpoint_qr_code(face.making.head)
    try:
        pdf = typst.compile(  # type: ignore[call-overload]  # its stub forgets that files may be given by name
            files,
            root=None if attached is None else attached.folder,
            format="pdf",
            font_paths=fonts,
            ignore_system_fonts=True,
            pdf_standards=STANDARDS,
            timestamp=int(face.making.as_of.timestamp()),
        )
    except typst.TypstError as wrong:
        if absent := ABSENT.findall(wrong.diagnostic):
            raise NoGlyph("".join(dict.fromkeys(absent))) from None
        raise
    return bytes(pdf)


def _placed(name: str, one: Figure) -> dict[str, object]:
    """Return the files of a drawing, their texts, and the names that typst sets on them."""
    lines = () if name == "deadlines" else one.lines  # the lists of a paper say when each begins and ends
    files = [
        {
            "file": f"{name}-{n}.svg",
            "alt": f"{p.title} ({n + 1})" if n else " ".join((f"{p.title}: {p.says}", *lines)),
            "width": p.width,
            "names": [replace(w, y=w.y - p.top) for w in p.words if w.theirs],
        }
        for n, p in enumerate(_parts(one))
    ]
    return {"files": files, "caption": one.caption, "head": one.picture is not None and one.picture.head > 0}


def _parts(one: Figure) -> tuple[Picture, ...]:
    return one.picture.parts(PART) if one.picture else ()


def _numbers(part: FormReport, spoken: Translation) -> dict[str, object]:
    """Return the cells of a statistic as they are printed, and what its chart shows in words."""
    totals = () if part.beside is None else part.beside.totals
    return {
        "tables": [
            {
                "nothing": nothing(t),
                "rows": [(row, printed(row, t, spoken.number)) for row in counted_rows(t)],
                "empty": empty_rows(t),
            }
            for t in part.form.tables
        ],
        "shares": [None if t.share is None else f"{spoken.number(100 * t.share, 1)} %" for t in totals],
        "alt": "" if part.chart is None else spoken.words(describe_plot(part.chart)),
        "below": "" if part.chart is None else spoken.words(legend(part.chart)),
    }


def families(at_hand: Sequence[str], languages: Sequence[tuple[str, str]]) -> list[str]:
    """Return the font families: the main one, then every other sans family; Han as the names' language has it."""
    spoken = {lang.split("-")[0] for _, lang in languages}
    han = (
        ["Noto Sans SC", "Noto Sans JP"] if "zh" in spoken and "ja" not in spoken else ["Noto Sans JP", "Noto Sans SC"]
    )
    others = [f for f in at_hand if f.startswith("Noto Sans") and f not in ("Noto Sans", *han)]
    return [f for f in ("Noto Sans", *others, *han) if f in at_hand]


def breakable(text: str) -> str:
    """Return the same text with digests in groups of 32 digits, and break points in what would run over the margin.

    Not for text that somebody copies out of the paper: a break point is a character.
    """
    return STRING.sub(_broken, in_rows(text))


def _broken(found: re.Match[str]) -> str:
    said = found[0]
    return LONG.sub("\\g<0>\u200b", said) if len(said) > 48 else said


def script(character: str) -> str | None:
    """Return the writing a character belongs to, as Unicode names it: `Thai`; None for a symbol."""
    word = unicodedata.name(character, "").split(" ")[0]
    return word.capitalize() if unicodedata.category(character)[0] in "LM" and word else None
