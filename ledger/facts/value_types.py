"""The types of the vocabulary, each with the form of its values. `str`, `int` and `bool` are Python's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from inspect import get_annotations
from types import NoneType
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

import msgspec
from msgspec.structs import replace

from ledger.facts.value_forms import (
    HIDDEN,
    LINE,
    LINES,
    BooleanForm,
    Form,
    IntegerForm,
    ListForm,
    MapForm,
    ObjectForm,
    TextForm,
    fits,
)
from ledger.facts.vocabulary import ELEMENTS, INSTRUMENTS, ROLES
from ledger.messages import Message

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

STR = TextForm("str", Message("a string on one line"))
INT = IntegerForm("int", Message("a whole number within 2^53-1"))
BOOL = BooleanForm()


def _zones() -> Iterable[str]:
    from ledger.formats.time_zones import names  # few commands read time zones

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
    """Refuse a reference that a command line would read as an option, as `new` or as an order id."""
    _check_written(text)
    if text.startswith("-") or text == "new" or fits(UUID)(text):
        raise ValueError(text)


_QUOTED = rf"[^\s{HIDDEN}]([^\n{HIDDEN}]*[^\s{HIDDEN}])?"  # no blank at the beginning or the end

# ---------------------------------------------------------------------------------------------------------------------
# The types of the vocabulary. `str`, `int` and `bool` are Python's own.

Text = Annotated[str, TextForm("text", Message("a string"), LINES, unseen="shown")]
INSTANT = TextForm(
    "instant",
    Message("an instant in UTC such as 2026-11-24T13:37:44Z"),
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}Z",
    parse=datetime.fromisoformat,
)
DATE = TextForm("date", Message("a date such as 2026-11-24"), r"[0-9]{4}-[0-9]{2}-[0-9]{2}", parse=date.fromisoformat)
Instant = Annotated[str, INSTANT]
PastInstant = Annotated[str, replace(INSTANT, past=True)]  # it has come before the signature
Date = Annotated[str, DATE]
PastDate = Annotated[str, replace(DATE, past=True)]
# ISO 8601-1, 5.5.2: whole numbers of at most six digits, weeks alone.
Duration = Annotated[
    str,
    TextForm(
        "duration",
        Message("an ISO 8601 duration such as P20D"),
        r"P(?=[0-9T])([0-9]{1,6}W|([0-9]{1,6}Y)?([0-9]{1,6}M)?([0-9]{1,6}D)?"
        r"(T(?=[0-9])([0-9]{1,6}H)?([0-9]{1,6}M)?([0-9]{1,6}S)?)?)",
    ),
]
STATE = TextForm("party", Message("the code of a Party such as XO"), r"[A-Z][A-Z0-9-]{1,31}")
NAME = TextForm("actor", Message("the identifier of an actor such as pp-karsk"), r"[a-z0-9_.-]{1,200}")
Party = Annotated[str, replace(STATE, registered=True)]  # a Party of the register
State = Annotated[str, STATE]  # any State, or a Party that enters the register
Actor = Annotated[str, replace(NAME, registered=True)]
NewActor = Annotated[str, NAME]  # an office that enters the register
Role = Annotated[
    str, TextForm("role", Message("the code of a role such as ISS"), values=tuple(ROLES), suggestions=lambda: ROLES)
]
Instrument = Annotated[
    str,
    TextForm(
        "instrument",
        Message("the code of an instrument such as 2AP-7"),
        values=tuple(INSTRUMENTS),
        suggestions=lambda: INSTRUMENTS,
    ),
]
Element = Annotated[
    str,
    TextForm(
        "element",
        Message("a data element such as login-ip or message-content#mailbox-2"),
        rf"({'|'.join(ELEMENTS)})(#[a-z0-9-]+)?",
        suggestions=lambda: ELEMENTS,
    ),
]
Event = Annotated[
    str, TextForm("event", Message("the hash of an earlier entry, 64 hex digits in lower case"), r"[0-9a-f]{64}")
]
Order = Annotated[str, TextForm("order", Message("the UUID of an order, in lower case"), UUID)]
# Tags are keys of canonical JSON, so a script or region follows an underscore: en, sr_latn.
Names = Annotated[
    dict[str, str],
    MapForm(
        "names",
        Message('names by language such as {"en": "Prosecutor\'s Office"}'),
        TextForm("str", Message("a language tag such as en or sr_latn"), r"[a-z]{2,3}(_[a-z0-9]{2,8})*"),
        TextForm("str", Message("a string on one line"), unseen="at-home"),
    ),
]

Size = Annotated[int, IntegerForm("int", Message("a size in bytes, 0 or more"), least=0)]
Sha256 = Annotated[str, TextForm("str", Message("a SHA-256, 64 hex digits in lower case"), r"[0-9a-f]{64}")]
Sha512 = Annotated[str, TextForm("str", Message("a SHA-512, 128 hex digits in lower case"), r"[0-9a-f]{128}")]
OtherDigest = Annotated[
    str,
    TextForm(
        "str",
        Message("a hash algorithm and its digest in hex, in lower case, such as sha3-512:5a0f"),
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*:([0-9a-f]{2}){1,128}",
    ),
]
HEX_DIGITS = r"[0-9a-f]{64}"
# A recorded entry may hold any line.
DIGEST = TextForm("str", Message("a SHA-256, 64 hex digits in lower case"), strict_pattern=HEX_DIGITS)
Digest = Annotated[str, DIGEST]
PublicKey = Annotated[
    str, TextForm("str", Message("a public key, 64 hex digits in lower case"), strict_pattern=HEX_DIGITS)
]
Zone = Annotated[
    str,
    TextForm(
        "str", Message("a time zone by its IANA name such as Europe/Oslo"), strict_check=_check_zone, suggestions=_zones
    ),
]
Reference = Annotated[
    str,
    TextForm(
        "str",
        Message("a reference as people quote it, such as PPO-2026-123"),
        strict_pattern=_QUOTED,
        strict_check=_check_reference,
    ),
]
Numbered = Annotated[
    str, TextForm("str", Message("a number or name such as EX-1"), strict_pattern=_QUOTED, strict_check=_check_written)
]
Treaty = Annotated[
    str,
    TextForm(
        "str",
        Message("a treaty and its day such as 2AP=2027-01-01"),
        strict_pattern=r"[A-Za-z0-9._-]+=[0-9]{4}-[0-9]{2}-[0-9]{2}",
        strict_check=lambda text: date.fromisoformat(text.partition("=")[2]),
    ),
]
Language = Annotated[
    str, TextForm("str", Message("the code of a language in two letters such as en"), strict_pattern="[a-z]{2}")
]
Amount = Annotated[
    str,
    TextForm("str", Message("an amount of money such as 1250.00"), r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?"),
]
Currency = Annotated[str, TextForm("str", Message("the code of a currency in three letters such as EUR"), r"[A-Z]{3}")]
MediaType = Annotated[
    str,
    TextForm("str", Message("a media type such as application/pdf"), r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+"),
]
DocumentCode = Annotated[str, TextForm("str", Message("a code such as certificate"), r"[a-z0-9][a-z0-9_.-]{0,79}")]
FileName = Annotated[
    str,
    TextForm(
        "str",
        Message("the name of a file without its folders, such as return.zip"),
        rf"(?=.){LINE}",
        strict_pattern=rf"[^/\\\n{HIDDEN}]+",
        strict_check=_check_file_name,
    ),
]


class AttachedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file kept outside the entry."""

    type: ClassVar[str] = "document"

    code: DocumentCode
    media: MediaType
    size: Size
    sha256: Sha256


