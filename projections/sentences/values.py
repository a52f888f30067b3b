"""Values of entries in words: codes by the vocabulary, offices and States by name, dates, sizes, digests.

What others stated in their own words is shown as it is: a plain word or number bare, everything else in quotation
marks. Text, and whatever is too long for a sentence, has no words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Self
from unicodedata import category

from ledger.entries.case import instant
from ledger.facts.value_forms import Form, IntegerForm, ListForm, MapForm, ObjectForm, TextForm
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.facts.words import words_of
from ledger.facts.words.data import ELEMENT_WORDS, INSTRUMENT_WORDS
from ledger.formats.characters import code, visible
from ledger.formats.misleading_names import misleading
from ledger.law.terms.periods import PERIODS, period
from ledger.messages import Capitalised, Code, Day, LongDay, Message, Moment, OfficeName, Weekday
from projections.sentences.local_time import LocalTimes
from projections.sentences.names import Names
from projections.sentences.quotation import MARKS, in_quotes

ISO: Final = "y-MM-dd"
FIRST_OF_MONTH: Final = {"fr": "1er"}  # CLDR writes `1 mars`
LONGEST: Final = 80  # characters of a stated value in a sentence: of a longer one the beginning, an ellipsis and ENDING
ENDING: Final = 25  # of a name of a file: its extension too
LONGEST_NAME: Final = 200  # of a registered name: offices with a unit and a section in theirs stand whole
MOST: Final = 4  # items of a list
FILES: Final = 2
PLAIN: Final = re.compile(r"[^\W_](?:[\w./#+-]*[\w#+])?")
CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")  # no signed text has one
NAMED_CHARACTER: Final = re.compile(r"<U\+[0-9A-F]{4,6}>")  # as `visible` writes it
UNLIKE_A_NAME: Final = re.compile(r"\w{3}\. +\w|[。！？؟:;!?\n\"“”„‟«»]")  # a sentence, or a mark of one
UNITS: Final = {"Y": "year", "M": "month", "W": "week", "D": "day", "H": "hour", "m": "minute", "S": "second"}
STEPS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


class Language:
    """The words of one language for values: English without messages."""

    def __init__(self, lang: str = "en", messages: Mapping[str, str] = {}) -> None:
        self.lang = lang
        self.messages = messages

    @property
    def point(self) -> str:
        """The decimal point."""
        if not self.messages:
            return "."
        from babel.numbers import get_decimal_symbol

        return str(get_decimal_symbol(self.lang))

    def word(self, english: str) -> str:
        """Return words of ours in this language; in English where it has none."""
        return self.messages.get(english) or english

    def put(self, english: str, *values: object) -> str:
        """Return a message with its places filled."""
        return self.word(english).format(*map(self.of, values))

    def of(self, value: object) -> str:
        """Return a value in this language, as its type says; a plain string is somebody's words or a code."""
        match value:
            case Message():
                return self.put(value.id, *value.values) if value.values else self.word(value.id)
            case Worded():
                return visible(value.in_(self))
            case OfficeName():
                return visible(value.names.get(self.lang) or str(value))
            case Code():
                return self.word(value.words) if self.messages else str(value)
            case Capitalised():
                words = self.messages.get(str(value)) or self.of(value.words)
                return words[:1].upper() + words[1:]
            case Day():
                return self.day(value)
            case LongDay():
                return self.date(date.fromisoformat(value.iso))
            case Weekday():
                return f"{self.word(value.weekday)}, {self.day(value.iso)}" if self.messages else str(value)
            case Moment():
                return self.dated(value)
            case _:
                return visible(str(value))

    @property
    def date_pattern(self) -> str:
        """Return the pattern of a date: `dd` and `MM` of two digits, `y`; in English as in the record."""
        if not self.messages:
            return ISO
        from babel.dates import get_date_format

        pattern = str(get_date_format("medium", self.lang).pattern)
        return pattern if "MMM" not in pattern else str(get_date_format("short", self.lang).pattern)

    def day(self, iso: str) -> str:
        """Return a day such as 2027-03-01 as this language writes it."""
        if not self.messages:
            return str(iso)
        year, month, day = iso.split("-")
        return self.date_pattern.replace("dd", day).replace("MM", month).replace("y", year)

    def dated(self, moment: str) -> str:
        """Return a moment of the record: the day as this language writes it, the time, and UTC for the Z."""
        if not self.messages:
            return str(moment)
        time = moment[11:].removesuffix("Z")
        return " ".join(part for part in (self.day(moment[:10]), time, "UTC" if moment.endswith("Z") else "") if part)

    def date(self, day: date) -> str:
        """Return a date in words: `15 March 2027`."""
        if not self.messages:
            return str(LongDay(day))
        from babel.dates import format_date

        written = str(format_date(day, "long", self.lang))
        first = day.day == 1 and written.startswith("1 ")
        return FIRST_OF_MONTH.get(self.lang, "1") + written[1:] if first else written

    def moment(self, moment: datetime, times: LocalTimes) -> str:
        """Return a moment in UTC, and in the time of an office: `15 March 2027 at 13:00 UTC (14:00 in Oslo)`."""
        return self.of(times.moment(moment))

    def bytes(self, size: int) -> str:
        """Return an exact number of bytes, its digits in groups where the language has them: `1842 bytes`."""
        if not self.messages:
            return self.put("{0} byte" if size == 1 else "{0} bytes", size)
        from babel.numbers import format_decimal

        grouped = format_decimal(size, format="#,##0", locale=self.lang)
        return self.put("{0} byte" if size == 1 else "{0} bytes", grouped)

    def size(self, size: int) -> str:
        """Return a number of bytes: `50 MB`, `1.2 MB`, `512 bytes`."""
        for step, unit in STEPS:
            if size >= step:
                shown = f"{size / step:.1f}".removesuffix(".0")
                return f"{shown.replace('.', self.point)} {unit}"
        return self.put("{0} byte" if size == 1 else "{0} bytes", size)

    def period(self, value: str) -> str:
        """Return an ISO 8601 duration in words: `P1Y6M` as `1 year, 6 months`."""
        days, _, clock = value.removeprefix("P").partition("T")
        parts = [*re.findall(r"(\d+)([YMWD])", days), *re.findall(r"(\d+)([HmS])", clock.replace("M", "m"))]
        return ", ".join(self.put(f"{{0}} {UNITS[unit]}{'' if n == '1' else 's'}", n) for n, unit in parts)

    def listed(self, items: Sequence[str], most: int = MOST) -> str:
        """Return items as a list: `a, b and c`; with semicolons where an item has a comma itself."""
        if len(items) > most + 1:
            items = [*items[:most], self.put("{0} more", len(items) - most)]
        comma = "; " if any("," in item or ";" in item for item in items) else ", "
        return comma.join(items[:-1]) + self.word(" and ") + items[-1] if len(items) > 1 else items[0]

    def quoted(self, text: str) -> str | None:
        """Return what somebody stated: a plain word bare, else in quotation marks it cannot close; None if it is blank.

        A text of more than 80 characters is cut in the middle.
        """
        text = _in_one_line(text)
        if not text:
            return None
        text = cut(text)
        return text if PLAIN.fullmatch(text) else in_quotes(text, self.lang)

    def named(self, name: str) -> str:
        """Return a registered name: bare, but in quotation marks and cut where it could be read as words of ours."""
        if misleading(name):  # also one that is in quotation marks already
            return in_quotes(_in_one_line(name.strip(MARKS)), self.lang)
        like_a_name = not UNLIKE_A_NAME.search(name)
        name = _in_one_line(name)
        if len(name) <= LONGEST_NAME and like_a_name:
            return name
        return in_quotes(cut(name, LONGEST_NAME), self.lang)


