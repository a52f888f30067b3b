"""Forms: what a JSON value of a fact has to look like, and the checks of a value against its form.

A fact keeps its values as they are signed, as JSON: an instant is a string, an event the hash of an earlier entry, an
actor an identifier. `ledger.facts.value_types` has the form of each type of the vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, ClassVar

import msgspec

from ledger.formats.characters import Unseen, code, is_nfc, unassigned, unseen
from ledger.messages import Message, either

LARGEST = 2**53 - 1  # RFC 8785: beyond it, readers that keep numbers as IEEE 754 doubles lose digits

# Control characters but U+000A, and characters that embed, override or isolate a direction of writing (UAX 9).
HIDDEN = r"\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069"
LINE = rf"[^\n{HIDDEN}]*"
LINES = rf"[^{HIDDEN}]*"

ABSENT = object()  # the value where a required value is missing


class TextForm(msgspec.Struct, frozen=True):
    """The form of a string: the whole string fits `pattern`, or it is one of `values`.

    `parse` raises ValueError for a string that is well written and names nothing, such as 30 February. `unseen`:
    whether the string may hold characters without a shape, which a name or a reference may not. `suggestions` returns
    valid beginnings, for the hint after a mistyped value.

    The rest applies before signing only, never to a recorded entry: `strict_pattern`, a narrower pattern;
    `strict_check`, as `parse`; `registered`: the register has to know this office or Party; `past`: it has happened by
    then.
    """

    shape: ClassVar[str] = "word"  # the name of this kind of form in browser/vocabulary.json

    type: str
    expected: str
    pattern: str = LINE
    values: tuple[str, ...] = ()
    parse: Callable[[str], object] | None = None
    unseen: Unseen = "none"
    suggestions: Callable[[], Iterable[str]] = tuple
    strict_pattern: str = ""
    strict_check: Callable[[str], object] | None = None
    registered: bool = False
    past: bool = False


class IntegerForm(msgspec.Struct, frozen=True):
    """The form of a whole number, never a float, from `least` to 2^53-1."""

    shape: ClassVar[str] = "whole"

    type: str
    expected: str
    least: int = -LARGEST


class BooleanForm(msgspec.Struct, frozen=True):
    """The form of true and false."""

    shape: ClassVar[str] = "truth"

    type: str = "bool"
    expected: str = Message("true or false")


class ListForm(msgspec.Struct, frozen=True):
    """The form of a list of values of one form. An empty list is a stated value."""

    shape: ClassVar[str] = "many"

    item: Form

    @property
    def type(self) -> str:
        """The type in the notation of the vocabulary, such as `list[code]`."""
        return f"list[{self.item.type}]"

    @property
    def expected(self) -> str:
        """The expected value in words."""
        return Message("a list, each item {0}", self.item.expected)


class ObjectForm(msgspec.Struct, frozen=True):
    """The form of an object with these members, and at least one member of `either`."""

    shape: ClassVar[str] = "record"

    type: str
    expected: str
    members: Mapping[str, Form]
    required: tuple[str, ...]
    either: tuple[str, ...] = ()


class MapForm(msgspec.Struct, frozen=True):
    """The form of an object with at least one key, and a string for each key."""

    shape: ClassVar[str] = "glossary"

    type: str
    expected: str
    key: TextForm
    item: TextForm


Form = TextForm | IntegerForm | BooleanForm | ListForm | ObjectForm | MapForm


class FormError(ValueError):
    """A JSON value does not have the form of its field: the expected value, the value, and its place inside the field.

    `suggestions` are values that `got` may have been meant to be.
    """

    def __init__(self, expected: str, got: Any, path: str = "", suggestions: Iterable[str] = ()) -> None:
        super().__init__(expected)
        self.expected = expected
        self.got = got
        self.path = path
        self.suggestions = suggestions


def check(form: Form, value: Any, path: str = "") -> None:
    """Raise `FormError` unless a JSON value has the form.

    `path` is the place of the value inside its field, such as `.files[0].sha256`.
    """
    match form:
        case TextForm():
            _check_word(form, value, path)
        case IntegerForm():
            if type(value) is not int or not form.least <= value <= LARGEST:
                raise FormError(form.expected, value, path)
        case BooleanForm():
            if type(value) is not bool:
                raise FormError(form.expected, value, path)
        case ListForm():
            if not isinstance(value, list):
                raise FormError(form.expected, value, path)
            for n, item in enumerate(value):
                check(form.item, item, f"{path}[{n}]")
        case ObjectForm():
            _check_record(form, value, path)
        case MapForm():
            if not isinstance(value, dict) or not value:
                raise FormError(form.expected, value, path)
            for key, item in value.items():
                check(form.key, key, path)
                check(form.item, item, f"{path}.{key}")


_ASCII_LINE = "[ -~]*"
_COMMON_DAY = r"(?!0000).{5}(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"  # a day that every month has


def quick_check(form: Form) -> Callable[[Any], object]:
    """Return a predicate that is true of most values of a form and of no other value; `check` decides on the rest.

    The predicate may raise TypeError, which counts as false. Every entry of a ledger is read through it, so it is one
    call into C where possible: a tenth of the time that `check` takes.
    """
    match form:
        case TextForm(type="date" | "instant"):
            return fits(f"(?={_COMMON_DAY}){form.pattern}")
        case TextForm(parse=None, values=()):
            return fits(form.pattern.replace(LINES, _ASCII_LINE).replace(LINE, _ASCII_LINE))
        case TextForm(parse=None, values=values):
            return frozenset(values).__contains__
        case IntegerForm(least=least):
            return lambda value: type(value) is int and least <= value <= LARGEST
        case BooleanForm():
            return lambda value: value is True or value is False
        case ListForm(item=item):
            each = quick_check(item)
            return lambda value: type(value) is list and all(map(each, value))
    return lambda value: False


def _check_word(form: TextForm, value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise FormError(form.expected, value, path)
    if not (value.isascii() and value.isprintable()):
        if not re.fullmatch(LINES, value) or re.search(r"[\ud800-\udfff]", value):  # a lone surrogate is no character
            raise FormError(Message("{0}, without control or bidi-control characters", form.expected), value, path)
        if not is_nfc(value):
            raise FormError(Message("{0}, in Unicode normalisation form C", form.expected), value, path)
    if value not in form.values if form.values else not fits(form.pattern)(value):
        raise FormError(form.expected, value, path, form.values or form.suggestions())
    if form.parse:
        try:
            form.parse(value)
        except ValueError:
            raise FormError(form.expected, value, path) from None


@cache
def fits(pattern: str) -> Callable[[str], object]:
    """Return the full match of a compiled pattern.

    Every field of every entry asks for one, and `re` would look the pattern up each time.
    """
    return re.compile(pattern).fullmatch


def _check_record(form: ObjectForm, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise FormError(form.expected, value, path)
    for name in value:
        if name not in form.members:
            raise FormError(Message("no member but {0}", ", ".join(form.members)), name, path)
    for name, member in form.members.items():
        if name in value:
            check(member, value[name], f"{path}.{name}")
        elif name in form.required:
            raise FormError(member.expected, ABSENT, f"{path}.{name}")
    if form.either and not any(name in value for name in form.either):
        raise FormError(either(form.either), ABSENT, path)


def texts(form: Form, value: Any, path: str = "") -> Iterator[tuple[str, str, TextForm]]:
    """Yield every free string in a value that has the form, as (path, string, form)."""
    match form:
        case TextForm():
            if not form.values:
                yield path, value, form
        case ListForm():
            for n, item in enumerate(value):
                yield from texts(form.item, item, f"{path}[{n}]")
        case ObjectForm():
            for name, member in form.members.items():
                if name in value:
                    yield from texts(member, value[name], f"{path}.{name}")
        case MapForm():
            for key, item in value.items():
                yield from texts(form.item, item, f"{path}.{key}")


def check_before_signing(form: Form, value: Any) -> None:
    """Raise `FormError` for a value that a recorded entry may hold and a new one may not.

    A text that is not of its type (`check_typed`), a character that Unicode 14.0 does not have, or an invisible
    character where it must be visible. In a recorded entry these are findings (`ledger.entries.text_form`).
    """
    for path, text, word in texts(form, value):
        if character := unassigned(text):
            unknown = Message("{0}, without {1}, which Unicode 14.0 does not have", word.expected, code(character))
            raise FormError(unknown, text, path)
        if character := unseen(text, word.unseen):
            shapeless = Message("{0}, without {1}, which has no shape of its own", word.expected, code(character))
            raise FormError(shapeless, text, path)
    check_typed(form, value)


def check_typed(form: Form, value: Any) -> None:
    """Raise `FormError` for a text that fails `TextForm.strict_pattern` or `TextForm.strict_check`."""
    for path, text, word in texts(form, value):
        if not is_typed(word.strict_pattern, word.strict_check, text):
            raise FormError(word.expected, text, path, word.suggestions())


@lru_cache(maxsize=4096)  # the same languages, Parties and digests are stated by many
def is_typed(strict_pattern: str, strict_check: Callable[[str], object] | None, text: str) -> bool:
    """Return True if a text passes the strict pattern and the strict check of its form."""
    if strict_pattern and not fits(strict_pattern)(text):
        return False
    try:
        return strict_check is None or strict_check(text) is not ABSENT
    except ValueError:
        return False
