"""Sentences as values: a message keeps its pattern and what fills it, so that a language makes it and reads no text.

A `Message` is a string, its English words, so a terminal, JSON and a signed statement hold it as it is. `id` is the
English pattern, under which a catalogue has the pattern of another language. The type of a value alone decides how a
language writes it: a message is made in the language, a day is written as the language writes days, an office has the
name that its registrar gave it, and a plain string is somebody's words or a code, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any, Final, Self

LANGUAGES: Final = ("en", "de", "fr")  # of papers, desk, mails, errors: each has its own words
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)
_NAMED: Final = re.compile(r"\{(\w+)\}")


class Message(str):
    """Words of this program in English, made of a pattern and values.

    `id` is the pattern, its places numbered from 0 (`{0} of {1} entries`); `values` fill them, in order.
    """

    id: str
    values: tuple[object, ...]

    def __new__(cls, id: str, *values: object) -> Self:
        message = super().__new__(cls, id.format(*values) if values else id)
        message.id, message.values = str(id), values
        return message

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a copy, and a message that another process gets, keep its pattern and values."""
        return type(self), (self.id, *self.values)


class Code(str):
    """A code that English prints as it is, and every other language in the words of the message `words`."""

    words: str

    def __new__(cls, code: str, words: str) -> Self:
        made = super().__new__(cls, code)
        made.words = words
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.words)


class OfficeName(str):
    """The name of an office in English; `names` has its names in other languages."""

    names: Mapping[str, str]

    def __new__(cls, name: str, names: Mapping[str, str]) -> Self:
        made = super().__new__(cls, name)
        made.names = names
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.names)


class Capitalised(str):
    """Words that begin a sentence; `words` are they as they stand inside one."""

    words: str

    def __new__(cls, words: str) -> Self:
        made = super().__new__(cls, words[:1].upper() + words[1:])
        made.words = words
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.words,)


class Day(str):
    """A day as ISO 8601 (`2027-03-01`); a language writes it in its own order."""

    def __new__(cls, day: date | str) -> Self:
        return super().__new__(cls, day if isinstance(day, str) else day.isoformat())


class LongDay(str):
    """A day in words, `1 March 2027`; `iso` is the day as ISO 8601."""

    iso: str

    def __new__(cls, day: date) -> Self:
        made = super().__new__(cls, f"{day.day} {MONTHS[day.month - 1]} {day.year}")
        made.iso = day.isoformat()
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (date.fromisoformat(self.iso),)


class Weekday(str):
    """A day with its weekday, `Monday 2027-03-01`; `iso` is the day as ISO 8601."""

    iso: str
    weekday: str

    def __new__(cls, day: date) -> Self:
        weekday = WEEKDAYS[day.weekday()]
        made = super().__new__(cls, f"{weekday} {day.isoformat()}")
        made.iso, made.weekday = day.isoformat(), weekday
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (date.fromisoformat(self.iso),)


class Moment(str):
    """A moment as the record has it: `2027-03-01T09:00:00Z`, `2027-03-01 09:00`, without Z where the text says UTC.

    A language writes the day in its own order, then the time, then UTC for the Z.
    """

    def __new__(cls, moment: datetime | str) -> Self:
        if isinstance(moment, str):
            return super().__new__(cls, moment)
        return super().__new__(cls, f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z")


def joined(between: str, parts: Iterable[str]) -> Message:
    """Return parts with marks or blanks between them, each of which keeps its values."""
    parts = tuple(parts)
    return Message(between.join(f"{{{n}}}" for n in range(len(parts))), *parts)


def either(parts: Sequence[str]) -> str:
    """Return parts with `or` between them, each of which keeps its values; at least one part."""
    first, *rest = parts
    return reduce(lambda one, other: Message("{0} or {1}", one, other), rest, first)


def made(words: str) -> Message:
    """Return words of this program as a message; a message stays as it is."""
    return words if isinstance(words, Message) else Message(words)


def of_names(pattern: str, values: Mapping[str, object]) -> Message:
    """Return a message of a pattern whose places have names, which stand in the order of their first use.

    A pattern without places that is a message already stays as it is.
    """
    if isinstance(pattern, Message):
        return pattern
    names = dict.fromkeys(_NAMED.findall(pattern))
    return Message(numbered(pattern), *(values[name] for name in names))


def numbered(pattern: str) -> str:
    """Return a pattern with its named places numbered, one number for each place as they stand."""
    seen: dict[str, int] = {}
    return _NAMED.sub(lambda place: f"{{{seen.setdefault(place[1], len(seen))}}}", pattern)


def coded(code: str, words: Mapping[str, str]) -> str:
    """Return the words of a code as a message; the code itself where the table has no words for it."""
    return Message(words[code]) if code in words else code


def state_code(code: str) -> Code:
    """Return the code of a state, which other languages say in words: `PARTIALLY_DISCLOSED`, `partially disclosed`."""
    return Code(code, "no order yet" if code == "-" else code.replace("_", " ").lower())


def plain(value: object) -> str:
    """Return a message or a typed value as a plain string, for `enc_hook` of msgspec; TypeError for anything else."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(type(value))


def built(value: object) -> Any:
    """Return a message, a typed value or a number as JSON, from which `rebuilt` makes it again.

    A message is `{"id", "values"}`; a code, an office, a day, a moment and words that begin a sentence have one key of
    their type. Any other string is a string, and any other value its text.
    """
    match value:
        case Message():
            return {"id": value.id, "values": [built(each) for each in value.values]}
        case Code():
            return {"code": str(value), "words": value.words}
        case OfficeName():
            return {"office": str(value), "names": dict(value.names)}
        case Capitalised():
            return {"capitalised": built(value.words)}
        case LongDay():
            return {"long_day": value.iso}
        case Weekday():
            return {"weekday": value.iso}
        case Day():
            return {"day": str(value)}
        case Moment():
            return {"moment": str(value)}
        case bool() | int() | float() | None:
            return value
    return str(value)


def rebuilt(value: Any) -> Any:
    """Return the message or value of which `built` made JSON; ValueError for other JSON."""
    match value:
        case {"id": str(id), "values": list(values)}:
            return Message(id, *map(rebuilt, values))
        case {"code": code, "words": words}:
            return Code(code, words)
        case {"office": name, "names": dict(names)}:
            return OfficeName(name, names)
        case {"capitalised": words}:
            return Capitalised(rebuilt(words))
        case {"long_day": iso}:
            return LongDay(date.fromisoformat(iso))
        case {"weekday": iso}:
            return Weekday(date.fromisoformat(iso))
        case {"day": iso}:
            return Day(iso)
        case {"moment": moment}:
            return Moment(moment)
        case dict():
            raise ValueError(f"no message and no value of one: {', '.join(value)}")
    return value


def pattern_of(text: str) -> str:
    """Return the pattern of a message; empty for any other text."""
    return text.id if isinstance(text, Message) else ""


def values_of(text: str) -> list[Any]:
    """Return the values of a message as JSON (`built`), in the order of their places; none for any other text."""
    return [built(value) for value in text.values] if isinstance(text, Message) else []
