"""Values of the vocabulary as the texts of a form, and back: `write` and `read` are inverse to each other.

The name of a text is the place of its value: `f.manifest.files.0.name`. A moment has two texts, the local time and, at
`...@zone`, the time zone. A list that is stated and empty has `...@none`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, field

from ledger.entries.case import wire
from ledger.facts.value_forms import (
    ABSENT,
    BooleanForm,
    Form,
    FormError,
    IntegerForm,
    ListForm,
    MapForm,
    ObjectForm,
    TextForm,
    check,
    check_before_signing,
)
from ledger.formats.time_zones import zone as time_zone
from ledger.messages import Message

Typed = Mapping[str, Sequence[str]]
Pairs = Iterator[tuple[str, str]]

ZONE: Final = "@zone"
NONE: Final = "@none"
EXPECTED: Final = "expected {0}"  # the message of an error that says which form a value has
MOST_ROWS: Final = 500  # of one list
TWICE: Final = Message("this local time comes twice on that day: state it in UTC")
NEVER: Final = Message("this local time does not exist on that day")


class NoMoment(ValueError):
    """A local time does not exist in its time zone, or comes twice; `says` says which."""

    def __init__(self, says: Message) -> None:
        super().__init__(says)
        self.says = says


class Errors(Struct):
    """What is wrong in the texts of a form, by their names; `many` has what is wrong with a whole value."""

    by_name: MutableMapping[str, str] = field(default_factory=dict)

    def add(self, name: str, says: str) -> None:
        """Keep the first error of a name."""
        self.by_name.setdefault(name, says)


# -- from a value to texts ---------------------------------------------------------------------------------------------


def write(form: Form, value: Any, name: str, zone: str) -> Pairs:
    """Yield the texts of a value that has the form; `zone` is the time zone in which moments are shown."""
    match form:
        case TextForm(type="instant"):
            yield from _write_moment(value, name, zone)
        case TextForm():
            yield name, value
        case IntegerForm():
            yield name, str(value)
        case BooleanForm():
            yield name, "true" if value else "false"
        case ListForm():
            yield from _write_list(form, value, name, zone)
        case ObjectForm():
            for member, inner in form.members.items():
                if member in value:
                    yield from write(inner, value[member], f"{name}.{member}", zone)
        case MapForm():
            for row, (key, item) in enumerate(value.items()):
                yield f"{name}.{row}.key", key
                yield f"{name}.{row}.value", item


def _write_moment(value: str, name: str, zone: str) -> Pairs:
    moment = datetime.fromisoformat(value)
    try:
        local = moment.astimezone(time_zone(zone)).replace(tzinfo=None)
        shown = zone if zone and _moment(local.isoformat(), zone) == value else "UTC"
    except (ValueError, OverflowError):
        shown = "UTC"
    if shown == "UTC":
        local = moment.replace(tzinfo=None)
    yield name, local.isoformat()
    yield name + ZONE, shown


def _write_list(form: ListForm, value: Sequence[Any], name: str, zone: str) -> Pairs:
    if not value:
        yield name + NONE, "1"
    elif is_ticked(form) and in_order(form, value):
        yield from ((name, code) for code in value)
    else:
        for row, item in enumerate(value):
            yield from write(form.item, item, f"{name}.{row}", zone)


def is_ticked(form: ListForm) -> bool:
    """Return True if the values of a list are boxes to tick: codes of a closed list that is short."""
    return isinstance(form.item, TextForm) and 0 < len(form.item.values) <= 25


def in_order(form: ListForm, values: Sequence[Any]) -> bool:
    """Return True if codes are distinct and in the order of their list, as ticked boxes are."""
    assert isinstance(form.item, TextForm)  # noqa: S101 - of a list with boxes
    places = [form.item.values.index(code) if code in form.item.values else -1 for code in values]
    return places == sorted(set(places)) and -1 not in places


# -- from texts to a value ---------------------------------------------------------------------------------------------


def read(form: Form, typed: Typed, name: str, errors: Errors) -> Any:
    """Return the value that texts state, `ABSENT` if they state none; errors go to `errors`, by the name of the text.

    A value with an error is `ABSENT`, and so is one of which a part has an error.
    """
    match form:
        case TextForm(type="instant"):
            return _read_moment(form, typed, name, errors)
        case TextForm():
            return _checked(form, _text(form, typed, name) or ABSENT, name, errors)
        case IntegerForm():
            text = _line(typed, name)
            number = int(text) if re.fullmatch("-?[0-9]{1,16}", text) else (text or ABSENT)
            return _checked(form, number, name, errors)
        case BooleanForm():
            text = _line(typed, name)
            return _checked(form, {"true": True, "false": False}.get(text, text or ABSENT), name, errors)
        case ListForm():
            return _read_list(form, typed, name, errors)
        case ObjectForm():
            return _read_object(form, typed, name, errors)
        case MapForm():
            return _read_map(form, typed, name, errors)


def rows(typed: Typed, name: str) -> list[int]:
    """Return the numbers of the rows of a list for which there are texts, in order."""
    found = {int(row) for each in typed if (row := _row(each, name))}
    return sorted(found)[:MOST_ROWS]


def is_stated(typed: Typed, name: str) -> bool:
    """Return True if a text at a place, or at a place in it, is not empty."""
    return any(
        any(text.strip() for text in texts)
        for each, texts in typed.items()
        if (each == name or each.startswith((f"{name}.", f"{name}{NONE}"))) and not each.endswith(ZONE)
    )


def _row(each: str, name: str) -> str:
    if not each.startswith(f"{name}."):
        return ""
    first = re.split("[.@]", each[len(name) + 1 :], maxsplit=1)[0]
    return first if re.fullmatch("[0-9]{1,6}", first) else ""


def _line(typed: Typed, name: str) -> str:
    return next(iter(typed.get(name, ())), "").strip()


def _text(form: TextForm, typed: Typed, name: str) -> str:
    """Return a text as it was typed; blanks at its ends belong to a text of several lines alone."""
    raw = next(iter(typed.get(name, ())), "")
    return raw if form.type == "text" and raw.strip() else raw.strip()


def _checked(form: Form, value: Any, name: str, errors: Errors) -> Any:
    if value is ABSENT:
        return ABSENT
    try:
        check(form, value)
        check_before_signing(form, value)
    except FormError as error:
        errors.add(name, Message(EXPECTED, error.expected))
        return ABSENT
    return value


def _read_moment(form: TextForm, typed: Typed, name: str, errors: Errors) -> Any:
    text, zone = _line(typed, name), _line(typed, name + ZONE) or "UTC"
    if not text:
        return ABSENT
    try:
        return _checked(form, _moment(text, zone), name, errors)
    except NoMoment as wrong:
        errors.add(name, wrong.says)
    except ValueError:
        errors.add(name, Message(EXPECTED, Message("a day and a time, as 2026-11-24 13:37")))
    return ABSENT


def _moment(text: str, zone: str) -> str:
    """Return a local time in UTC, as entries have it; ValueError for a text that is no moment of the zone."""
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError(text)
    try:
        place = UTC if zone == "UTC" else time_zone(zone)
        early, late = (local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    except (OverflowError, KeyError) as wrong:
        raise ValueError(text) from wrong
    if early.astimezone(place).replace(tzinfo=None) != local:
        raise NoMoment(NEVER)
    if early != late:
        raise NoMoment(TWICE)
    return wire(early)


def _read_list(form: ListForm, typed: Typed, name: str, errors: Errors) -> Any:
    stated = [text.strip() for text in typed.get(name, ()) if text.strip()]
    before = len(errors.by_name)
    values = [value for text in stated if (value := _checked(form.item, text, name, errors)) is not ABSENT]
    for row in rows(typed, name):
        place = f"{name}.{row}"
        if not is_stated(typed, place):
            continue
        value = read(form.item, typed, place, errors)
        if value is not ABSENT:
            values.append(value)
    if len(errors.by_name) > before:
        return ABSENT
    return values or ([] if _line(typed, name + NONE) else ABSENT)


def _read_object(form: ObjectForm, typed: Typed, name: str, errors: Errors) -> Any:
    if not is_stated(typed, name):
        return ABSENT
    before = len(errors.by_name)
    value = {}
    for member, inner in form.members.items():
        place = f"{name}.{member}"
        part = read(inner, typed, place, errors)
        if part is not ABSENT:
            value[member] = part
        elif member in form.required and place not in errors.by_name and not _within(errors, place):
            errors.add(place, Message(EXPECTED, inner.expected))
    if len(errors.by_name) > before:
        return ABSENT
    return _checked(form, value, name, errors)


def _within(errors: Errors, place: str) -> bool:
    return any(each.startswith(f"{place}.") for each in errors.by_name)


def _read_map(form: MapForm, typed: Typed, name: str, errors: Errors) -> Any:
    before, value = len(errors.by_name), {}
    for row in rows(typed, name):
        place = f"{name}.{row}"
        if not is_stated(typed, place):
            continue
        key = read(form.key, typed, f"{place}.key", errors)
        item = read(form.item, typed, f"{place}.value", errors)
        for part, wanted, inner in ((key, "key", form.key), (item, "value", form.item)):
            if part is ABSENT:
                errors.add(f"{place}.{wanted}", Message(EXPECTED, inner.expected))
        if key is not ABSENT and item is not ABSENT:
            value[key] = item
    if len(errors.by_name) > before or not value:
        return ABSENT
    return _checked(form, value, name, errors)
