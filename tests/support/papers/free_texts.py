"""Every free text of an order and its register replaced, so that papers of two versions can be compared.

`neutral` texts have one character for each character of a hostile text, from Chinese ideographs that occur nowhere
else. So a paper with hostile texts is the paper with neutral ones, each ideograph replaced by its character. Other
characters are the same in both: marks, blanks and quotation marks decide how a text is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.facts import KINDS
from ledger.facts.value_forms import LINE, LINES, Form, ListForm, MapForm, ObjectForm, TextForm
from ledger.facts.value_types import HEX_DIGITS
from ledger.messages import LANGUAGES

FIRST: Final = 0x4E00  # the first ideograph
CODES: Final = frozenset(  # fields of the type str whose values are codes that the law reads
    "designations declaration terms named_circumstances not_bound_by key digest zone in_force language "
    "languages".split()
)
NAMED: Final = ("authority-registered", "authority-changed")
ALWAYS: Final = {"sv": "TOTAL-PASSED"}  # a misleading name in a fourth language: each version has the same remarks

Text = Callable[[str], str]


def is_free(name: str, form: Form) -> bool:
    """Return True for the form of a text that its signer chooses freely."""
    if not isinstance(form, TextForm) or name in CODES or form.values or form.registered or form.parse:
        return False
    if form.strict_pattern == HEX_DIGITS:
        return False
    return form.type == "text" or (form.type == "str" and form.pattern in (LINE, LINES, f"(?=.){LINE}"))


def texts_in(case: Case) -> list[str]:
    """Return the distinct free texts of an order and its register, in the order of their entries."""
    found: dict[str, None] = {}

    def keep(text: str) -> str:
        found.setdefault(text)
        return text

    with_texts(case, keep)
    return list(found)


def with_texts(case: Case, text: Text) -> Case:
    """Return the case with each free text replaced by what `text` returns for it, one for one."""
    return replace(
        case,
        entries=tuple(_entry(e, text) for e in case.entries),
        registry=tuple(_entry(e, text) for e in case.registry),
    )


def _entry(e: Entry, text: Text) -> Entry:
    public, sealed = _values(e, e.public, text), _values(e, e.sealed, text)
    if e.kind in NAMED and "names" in e.public:
        name = next(iter(e.public["names"].values()))
        public["names"] = {**{lang: text(f"{name} ({lang})") for lang in LANGUAGES}, **ALWAYS}
    return replace(e, public=public, sealed=sealed)


def _values(e: Entry, values: Mapping[str, Any], text: Text) -> dict[str, Any]:
    fields = KINDS[e.kind].fields() if e.kind in KINDS else {}
    return {
        name: _value(name, fields[name].form, value, text) if name in fields else value
        for name, value in values.items()
    }


def _value(name: str, form: Form, value: Any, text: Text) -> Any:
    if isinstance(form, ListForm) and isinstance(value, (list, tuple)):
        return [_value(name, form.item, item, text) for item in value]
    if isinstance(form, ObjectForm) and isinstance(value, Mapping):
        return {key: _value(key, form.members[key], item, text) for key, item in value.items()}
    if isinstance(form, MapForm) and isinstance(value, Mapping) and name == "names":
        return value
    return text(value) if isinstance(value, str) and is_free(name, form) else value


class Disguise:
    """Neutral texts for hostile ones, and the way back from a paper with neutral texts to what it would be with them.

    `hostile` has a text for each free text of a case.
    """

    def __init__(self, hostile: Mapping[str, str]) -> None:
        self.hostile = hostile
        self._back: dict[int, str] = {}
        self.neutral = {old: "".join(map(self._other, new)) for old, new in hostile.items()}

    def _other(self, character: str) -> str:
        if not character.isalnum():
            return character
        place = FIRST + len(self._back)
        self._back[place] = character
        return chr(place)

    def undone(self, pieces: Iterable[str]) -> list[str]:
        """Return pieces of a paper with neutral texts as they are with hostile ones."""
        return [piece.translate(self._back) for piece in pieces]
