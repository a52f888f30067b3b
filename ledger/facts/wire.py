"""What values look like on the wire: one type for each type of the vocabulary.

A fact keeps its values as they are signed, as JSON: an instant is a string, an event the hash of an earlier entry, an
actor an identifier. Each type below carries its form, which says what a value has to look like; `check` holds a value
against a form and tells what is wrong in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import replace

from ledger.facts.vocabulary import ELEMENTS, INSTRUMENTS, ROLES
from ledger.formats.characters import Unseen, code, is_nfc, unassigned, unseen

LARGEST = 2**53 - 1  # RFC 8785: beyond it, readers that keep numbers as IEEE 754 doubles lose digits

# Control characters but U+000A, and what embeds, overrides or isolates a direction of writing (UAX 9).
_HIDDEN = r"\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069"
LINE = rf"[^\n{_HIDDEN}]*"
LINES = rf"[^{_HIDDEN}]*"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

NOTHING = object()  # what came where a required value is missing


# ---------------------------------------------------------------------------------------------------------------------
# Forms


class Word(msgspec.Struct, frozen=True):
    """A string: the whole of it fits `pattern`, or it is one of `known`.

    `real` raises ValueError for what is well written and does not exist, such as 30 February. `unseen`: whether it may
    hold characters without a shape of their own, which a name or a reference may not. `words` gives what it may begin
    with, for whoever mistypes that.

    The rest is asked of what is about to be signed, and of no entry that stands: `door`, a narrower pattern, and
    `exists`, as `real`; `registered`: the register has to know this office or Party; `past`: it has happened by then.
    """

    type: str
    expected: str
    pattern: str = LINE
    known: tuple[str, ...] = ()
    real: Callable[[str], object] | None = None
    unseen: Unseen = "none"
    words: Callable[[], Iterable[str]] = tuple
    door: str = ""
    exists: Callable[[str], object] | None = None
    registered: bool = False
    past: bool = False


class Whole(msgspec.Struct, frozen=True):
    """A whole number, never a float, from `least` to 2^53-1."""

    type: str
    expected: str
    least: int = -LARGEST


class Truth(msgspec.Struct, frozen=True):
    """True or false."""

    type: str = "bool"
    expected: str = "true or false"


class Many(msgspec.Struct, frozen=True):
    """A list of values of one form. It may be empty, which says something else than nothing."""

    item: Form

    @property
    def type(self) -> str:
        """As the vocabulary writes it: `list[code]`."""
        return f"list[{self.item.type}]"

    @property
    def expected(self) -> str:
        """What to write, for people."""
        return f"a list, each item {self.item.expected}"


class Record(msgspec.Struct, frozen=True):
    """An object with these members; of `either`, one at least must be there."""

    type: str
    expected: str
    members: Mapping[str, Form]
    required: tuple[str, ...]
    either: tuple[str, ...] = ()


class Glossary(msgspec.Struct, frozen=True):
    """An object with one string for each key, and one key at least."""

    type: str
    expected: str
    key: Word
    item: Word


Form = Word | Whole | Truth | Many | Record | Glossary

STR = Word("str", "a string on one line")
INT = Whole("int", "a whole number within 2^53-1")
BOOL = Truth()


def _zones() -> Iterable[str]:
    from ledger.formats.time_zones import names  # met by few commands

    return names()


def _check_zone(text: str) -> None:
    if text not in _zones():
        raise ValueError(text)


def _check_written(text: str) -> None:
    if not any(c.isalnum() for c in text):
        raise ValueError(text)


def _check_file_name(text: str) -> None:
    if text in (".", ".."):
        raise ValueError(text)


def _check_reference(text: str) -> None:
    """A reference that a command line would take for something else names no order there."""
    _check_written(text)
    if text.startswith("-") or text == "new" or _whole(UUID)(text):
        raise ValueError(text)


_QUOTED = rf"[^\s{_HIDDEN}]([^\n{_HIDDEN}]*[^\s{_HIDDEN}])?"  # it neither begins nor ends with a blank


# ---------------------------------------------------------------------------------------------------------------------
# The types of the vocabulary. `str`, `int` and `bool` are Python's own.

Text = Annotated[str, Word("text", "a string", LINES, unseen="shown")]
INSTANT = Word(
    "instant",
    "an instant in UTC such as 2026-11-24T13:37:44Z",
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}Z",
    real=datetime.fromisoformat,
)
DATE = Word("date", "a date such as 2026-11-24", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", real=date.fromisoformat)
Instant = Annotated[str, INSTANT]
PastInstant = Annotated[str, replace(INSTANT, past=True)]  # of something that has happened when it is signed
Date = Annotated[str, DATE]
PastDate = Annotated[str, replace(DATE, past=True)]
# ISO 8601-1, 5.5.2: whole numbers of at most six digits, weeks alone.
Duration = Annotated[
    str,
    Word(
        "duration",
        "an ISO 8601 duration such as P20D",
        r"P(?=[0-9T])([0-9]{1,6}W|([0-9]{1,6}Y)?([0-9]{1,6}M)?([0-9]{1,6}D)?"
        r"(T(?=[0-9])([0-9]{1,6}H)?([0-9]{1,6}M)?([0-9]{1,6}S)?)?)",
    ),
]
STATE = Word("party", "the code of a Party such as XO", r"[A-Z][A-Z0-9-]{1,31}")
NAME = Word("actor", "the identifier of an actor such as pp-karsk", r"[a-z0-9_.-]{1,200}")
Party = Annotated[str, replace(STATE, registered=True)]  # one that takes part
State = Annotated[str, STATE]  # any other, or one that enters the register
Actor = Annotated[str, replace(NAME, registered=True)]
NewActor = Annotated[str, NAME]  # one that enters the register
Role = Annotated[str, Word("role", "the code of a role such as ISS", known=tuple(ROLES), words=lambda: ROLES)]
Instrument = Annotated[
    str,
    Word("instrument", "the code of an instrument such as 2AP-7", known=tuple(INSTRUMENTS), words=lambda: INSTRUMENTS),
]
Element = Annotated[
    str,
    Word(
        "element",
        "a data element such as login-ip or message-content#mailbox-2",
        rf"({'|'.join(ELEMENTS)})(#[a-z0-9-]+)?",
        words=lambda: ELEMENTS,
    ),
]
Event = Annotated[str, Word("event", "the hash of an earlier entry, 64 hex digits in lower case", r"[0-9a-f]{64}")]
Order = Annotated[str, Word("order", "the UUID of an order, in lower case", UUID)]
# Tags are keys of canonical JSON, so a script or region follows an underscore: en, sr_latn.
Names = Annotated[
    dict[str, str],
    Glossary(
        "names",
        'names by language such as {"en": "Prosecutor\'s Office"}',
        Word("str", "a language tag such as en or sr_latn", r"[a-z]{2,3}(_[a-z0-9]{2,8})*"),
        Word("str", "a string on one line", unseen="at-home"),
    ),
]

Size = Annotated[int, Whole("int", "a size in bytes, 0 or more", least=0)]
Sha256 = Annotated[str, Word("str", "a SHA-256, 64 hex digits in lower case", r"[0-9a-f]{64}")]
Sha512 = Annotated[str, Word("str", "a SHA-512, 128 hex digits in lower case", r"[0-9a-f]{128}")]
HEX_DIGITS = r"[0-9a-f]{64}"
# Stated by people, and any line in an entry that stands.
DIGEST = Word("str", "a SHA-256, 64 hex digits in lower case", door=HEX_DIGITS)
Digest = Annotated[str, DIGEST]
PublicKey = Annotated[str, Word("str", "a public key, 64 hex digits in lower case", door=HEX_DIGITS)]
Zone = Annotated[str, Word("str", "a time zone by its IANA name such as Europe/Oslo", exists=_check_zone, words=_zones)]
Reference = Annotated[
    str,
    Word("str", "a reference as people quote it, such as PPO-2026-123", door=_QUOTED, exists=_check_reference),
]
Numbered = Annotated[str, Word("str", "a number or name such as EX-1", door=_QUOTED, exists=_check_written)]
Treaty = Annotated[
    str,
    Word(
        "str",
        "a treaty and its day such as 2AP=2027-01-01",
        door=r"[A-Za-z0-9._-]+=[0-9]{4}-[0-9]{2}-[0-9]{2}",
        exists=lambda text: date.fromisoformat(text.partition("=")[2]),
    ),
]
Language = Annotated[str, Word("str", "the code of a language in two letters such as en", door="[a-z]{2}")]
MediaType = Annotated[
    str, Word("str", "a media type such as application/pdf", r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")
]
DocumentCode = Annotated[str, Word("str", "a code such as certificate", r"[a-z0-9][a-z0-9_.-]{0,79}")]
FileName = Annotated[
    str,
    Word(
        "str",
        "the name of a file without its folders, such as return.zip",
        rf"(?=.){LINE}",
        door=rf"[^/\\\n{_HIDDEN}]+",
        exists=_check_file_name,
    ),
]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file kept outside the entry."""

    code: DocumentCode
    media: MediaType
    size: Size
    sha256: Sha256


