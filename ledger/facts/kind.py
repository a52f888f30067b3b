"""What a kind of fact is: a frozen class whose name, sentence and fields are the vocabulary.

A class says what has happened, on which provisions it rests and who may sign it with effect. Its fields are public
unless they say `Sealed`. The name on the wire is the class's name in kebab-case, the group is the file (or folder) the
class stands in. An entry signed in another role is recorded all the same and leads to a finding; `required` speaks of
form, not of law: what the law asks an order to contain is never refused here, only found missing there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, dataclass_transform, get_type_hints

import msgspec

from ledger.facts.wire import Form, Text, Word, form_of, optional


class Sealed(msgspec.Struct, frozen=True):
    """Marks a field that is salted and committed to: `audience` are the roles that may read its value.

    Whoever signed the entry may always read it. `always`: the field is committed to in every entry of its kind, stated
    or not, because its mere presence would tell something.
    """

    audience: tuple[str, ...]
    always: bool = False


class Field(msgspec.Struct, frozen=True):
    """One field of a kind: `type` as the vocabulary names it, `one_of` its codes where the list is closed."""

    name: str
    type: str
    required: bool
    sealed: bool
    audience: tuple[str, ...]  # empty for a public field, which every holder of the record sees
    always: bool
    one_of: tuple[str, ...]
    says: str
    form: Form


# The one field that every kind has: sealed beside `replaces` in the envelope, and no part of the fact itself. Its
# audience stands in each entry that states it (ledger/entries/replacement.py).
WHY = Field(
    name="why",
    type="text",
    required=False,
    sealed=True,
    audience=(),
    always=False,
    one_of=(),
    says="Why this entry replaces the one it names; stated by every replacement, and by no other entry.",
    form=form_of(Text),
)


class Kind(msgspec.StructMeta):
    """Makes a class a kind of fact: frozen, strict, told by keyword, and called on the wire by its own name."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, frozen: bool = True) -> Kind:
        home = namespace["__module__"].removeprefix(__package__ + ".").partition(".")[0]
        namespace |= {
            "kind": re.sub("(?<=.)(?=[A-Z])", "-", name).lower(),
            "group": home.replace("_", "-"),
            "says": " ".join((namespace.get("__doc__") or "").split()),
        }
        return super().__new__(
            mcls, name, bases, namespace, frozen=frozen, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
        )


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Fact(msgspec.Struct, frozen=True, metaclass=Kind):
    """Something that happened, as somebody tells it. Values are as on the wire; None means not stated."""

    kind: ClassVar[str]
    group: ClassVar[str]
    says: ClassVar[str]
    schema: ClassVar[int] = 1
    basis: ClassVar[tuple[str, ...]]  # as "<act>:<provision>"; empty: no provision asks for it, the record does
    signers: ClassVar[tuple[str, ...]]  # the roles in which it is signed with effect
    shown_to: ClassVar[tuple[str, ...]] = ()  # not empty: to all other roles the whole entry is an unopened entry

    @classmethod
    def fields(cls) -> Mapping[str, Field]:
        """The fields by name, public ones first."""
        return _fields(cls)


@cache  # worked out when first asked for: most commands meet few of the kinds
def _fields(kind: type[Fact]) -> dict[str, Field]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: _field(name, hints[name]) for name in kind.__struct_fields__}


def _field(name: str, hint: Any) -> Field:
    form = form_of(hint)
    word = getattr(form, "item", form)
    seal = next((mark for mark in hint.__metadata__ if isinstance(mark, Sealed)), None)
    return Field(
        name=name,
        type=form.type,
        required=not optional(hint),
        sealed=seal is not None,
        audience=seal.audience if seal else (),
        always=bool(seal and seal.always),
        one_of=word.known if isinstance(word, Word) and word.type == "code" else (),
        says=next(mark for mark in hint.__metadata__ if isinstance(mark, str)),
        form=form,
    )