ENGLISH: Final = Language()


class Worded(str):
    """Words in English that `in_` makes anew in another language, from values and not from the English words."""

    _made: Callable[[Language], str]

    def __new__(cls, made: Callable[[Language], str]) -> Self:
        words = super().__new__(cls, made(ENGLISH))
        words._made = made
        return words

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Let a copy be plain text."""
        return str, (str(self),)

    def in_(self, language: Language) -> str:
        """Return the words in another language."""
        return self._made(language)


def in_words(value: Any, form: Form, language: Language, names: Names, times: LocalTimes, how: str = "") -> str | None:
    """Return a stated value in words; None where it has none for a sentence."""
    match form:
        case TextForm() if isinstance(value, str):
            return _text(value, form, language, names, times, how)
        case IntegerForm() if isinstance(value, int):
            return language.size(value) if how == "bytes" else str(value)
        case ListForm(item=item) if isinstance(value, list | tuple) and value:
            found = [in_words(each, item, language, names, times, how) for each in value]
            words = [each for each in dict.fromkeys(found) if each]
            return language.listed(words) if words and None not in found else None
        case ObjectForm(type="manifest") if isinstance(value, Mapping):
            return _files(value.get("files") or (), language)
        case MapForm() if isinstance(value, Mapping) and value:
            return language.named(value.get(language.lang) or value.get("en") or next(iter(value.values())))
    return None


def cut(text: str, most: int = LONGEST) -> str:
    """Return a visible text of at most `most` characters: a longer one keeps its beginning and its ending.

    A character that is named (`<U+202E>`) and one with its combining marks are cut off whole.
    """
    if len(text) <= most:
        return text
    inside = {n for match in NAMED_CHARACTER.finditer(text) for n in range(match.start() + 1, match.end())}
    places = [n for n, c in enumerate(text) if n not in inside and category(c)[0] != "M"]
    first = max((n for n in places if n <= most - ENDING - 1), default=0)
    last = min((n for n in places if n >= len(text) - ENDING), default=len(text))
    return f"{text[:first]}…{text[last:]}"


def _in_one_line(text: str) -> str:
    """Return a text without line breaks, with each character that has no shape by its number: `<U+202E>`."""
    return CONTROL.sub(lambda c: f"<{code(c[0])}>", visible(" ".join(text.split())))


def short(digest: str) -> str:
    """Return a digest or key in short: its first eight digits."""
    return f"{digest[:8]}..." if len(digest) > 12 else digest


def role_words(role: str, language: Language) -> str:
    """Return a role in few words: what the vocabulary says of it before the first semicolon."""
    return language.word(ROLES.get(role, role)).partition(";")[0]


def _text(value: str, form: TextForm, language: Language, names: Names, times: LocalTimes, how: str) -> str | None:
    if form.values and form.type == "code":
        return language.word(words_of(form.values).get(value, value))
    if how == "digest":
        return short(value)
    if how == "period" and value in PERIODS:
        return language.of(period(value))
    named = _NAMED.get(form.type)
    return language.quoted(value) if named is None else named(value, language, names, times)


_Named = Callable[[str, Language, Names, LocalTimes], "str | None"]


def _entry(leaf: str, language: Language, names: Names) -> str | None:
    number = names.entry(leaf)
    return None if number is None else language.put("entry {0}", number)


def _element(code: str, language: Language) -> str:
    name, _, label = code.partition("#")
    words = language.word(ELEMENT_WORDS.get(name, name))
    return f"{words} {in_quotes(label, language.lang)}" if label else words


_NAMED: Final[Mapping[str, _Named]] = {
    "actor": lambda v, lang, names, _: lang.named(names.office(v, lang.lang)),
    "party": lambda v, lang, names, _: lang.named(names.party(v, lang.lang)),
    "role": lambda v, lang, *_: role_words(v, lang),
    "instrument": lambda v, lang, *_: lang.word(INSTRUMENT_WORDS.get(v) or INSTRUMENTS.get(v, v)),
    "element": lambda v, lang, *_: _element(v, lang),
    "date": lambda v, lang, *_: lang.date(date.fromisoformat(v)),
    "instant": lambda v, lang, _, times: lang.moment(instant(v), times),
    "duration": lambda v, lang, *_: lang.period(v),
    "event": lambda v, lang, names, _: _entry(v, lang, names),
    "order": lambda *_: None,
    "text": lambda *_: None,
}


def _files(files: Iterable[Mapping[str, Any]], language: Language) -> str | None:
    words = []
    for file in files:
        name = language.quoted(str(file.get("name", "")))
        if name is None:
            return None
        words.append(f"{name} ({', '.join((language.size(int(file.get('size', 0))), *_digest(file)))})")
    return language.listed(words, FILES) if words else None


def _digest(file: Mapping[str, Any]) -> Iterator[str]:
    for key, name in (("sha256", "SHA-256"), ("sha512", "SHA-512")):
        if file.get(key):
            yield f"{name} {short(str(file[key]))}"
            return
