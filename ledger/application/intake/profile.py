"""The mapping profile of an office's table: which column says what, in which order of day and month, in which words.

A profile is TOML. One row of the table is one order; each `[[entry]]` makes one entry of the rows that state its date.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from ledger.application.intake.cells import CellFault, DateOrder, Serial, clock_of
from ledger.application.intake.table_file import Encoding
from ledger.command_line import quoted
from ledger.entries.form import BY_COMMAND
from ledger.entries.keyring import REGISTRY_ONLY
from ledger.errors import RecordError
from ledger.facts import KINDS, Field, meant
from ledger.facts.vocabulary import INSTRUMENTS
from ledger.formats.time_zones import names as zone_names

FORMAT: Final = "comity.import-profile/1"
LARGEST: Final = 1 << 18  # bytes
KINDS_TAKEN: Final = frozenset(KINDS) - REGISTRY_ONLY - frozenset(BY_COMMAND)
# The columns of `comity import` that are no field of a kind and that a profile may state (docs/reference/imports.md).
SHARED: Final = (
    "actor", "signer", "role", "speaks", "on_source", "label", "replaces", "why", "audience", "version", "unregistered",
    "lookalike", "subject", "id",
)  # fmt: skip
MOST_ENTRIES: Final = 50
ASKED: Final = "???"  # in a draft, in place of what a person has to say
_COMPLETE: Final = "a draft asks this: say what it is, or take the line out"

Word = Annotated[str, Meta(min_length=1, max_length=200)]


class ColumnRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The cell of a column. `codes` names a list of the office's words, `split` what divides several values in a cell.

    An empty cell is `default`, or a fault where it is `required`. `number` is `plain` where numbers are read as their
    digits, `digits` the width that zeros fill up.
    """

    column: Word
    codes: str = ""
    default: str = ""
    required: bool = False
    split: Annotated[str, Meta(max_length=5)] = ""
    number: Literal["", "plain"] = ""
    digits: Annotated[int, Meta(ge=0, le=30)] = 0


Rule = ColumnRule | str | bool | int | list[str]