class FileDigest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file that was handed over. One of the two digests is enough."""

    name: FileName
    size: Size
    sha256: Sha256 | None = None
    sha512: Sha512 | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was handed over: the files, and the data elements they hold."""

    elements: tuple[Element, ...]
    files: tuple[FileDigest, ...]


_EITHER: dict[type[msgspec.Struct], tuple[str, ...]] = {FileDigest: ("sha256", "sha512")}


def form_of(hint: Any) -> Form:
    """The form that a type of this module, or one made of them, asks of a JSON value."""
    if get_origin(hint) is Annotated:
        forms = [mark for mark in hint.__metadata__ if isinstance(mark, Word | Whole | Glossary)]
        return forms[0] if forms else form_of(hint.__origin__)
    args = get_args(hint)
    if optional(hint):
        return form_of(args[0])
    if get_origin(hint) is Literal:
        return Word("code", f"one of {', '.join(args)}", known=args)
    if get_origin(hint) is tuple:
        return Many(form_of(args[0]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _record(hint)
    plain: dict[Any, Form] = {str: STR, int: INT, bool: BOOL}
    return plain[hint]


def optional(hint: Any) -> bool:
    """True for a type written `... | None`: a value that need not be stated."""
    if get_origin(hint) is Annotated:
        hint = hint.__origin__
    return NoneType in get_args(hint)


def _record(struct: type[msgspec.Struct]) -> Record:
    hints = get_type_hints(struct, include_extras=True)
    members = {name: form_of(hints[name]) for name in struct.__struct_fields__}
    required = tuple(name for name in members if not optional(hints[name]))
    expected = f"an object with {', '.join(members)}"
    return Record(struct.__name__.lower(), expected, members, required, _EITHER.get(struct, ()))


# ---------------------------------------------------------------------------------------------------------------------
# Checking


class Unfit(ValueError):
    """A JSON value does not have the form its place asks for: what was expected, what came, and where inside it.

    `words` are those that `got` may have been meant to be.
    """

    def __init__(self, expected: str, got: Any, path: str = "", words: Iterable[str] = ()) -> None:
        super().__init__(expected)
        self.expected = expected
        self.got = got
        self.path = path
        self.words = words


def check(form: Form, value: Any, path: str = "") -> None:
    """Raise `Unfit` unless the JSON value has the form; `path` leads to it from the field, as `.files[0].sha256`."""
    match form:
        case Word():
            _check_word(form, value, path)
        case Whole():
            if type(value) is not int or not form.least <= value <= LARGEST:
                raise Unfit(form.expected, value, path)
        case Truth():
            if type(value) is not bool:
                raise Unfit(form.expected, value, path)
        case Many():
            if not isinstance(value, list):
                raise Unfit(form.expected, value, path)
            for n, item in enumerate(value):
                check(form.item, item, f"{path}[{n}]")
        case Record():
            _check_record(form, value, path)
        case Glossary():
            if not isinstance(value, dict) or not value:
                raise Unfit(form.expected, value, path)
            for key, item in value.items():
                check(form.key, key, path)
                check(form.item, item, f"{path}.{key}")


_ORDINARY = "[ -~]*"  # an ordinary line, in ASCII
_ON_A_DAY = r"(?!0000).{5}(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"  # that is in every calendar


def plainly(form: Form) -> Callable[[Any], object]:
    """Return what is true of most values that have a form, and of no others; `check` says of the rest what they are.

    It may raise TypeError, which is not true either. A whole ledger is read by it, so it is one call into C where it
    can be: a tenth of what it costs to walk a form.
    """
    match form:
        case Word(type="date" | "instant"):
            return _whole(f"(?={_ON_A_DAY}){form.pattern}")
        case Word(real=None, known=()):
            return _whole(form.pattern.replace(LINES, _ORDINARY).replace(LINE, _ORDINARY))
        case Word(real=None, known=known):
            return frozenset(known).__contains__
        case Whole(least=least):
            return lambda value: type(value) is int and least <= value <= LARGEST
        case Truth():
            return lambda value: value is True or value is False
        case Many(item=item):
            each = plainly(item)
            return lambda value: type(value) is list and all(map(each, value))
    return lambda value: False


def _check_word(form: Word, value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise Unfit(form.expected, value, path)
    if not (value.isascii() and value.isprintable()):
        if not re.fullmatch(LINES, value) or re.search(r"[\ud800-\udfff]", value):  # a lone surrogate is no character
            raise Unfit(f"{form.expected}, without control or bidi-control characters", value, path)
        if not is_nfc(value):
            raise Unfit(f"{form.expected}, in Unicode normalisation form C", value, path)
    if value not in form.known if form.known else not _whole(form.pattern)(value):
        raise Unfit(form.expected, value, path, form.known or form.words())
    if form.real:
        try:
            form.real(value)
        except ValueError:
            raise Unfit(form.expected, value, path) from None


@cache
def _whole(pattern: str) -> Callable[[str], object]:
    """What tells whether a whole string fits; every field of every entry asks, and `re` would look it up each time."""
    return re.compile(pattern).fullmatch


def _check_record(form: Record, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise Unfit(form.expected, value, path)
    for name in value:
        if name not in form.members:
            raise Unfit(f"no member but {', '.join(form.members)}", name, path)
    for name, member in form.members.items():
        if name in value:
            check(member, value[name], f"{path}.{name}")
        elif name in form.required:
            raise Unfit(member.expected, NOTHING, f"{path}.{name}")
    if form.either and not any(name in value for name in form.either):
        raise Unfit(" or ".join(form.either), NOTHING, path)


def texts(form: Form, value: Any, path: str = "") -> Iterator[tuple[str, str, Word]]:
    """Every string in a value that has the form, in words of any kind: its path, itself, its form."""
    match form:
        case Word():
            if not form.known:
                yield path, value, form
        case Many():
            for n, item in enumerate(value):
                yield from texts(form.item, item, f"{path}[{n}]")
        case Record():
            for name, member in form.members.items():
                if name in value:
                    yield from texts(member, value[name], f"{path}.{name}")
        case Glossary():
            for key, item in value.items():
                yield from texts(form.item, item, f"{path}.{key}")


def check_at_door(form: Form, value: Any) -> None:
    """Raise `Unfit` for what an entry that stands may hold and one that is about to be signed may not.

    A text that is not what its type says (`check_typed`), a character that Unicode 14.0 does not have, or one that
    nobody sees where it must be seen; in what is signed already these are findings (`ledger.entries.text_form`).
    """
    for path, text, word in texts(form, value):
        if found := unassigned(text):
            raise Unfit(f"{word.expected}, without {code(found)}, which Unicode 14.0 does not have", text, path)
        if found := unseen(text, word.unseen):
            raise Unfit(f"{word.expected}, without {code(found)}, which has no shape of its own", text, path)
    check_typed(form, value)


def check_typed(form: Form, value: Any) -> None:
    """Raise `Unfit` for a text that its type's word for it does not fit: `Word.door`, `Word.exists`."""
    for path, text, word in texts(form, value):
        if not is_typed(word.door, word.exists, text):
            raise Unfit(word.expected, text, path, word.words())


@lru_cache(maxsize=4096)  # the same languages, Parties and digests are stated by many
def is_typed(door: str, exists: Callable[[str], object] | None, text: str) -> bool:
    """True if a text is what its word asks of it before signing."""
    if door and not _whole(door)(text):
        return False
    try:
        return exists is None or exists(text) is not NOTHING
    except ValueError:
        return False
