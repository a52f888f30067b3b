"""The language of a report: its sentences by a gettext catalogue, looked up when a page is rendered.

Values are made in English and stay so in JSON and in the ledger. A page or paper in another language translates
the same values: a sentence that is in the catalogue, else one that fits a message with placeholders (`{0}
entries of ...`), else its parts. A text that fits no message stays as it is: names, codes, what entries state.
What somebody stated (`stated`) stays even where a message has the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from dataclasses import fields, is_dataclass, replace
from datetime import date
from functools import cache
from io import BytesIO
from operator import is_
from typing import Any, Final, TypeVar

from jinja2 import Environment, PackageLoader

from ledger.formats.characters import visible
from projections.drawings.charts import Bar, Bars, DataPoint, Plot
from projections.drawings.charts import Series as Series
from projections.reports.audits.ledgers_report import AttentionLine
from projections.reports.custody_report import CustodyReport, CustodyRow
from projections.reports.data_protection.processing_record import AccessRow, AnswerRow, ProcessingRecord
from projections.reports.evidence_chain_report import CriterionRow, Period, UsedRule
from projections.reports.fillable_form import FillableForm, FormLine, FormSection, FormTable
from projections.reports.front_page import CheckCommand, FindingLine, FrontPage, IntegrityResult, Subject, VerdictReason
from projections.reports.hearing.hearing_bundle import Document
from projections.reports.history import Event, History
from projections.reports.ledger_report import CheckCount, KeyRow
from projections.reports.letters.letter import Letter, LetterSection, LetterSource, MissingContent
from projections.reports.replay import EntryLine, RunningDeadline, Stage
from projections.reports.request import Request, StateName
from projections.reports.signature_note import SignatureNote
from projections.sentences.local_time import MONTHS as LONG_MONTHS
from projections.sentences.values import Language, Worded
from projections.statistics.counting import Form, StatisticsRow
from projections.statistics.counting import StatisticsTable as Numbers
from projections.statistics.report import FormReport, Statistics, StatisticsReport
from projections.views.completeness import Missing
from projections.views.known_at import Change

SHORT: Final = 7  # letters of a message around its places; fewer fit too much, so a place takes two words at most
PLACE: Final = re.compile(r"\{(\d)\}")
DAY: Final = re.compile(r"([A-Z][a-z]+day) (\d{4}-\d\d-\d\d)")
MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?Z) (.+)")
CRITERION: Final = re.compile(r"(A[1-8]) (.+?)([.:]?)")
STATE: Final = re.compile(r"[A-Z][A-Z_]+|[a-z]+(?:_[a-z]+)+")  # a state or region by its code; the catalogue has words
WHEN: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?(Z?)")
LONG_DATE: Final = re.compile(rf"(\d{{1,2}}) ({'|'.join(LONG_MONTHS)}) (\d{{4}})")  # as letters have it
LOCAL: Final = re.compile(r"(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d(?::\d\d)? in .+)")  # the time at an office
IN: Final = {"fr": "à"}  # the word before the place of a time, where it is not that of English
ISO: Final = "y-MM-dd"
SIGNER: Final = re.compile(r"(.+)( \([A-Z0-9]+\))")  # an office and the role in which it signed
CODED: Final = re.compile(r"(.+)( \([A-Z][A-Z0-9]*[-:_][\w.:()-]+(?: [^()]+)?\))")  # words with their code behind
SENTENCES: Final = (r"(?<=\.) ", r"(?<=:) ", "; ")  # a message may have a colon, and is one sentence
PARTS: Final = (", if ", *SENTENCES, ", ", " or ")  # where a text that fits no message is taken apart
LISTS: Final = (", ", " or ")  # only where all of it is ours

# The values that are sentences of ours; all others are names, codes, or the words of the signer of an entry.
OURS: Final[Mapping[type, tuple[str, ...]]] = {
    FrontPage: ("title", "what", "answer", "found", "vouches", "lacking", "procedure", "not_checked", "only_for"),
    Request: ("asked_for", "elements"),
    IntegrityResult: ("says", "not_proven"),
    VerdictReason: ("says",),
    Document: ("title",),
    FindingLine: ("level", "says", "mark"),
    UsedRule: ("mark",),
    CheckCommand: ("says",),
    SignatureNote: ("says",),
    Subject: ("called", "instrument_says", "state", "regions"),
    Event: ("late", "early", "says", "who", "state", "proven", "local"),
    History: ("turns",),
    CustodyReport: ("confirmed",),
    CustodyRow: ("step", "says", "check", "compared", "recorded", "local"),
    CriterionRow: ("name", "asks", "state", "rests_on", "lacks"),
    Period: ("name", "verdict", "steps"),
    AnswerRow: ("question", "lines"),
    AccessRow: ("view",),
    EntryLine: ("says", "who"),
    RunningDeadline: ("name",),
    Stage: ("state", "really", "regions"),
    Change: ("what", "before", "after"),
    CheckCount: ("what",),
    KeyRow: ("roles",),
    AttentionLine: ("says",),
    FillableForm: ("title", "what", "note", "only_for"),
    FormSection: ("title", "cite", "lead"),
    FormLine: ("label", "says", "cite", "ticks"),
    FormTable: ("caption", "heads", "rows"),
    Missing: ("says", "add"),
    Letter: ("title", "date", "basis"),
    LetterSection: ("title", "paragraphs", "points", "blanks"),
    LetterSource: ("says",),
    MissingContent: ("says",),
    StatisticsReport: ("title", "selection", "method"),
    Statistics: ("method", "cannot_know"),
    FormReport: ("title",),
    Form: ("cannot_know",),
    Numbers: ("title", "columns"),
    StatisticsRow: ("says",),
    Bars: ("title",),
    Bar: ("name", "says"),
    Plot: ("missing",),
    Series: ("name",),
    DataPoint: ("says",),
}

# Of these, the ones that may hold nothing but what somebody stated.
MIXED: Final[Mapping[type, tuple[str, ...]]] = {
    Subject: ("called",),
    Request: ("asked_for", "elements"),
    CustodyReport: ("confirmed",),
    Event: ("who",),
    EntryLine: ("who",),
    FormLine: ("says",),
    FormTable: ("rows",),
    LetterSection: ("paragraphs", "points"),
    StatisticsRow: ("says",),
    Bar: ("name",),
}

T = TypeVar("T")


class Translation:
    """One language and its messages, by their English; `theirs` are stated words, which are not translated."""

    def __init__(self, lang: str, messages: Mapping[str, str]) -> None:
        self.lang = lang
        self.messages = messages
        self.theirs: Collection[str] = frozenset()
        self.values = Language(lang, messages)
        self._sentences: dict[str, str] = {}
        self.offices: Mapping[str, str] = {}
        self._said_before: dict[str, str] = {}
        placed = sorted(
            (m for m in messages if PLACE.search(m)), key=lambda m: (len(PLACE.sub("", m)), m), reverse=True
        )
        self._placed = [(re.compile(_as_pattern(m), re.DOTALL), messages[m]) for m in placed]

    def keeping(self, theirs: Collection[str]) -> Translation:
        """Return the same language, which keeps these words as they were stated, and each sentence and part of them."""
        language = copy(self)
        language._said_before = {}
        theirs = [visible(words) for words in theirs]
        parts = (part for words in theirs for part in re.split("|".join(SENTENCES), words))
        language.theirs = frozenset((*theirs, *parts))
        return language

    def naming(self, report: object) -> Translation:
        """Return the same language with the names that offices of a report have in it, by the names in the report."""
        face = getattr(report, "face", report)
        offices = {shown: name for shown, lang, name in getattr(face, "named", ()) if lang == self.lang}
        if not offices:
            return self
        language = copy(self)
        language._said_before = {}
        language.offices = {visible(shown): visible(name) for shown, name in offices.items()}
        return language

    def office(self, text: str) -> str:
        """Return the name of an office in this language, with its role where the text has it; else the text itself."""
        match = SIGNER.fullmatch(text)
        name, role = (match[1], match[2]) if match else (text, "")
        return f"{self.offices[name]}{role}" if name in self.offices else text

    def say(self, text: str) -> str:
        """Return a text of ours in this language; the text itself where no message fits."""
        if not self.messages or not text:
            return text
        if text in self._sentences:
            return self._sentences[text]
        if self.offices and (name := self.office(text)) != text:
            return name
        if (result := self._said_before.get(text)) is None:
            result = self._said_before[text] = self._say(text)
        return result

    def whole(self, text: str) -> str:
        """Return a text of ours if the catalogue has a translation of each of its sentences; else the text itself."""
        said = [self.messages.get(each) for each in re.split(r"(?<=\.) ", text)]
        return " ".join(each for each in said if each) if all(said) else text

    def part(self, text: str) -> str:
        """Return the same of a part of a text, which may be what somebody stated."""
        if text in self._sentences:
            return self._sentences[text]  # words made of values, such as the name of a State
        name = self.office(text) if self.offices else text
        return name if name != text or text in self.theirs else self.say(text)

    def _say(self, text: str) -> str:
        if text in self.messages:
            return self.messages[text]
        if (small := text[0].lower() + text[1:]) in self.messages:
            return self.messages[small][:1].upper() + self.messages[small][1:]
        if STATE.fullmatch(text) and (state := text.replace("_", " ").lower()) in self.messages:
            return self.messages[state]
        if match := WHEN.fullmatch(text):
            return " ".join(part for part in (self.date(match[1]), match[2], match[3] and "UTC") if part)
        if match := LOCAL.fullmatch(text):
            there = match[2].replace(" in ", f" {IN.get(self.lang, 'in')} ", 1)
            return f"{self.date(match[1])} {there}" if match[1] else there
        if match := LONG_DATE.fullmatch(text):
            return self.long_date(int(match[1]), LONG_MONTHS.index(match[2]) + 1, int(match[3]))
        if (match := CODED.fullmatch(text)) and (words := self.part(match[1])) != match[1]:
            return f"{words}{match[2]}"
        for pattern, message in self._placed:
            if match := pattern.fullmatch(text):
                values = match.groupdict()
                return PLACE.sub(lambda place, v=values: self.part(v[f"p{place[1]}"]), message)  # type: ignore[misc]
        if match := DAY.fullmatch(text):
            return f"{self.messages.get(match[1], match[1])}, {self.date(match[2])}"
        if match := MOMENT.fullmatch(text):
            return f"{self.part(match[1])} {self.part(match[2])}"
        if match := CRITERION.fullmatch(text):
            return f"{match[1]} {self.part(match[2])}{match[3]}"
        if text[-1] in ".:" and ". " not in text and (message := self.part(text[:-1])) != text[:-1]:
            return message + text[-1]
        if all(p in self.messages for p in text.split("; ")):
            return "; ".join(self.messages[p] for p in text.split("; "))
        for part in PARTS:
            pieces = re.split(f"({part})", text)
            if len(pieces) == 1:
                continue
            translated = [self.messages.get(p, p) if n % 2 else self.part(p) for n, p in enumerate(pieces)]
            if part not in LISTS or all(p != q for p, q in zip(pieces[::2], translated[::2], strict=True)):
                return "".join(translated)
        return text

    @property
    def date_pattern(self) -> str:
        """Return the pattern of a date: `dd` and `MM` of two digits, `y`; in English as in the record."""
        from babel.dates import get_date_format

        if not self.messages:
            return ISO
        pattern = str(get_date_format("medium", self.lang).pattern)
        return pattern if "MMM" not in pattern else str(get_date_format("short", self.lang).pattern)

    @property
    def group(self) -> str:
        """Return the separator between groups of digits; none in English, where numbers are as in JSON."""
        from babel.numbers import get_group_symbol

        return get_group_symbol(self.lang) if self.messages else ""

    def date(self, iso: str) -> str:
        """Return a date such as 2027-03-01 as this language writes it."""
        year, month, day = iso.split("-")
        return self.date_pattern.replace("dd", day).replace("MM", month).replace("y", year)

    def long_date(self, day: int, month: int, year: int) -> str:
        """Return a date with the name of its month, as this language writes it."""
        from babel.dates import format_date

        return str(format_date(date(year, month, day), "long", self.lang))

    def number(self, n: float, digits: int = 0) -> str:
        """Return a number with this many digits after its decimal point."""
        if not self.messages:
            return f"{n:.{digits}f}"
        from babel.numbers import format_decimal

        return format_decimal(n, format=f"#,##0.{'0' * digits}" if digits else "#,##0", locale=self.lang)

    def of(self, value: T) -> T:
        """Return a report, or any value in one, with our sentences in this language and everything else unchanged.

        Characters without a visible shape are named in every text first (`ledger.formats.characters`).
        """
        shown: T = _shown(value)
        if not self.messages:
            return shown
        language = copy(self.naming(shown))
        language._said_before = {}
        language._sentences = {str(says): self._sentence(says) for says in _sentences(value)}
        translated: T = language._of(shown)
        return translated

    def _sentence(self, says: Worded) -> str:
        """Return words made anew from values, with the words around them."""
        return f"{self._around(says.before)}{says.in_(self.values)}{self._around(says.after)}"

    def _around(self, words: str) -> str:
        """Return words before or after others, with the blank that parts them."""
        if isinstance(words, Worded):
            return self._sentence(words)
        said = self.part(words.strip())
        return f"{words[: len(words) - len(words.lstrip())]}{said}{words[len(words.rstrip()) :]}" if said else words

    def _of(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._sentences.get(value) or (self.office(value) if self.offices else value)
        if isinstance(value, tuple):
            return tuple(self._of(v) for v in value)
        if not is_dataclass(value) or isinstance(value, type):
            return value
        if isinstance(value, StateName):
            return replace(value, name=value.called(self.lang))
        if isinstance(value, ProcessingRecord):
            value = replace(value, row=tuple((self.say(label), self.part(stated)) for label, stated in value.row))
        if isinstance(value, FormSection) and value.fixed:
            return value
        ours, mixed = OURS.get(type(value), ()), MIXED.get(type(value), ())
        return replace(
            value,
            **{
                f.name: self._said(old, self.part if f.name in mixed else self.say) if f.name in ours else new
                for f in fields(value)
                if (new := self._of(old := getattr(value, f.name))) is not old or f.name in ours
            },
        )

    def _said(self, value: Any, say: Callable[[str], str]) -> Any:
        if isinstance(value, str):
            return say(value)
        return tuple(self._said(v, say) for v in value) if isinstance(value, tuple) else value


def _as_pattern(message: str) -> str:
    """Return the regular expression of a message whose placeholders are filled."""
    parts = PLACE.split(message)
    place = ".+?" if sum(map(len, parts[::2])) > SHORT else r"\S*[^\s,;](?: \S*[^\s,;])?"
    seen: set[str] = set()
    pattern = ""
    for n, part in enumerate(parts):
        if n % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P=p{part})" if part in seen else f"(?P<p{part}>{place})"
            seen.add(part)
    return pattern


def _sentences(value: Any) -> Iterator[Worded]:
    """Return all words in a report that a language makes anew."""
    if isinstance(value, Worded):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _sentences(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from _sentences(getattr(value, f.name))


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        if isinstance(value, Worded):
            return str(value)
        return value if value.isascii() else visible(value)
    if isinstance(value, tuple):
        items = tuple(map(_shown, value))
        return value if all(map(is_, items, value)) else items
    changed = {name: new for name in _names(value.__class__) if (new := _shown(old := getattr(value, name))) is not old}
    return replace(value, **changed) if changed else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass; none for another type."""
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()


ENGLISH: Final = Translation("en", {})


@cache
def translation(lang: str) -> Translation:
    """Return a language by its code (BCP 47), its catalogue read into memory; English has and needs none."""
    if lang == "en":
        return ENGLISH
    from babel.messages.pofile import read_po

    loader = PackageLoader("projections", "locale")
    source, _, _ = loader.get_source(Environment(loader=loader, autoescape=True), f"{lang}/LC_MESSAGES/comity.po")
    catalogue = read_po(BytesIO(source.encode()), locale=lang)
    messages = ((m.id, m.string) for m in catalogue if m.id and m.string and not m.fuzzy)
    return Translation(lang, {id: string for id, string in messages if isinstance(id, str) and isinstance(string, str)})
