"""The controls of a form: a tree that a template shows, made from a form of the vocabulary and the texts typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ledger.facts.value_forms import BooleanForm, Form, IntegerForm, ListForm, MapForm, ObjectForm, TextForm
from ledger.facts.value_types import STR
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.facts.words import words_of
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.messages import Message
from projections.sentences.field_words import field_label
from server.desk.forms.typed import NONE, ZONE, Errors, Typed, in_order, is_stated, is_ticked, rows

Choice = tuple[str, str]  # a value, and its words

Widget = Literal[
    "line", "lines", "number", "choice", "truth", "moment", "day", "boxes", "rows", "members", "pairs", "listed", "tick"
]


class Choices(Struct, frozen=True):
    """What may be chosen where the vocabulary leaves it open: entries (leaf hash), offices, Parties, with their words.

    `zone` is the time zone of moments, by its name.
    """

    entries: Sequence[Choice] = ()
    offices: Sequence[Choice] = ()
    parties: Sequence[Choice] = ()
    zone: str = ""


class Control(Struct, frozen=True, kw_only=True):
    """One control: `label` and `says` are words of the vocabulary, `expected` the form of its value in words.

    `choices` are those of a choice, of boxes and of a moment's time zone, `chosen` what is chosen of them. `parts` are
    the members of an object and the rows of a list; each row has the address of its values as `name`. `none` says that
    an empty list is stated. `listed` is the id of the list of suggestions.
    """

    widget: Widget
    name: str
    label: str
    says: str = ""
    expected: str = ""
    text: str = ""
    chosen: Sequence[str] = ()
    choices: Sequence[Choice] = ()
    parts: Sequence[Control] = ()
    error: str = ""
    required: bool = False
    sealed: bool = False
    none: bool = False
    may_be_empty: bool = False
    listed: str = ""
    shape: str = ""
    asked: str = ""

    @property
    def id(self) -> str:
        """Return the id of the control in the page."""
        return self.name

    @property
    def faulty(self) -> bool:
        """Return True if the control or a part of it has an error."""
        return bool(self.error) or any(part.faulty for part in self.parts)

    @property
    def stated(self) -> bool:
        """Return True if a value is stated here or in a part."""
        return bool(self.text.strip() or self.none or any(self.chosen)) or any(part.stated for part in self.parts)


class Made(Struct, frozen=True):
    """What controls are made with: the texts typed, their errors, and what may be chosen."""

    typed: Typed
    errors: Errors
    choices: Choices


def control(
    form: Form,
    name: str,
    label: str,
    made: Made,
    *,
    says: str = "",
    required: bool = False,
    sealed: bool = False,
    asked: str = "",
) -> Control:
    """Return the control of a value with its texts and errors; a list that is not stated has one empty row."""
    typed, choices = made.typed, made.choices
    base = Control(
        widget="line",
        name=name,
        label=label,
        says=says,
        expected="" if form.expected == STR.expected else form.expected,
        text=_text(typed, name),
        error=made.errors.by_name.get(name, ""),
        required=required,
        sealed=sealed,
        asked=asked,
        shape=form.type,
    )
    match form:
        case TextForm(type="instant"):
            chosen = _text(typed, name + ZONE) or choices.zone or "UTC"
            zones = dict.fromkeys((choices.zone or "UTC", "UTC", chosen))
            return replace(base, widget="moment", choices=[(each, each) for each in zones], chosen=[chosen])
        case TextForm(type="date"):
            return replace(base, widget="day")
        case TextForm(type="text"):
            return replace(base, widget="lines")
        case TextForm():
            return _worded(form, base, choices)
        case IntegerForm():
            return replace(base, widget="number")
        case BooleanForm():
            return replace(base, widget="truth", chosen=[base.text], text="")
        case ListForm():
            return _list(form, base, made)
        case ObjectForm():
            needed = required or is_stated(typed, name)
            parts = [
                control(
                    inner,
                    f"{name}.{member}",
                    Message(field_label(member)),
                    made,
                    required=needed and member in form.required,
                )
                for member, inner in form.members.items()
            ]
            return replace(base, widget="members", parts=parts)
        case MapForm():
            parts = [_pair(form, f"{name}.{row}", made) for row in rows(typed, name) or [0]]
            return replace(base, widget="pairs", parts=parts)


def _worded(form: TextForm, base: Control, choices: Choices) -> Control:
    """Return the control of a text: a choice of a closed list, or a line with suggestions."""
    words = dict(choices_of(form, choices))
    if form.type in ("actor", "party", "element") and words:
        listed = {"actor": "offices", "party": "parties", "element": "elements"}[form.type]
        return replace(base, widget="listed", listed=listed)
    if not words:
        return base
    if base.text and base.text not in words:
        words[base.text] = base.text
    return replace(base, widget="choice", choices=list(words.items()), chosen=[base.text], text="")


def choices_of(form: TextForm, choices: Choices) -> Sequence[Choice]:
    """Return the values from which a text is chosen, with their words; none for a free text."""
    match form.type:
        case "event":
            return choices.entries
        case "actor":
            return choices.offices
        case "party":
            return choices.parties
        case "element":
            return list(ELEMENT_WORDS.items())
    fixed: Mapping[str, str] = {"role": ROLES, "instrument": INSTRUMENTS}.get(form.type) or words_of(form.values)
    return [(code, fixed.get(code, code)) for code in form.values]


def _list(form: ListForm, base: Control, made: Made) -> Control:
    typed, name = made.typed, base.name
    none = bool(_text(typed, name + NONE))
    ticked, numbers = typed.get(name, ()), rows(typed, name)
    if is_ticked(form) and not numbers and in_order(form, [each for each in ticked if each]):
        assert isinstance(form.item, TextForm)  # noqa: S101 - of a list with boxes
        choices = choices_of(form.item, made.choices)
        return replace(base, widget="boxes", choices=choices, chosen=ticked, text="", none=none, may_be_empty=True)
    parts = [control(form.item, f"{name}.{row}", base.label, made) for row in numbers or [0]]
    return replace(base, widget="rows", parts=parts, text="", none=none, may_be_empty=True)


def _pair(form: MapForm, name: str, made: Made) -> Control:
    parts = [
        control(form.key, f"{name}.key", Message("language"), made),
        control(form.item, f"{name}.value", Message("name"), made),
    ]
    return Control(widget="members", name=name, label="", parts=parts)


def _text(typed: Typed, name: str) -> str:
    return next(iter(typed.get(name, ())), "")