class FileDigest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file that was handed over, with at least one digest."""

    type: ClassVar[str] = "filedigest"
    either: ClassVar[tuple[str, ...]] = ("sha256", "sha512", "digest")

    name: FileName
    size: Size
    sha256: Sha256 | None = None
    sha512: Sha512 | None = None
    digest: OtherDigest | None = None


class DataManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files that were handed over, and the data elements they hold."""

    type: ClassVar[str] = "manifest"

    elements: tuple[Element, ...]
    files: tuple[FileDigest, ...]


def form_of(hint: Any) -> Form:
    """Return the form of a type of this module, or of a type made of them."""
    if get_origin(hint) is Annotated:
        forms = [mark for mark in hint.__metadata__ if isinstance(mark, TextForm | IntegerForm | MapForm)]
        return forms[0] if forms else form_of(hint.__origin__)
    args = get_args(hint)
    if optional(hint):
        return form_of(args[0])
    if get_origin(hint) is Literal:
        return TextForm("code", Message("one of {0}", ", ".join(args)), values=args)
    if get_origin(hint) is tuple:
        return ListForm(form_of(args[0]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _object_form(hint)
    plain: dict[Any, Form] = {str: STR, int: INT, bool: BOOL}
    return plain[hint]


def optional(hint: Any) -> bool:
    """Return True for a type written `... | None`: its value need not be stated."""
    if get_origin(hint) is Annotated:
        hint = hint.__origin__
    return NoneType in get_args(hint)


def _object_form(struct: Any) -> ObjectForm:
    hints = get_annotations(struct, eval_str=True)
    members = {name: form_of(hints[name]) for name in struct.__struct_fields__}
    required = tuple(name for name in members if not optional(hints[name]))
    expected = Message("an object with {0}", ", ".join(members))
    return ObjectForm(struct.type, expected, members, required, getattr(struct, "either", ()))