class OnlyIf(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows that make an entry: those with one of these words in a column."""

    column: Word
    words: Annotated[list[str], Meta(min_length=1)]


class EntryRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of each row that states the date `when` (the heading of a column); `time` is a column with its time.

    A date without a time counts as `at` (noon), as an estimate unless `fields` has `on_source`.
    """

    kind: Word
    when: Word
    time: str = ""
    at: str = ""
    required: bool = False
    only: OnlyIf | None = None
    fields: dict[str, Rule] = {}


class TableRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the table is read: sheet, row of the headings, encoding and delimiter of a CSV, dates, time zone.

    `dates` is the order of day and month in texts, `serial` the calendar of dates that are numbers. Rows whose first
    cell is one of `skip` are left out; `ignore` are columns that nothing reads.
    """

    sheet: str = ""
    header: Annotated[int, Meta(ge=1, le=10_000)] = 1
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Meta(max_length=1)] = ""
    dates: DateOrder = ""
    serial: Serial = ""
    zone: str = ""
    skip: list[str] = []
    ignore: list[str] = []


class OrderRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The reference of the order that a row is about, and the instrument that opens it."""

    reference: ColumnRule
    instrument: ColumnRule | str = ""


class Profile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping profile, as its file states it."""

    format: Literal["comity.import-profile/1"]
    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,59}$")]
    version: Annotated[str, Meta(pattern="^[0-9A-Za-z][0-9A-Za-z.-]{0,39}$")]
    order: OrderRule
    entry: Annotated[list[EntryRule], Meta(min_length=1, max_length=MOST_ENTRIES)]
    table: TableRule = TableRule()
    codes: dict[str, dict[str, str]] = {}
    note: str = ""

    @property
    def title(self) -> str:
        """Return name and version, as people speak of the profile."""
        return f"{self.name} {self.version}"


class ProfileFault(Struct, frozen=True):
    """What is wrong in a profile: the place, a sentence, and what to do."""

    where: str
    says: str
    hint: str = ""


def parse_profile(data: bytes, name: str) -> Profile:
    """Return a profile from its TOML; `RecordError` PROFILE-FORM with all that is wrong in it."""
    if len(data) > LARGEST:
        raise refused(name, [ProfileFault("", f"{len(data)} bytes are too many for a profile")])
    try:
        stated = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # also a day that no calendar has
        raise refused(name, [ProfileFault("", f"not TOML: {error}")]) from None
    try:
        profile = msgspec.convert(stated, Profile)
    except msgspec.ValidationError as error:
        says, _, where = str(error).partition(" - at ")
        raise refused(name, [ProfileFault(where.strip("`").removeprefix("$."), says)]) from None
    if faults := list(faults_of(profile)):
        raise refused(name, faults)
    return profile


def refused(name: str, faults: Sequence[ProfileFault]) -> RecordError:
    """Return the error of a profile with faults; the first five are in its sentence."""
    says = "; ".join(f"{f.where}: {f.says}" if f.where else f.says for f in faults[:5])
    more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
    return RecordError("PROFILE-FORM", says + more, where=name, hint=next((f.hint for f in faults if f.hint), ""))


def faults_of(profile: Profile) -> Iterator[ProfileFault]:
    """Yield what is wrong in a profile beyond its shape: unknown kinds, fields, lists of codes, zones, constants."""
    zone = profile.table.zone
    if zone and zone not in zone_names():
        yield ProfileFault("table.zone", f"no such time zone: {zone!r}", "a zone is named as Europe/Oslo")
    yield from _rule_faults(profile, "order.reference", profile.order.reference)
    instrument = profile.order.instrument
    if isinstance(instrument, str):
        if instrument and instrument not in INSTRUMENTS:
            hint = meant(instrument, INSTRUMENTS) or ""
            yield ProfileFault("order.instrument", f"no such instrument: {instrument!r}", hint)
    else:
        yield from _rule_faults(profile, "order.instrument", instrument)
    for number, entry in enumerate(profile.entry, 1):
        yield from _entry_faults(profile, f"entry {number} ({entry.kind})", entry)
    for name, words in profile.codes.items():
        if asked := [word for word, code in words.items() if code == ASKED]:
            yield ProfileFault(f"codes.{name}", f"{ASKED} is left at {', '.join(map(repr, asked[:5]))}", _COMPLETE)


def _entry_faults(profile: Profile, where: str, entry: EntryRule) -> Iterator[ProfileFault]:
    if entry.kind not in KINDS_TAKEN:
        hint = meant(entry.kind, KINDS_TAKEN) or "`comity vocabulary` lists the kinds"
        yield ProfileFault(where, f"no kind of fact that a table can state: {entry.kind!r}", hint)
        return
    if entry.at:
        try:
            clock_of(entry.at)
        except CellFault as wrong:
            yield ProfileFault(f"{where}.at", wrong.says, wrong.hint)
    fields = KINDS[entry.kind].fields()
    for name, rule in entry.fields.items():
        place = f"{where}.{name}"
        if name not in fields and name not in SHARED:
            hint = meant(name, [*fields, *SHARED]) or f"`comity vocabulary {quoted(entry.kind)}` lists them"
            yield ProfileFault(place, f"{entry.kind} has no such field", hint)
        elif rule == ASKED:
            yield ProfileFault(place, f"{ASKED} is left", _COMPLETE)
        elif isinstance(rule, ColumnRule):
            yield from _rule_faults(profile, place, rule, fields.get(name))
    for name, field in fields.items():
        if field.required and name not in entry.fields and name != "instrument":
            hint = f"a column or a constant; expected {field.form.expected}"
            yield ProfileFault(f"{where}.{name}", f"{entry.kind} needs it, and the profile does not state it", hint)


def _rule_faults(profile: Profile, where: str, rule: ColumnRule, field: Field | None = None) -> Iterator[ProfileFault]:
    if rule.codes and rule.codes not in profile.codes:
        hint = meant(rule.codes, profile.codes) or f"[codes.{rule.codes}] states it"
        yield ProfileFault(where, f"no list of codes is called {rule.codes!r}", hint)
    if rule.split and field is not None and not field.type.startswith("list["):
        yield ProfileFault(where, f"`split` is for a list, and {field.name} is {field.type}")


def columns_of(profile: Profile) -> Mapping[str, list[str]]:
    """Return the columns that a profile reads, each with the places of the profile that name it."""
    read: dict[str, list[str]] = {}

    def add(column: str, place: str) -> None:
        read.setdefault(column, []).append(place)

    add(profile.order.reference.column, "order.reference")
    if isinstance(profile.order.instrument, ColumnRule):
        add(profile.order.instrument.column, "order.instrument")
    for entry in profile.entry:
        add(entry.when, f"{entry.kind}.when")
        for column, name in ((entry.time, "time"), (entry.only.column if entry.only else "", "only")):
            if column:
                add(column, f"{entry.kind}.{name}")
        for field, rule in entry.fields.items():
            if isinstance(rule, ColumnRule):
                add(rule.column, f"{entry.kind}.{field}")
    return read


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a profile."""
    return msgspec.json.schema(Profile)
