"""Patterns of sentences: read once, filled with the words of an entry.

- `{field}`: the words of a value. `{field|words|words}` has words for a value that is not opened here or not stated,
  and for one that is erased. `{field:bytes}` and `{field:digest}` name how a number or a digest is written.
- `[...]`: left out unless every value in it has words.
- `<field=code:words|code:words|*:words>`: words by a code. `yes` and `no` are true and false; `*` is every other code,
  and a code that is not stated or not opened.

Words of a choice may hold values and `[...]`. A value at the top without words makes the whole pattern fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Final

from msgspec import Struct

from ledger.entries.case import Unread

Words = Callable[[str, str], "str | Unread | None"]  # (field, how) -> words; None: not stated, or too long
Code = Callable[[str], str]  # field -> its code; empty where it is not stated or not opened

SIGN: Final = re.compile(r"[{}\[\]<>|]|[^{}\[\]<>|]+")


class Value(Struct, frozen=True):
    """A value of the entry, how it is written, and the words in its place where it is not opened, or erased."""

    field: str
    how: str = ""
    closed: str | None = None
    erased: str | None = None


class Optional(Struct, frozen=True):
    """A part that is left out unless every value in it has words."""

    parts: tuple[Part, ...]


class Choice(Struct, frozen=True):
    """Words by the code of a field."""

    field: str
    words: Mapping[str, tuple[Part, ...]]


Part = str | Value | Optional | Choice


@cache
def parsed(pattern: str) -> tuple[Part, ...]:
    """Return the parts of a pattern; ValueError for one that is not closed."""
    signs = iter(SIGN.findall(pattern))
    parts, end = _parts(signs, "")
    if end:
        raise ValueError(f"{end} closes nothing in {pattern!r}")
    return parts


def filled(parts: tuple[Part, ...], words: Words, code: Code) -> str | None:
    """Return the sentence of parts; None where a value has no words."""
    out = []
    for part in parts:
        match part:
            case str():
                text: str | None = part
            case Value(field, how, closed, erased):
                value = words(field, how)
                text = value if isinstance(value, str) else erased if value is Unread.ERASED else closed
            case Optional(inner):
                text = filled(inner, words, code) or ""
            case Choice(field, choices):
                text = filled(choices.get(code(field), choices.get("*", ())), words, code)
        if text is None:
            return None
        out.append(text)
    return "".join(out)


def fields(parts: tuple[Part, ...], *, needed: bool = False) -> Iterator[str]:
    """Return the names of the fields that a pattern uses; `needed`: those without which it fails."""
    for part in parts:
        match part:
            case Value(field, _, closed, _):
                if not needed or closed is None:
                    yield field
            case Optional(inner):
                if not needed:
                    yield from fields(inner)
            case Choice(field, choices):
                if not needed:
                    yield field
                for inner in choices.values():
                    yield from fields(inner, needed=needed)
            case str():
                pass


def choices(parts: tuple[Part, ...]) -> Iterator[Choice]:
    """Return every choice in a pattern."""
    for part in parts:
        match part:
            case Optional(inner):
                yield from choices(inner)
            case Choice(_, words):
                yield part
                for inner in words.values():
                    yield from choices(inner)
            case _:
                pass


def _parts(signs: Iterator[str], ends: str) -> tuple[tuple[Part, ...], str]:
    """Read parts up to one of the characters `ends`, and return them with it; up to the end of the pattern without."""
    parts: list[Part] = []
    for sign in signs:
        match sign:
            case "{":
                parts.append(_value(signs))
            case "[":
                inner, _ = _parts(signs, "]")
                parts.append(Optional(inner))
            case "<":
                parts.append(_choice(signs))
            case "}" | "]" | ">" | "|":
                if sign not in ends:
                    raise ValueError(f"{sign} closes nothing")
                return tuple(parts), sign
            case _:
                parts.append(sign)
    if ends:
        raise ValueError(f"no {ends} at the end")
    return tuple(parts), ""


def _value(signs: Iterator[str]) -> Value:
    inside = ""
    for sign in signs:
        if sign == "}":
            name, *others = inside.split("|")
            field, _, how = name.partition(":")
            return Value(field, how, *others)
        inside += sign
    raise ValueError("no } at the end")


def _choice(signs: Iterator[str]) -> Choice:
    field, end = "", "|"
    words: dict[str, tuple[Part, ...]] = {}
    while end == "|":
        parts, end = _parts(signs, "|>")
        first, rest = (parts[0], parts[1:]) if parts and isinstance(parts[0], str) else ("", parts)
        if not words:
            field, _, first = first.partition("=")
        code, _, first = first.partition(":")
        words[code] = (first, *rest) if first else tuple(rest)
    return Choice(field, words)
