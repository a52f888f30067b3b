"""A kind of fact: a frozen class. Its name, docstring and fields are an item of the vocabulary.

A class says what has happened, on which provisions it rests and who may sign it with effect. A field is public unless
it is a `SealedField`. The name on the wire is the name of the class in kebab-case. The group is the module, or the
folder, of the class. An entry signed in another role is recorded too and leads to a finding. `required` is a matter of
form, not of law: what the law asks an order to contain is never refused here; the law reports it as missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from inspect import get_annotations
from typing import Any, ClassVar, dataclass_transform

import msgspec

from ledger.facts.value_forms import Form, TextForm
from ledger.facts.value_types import Text, form_of, optional


class SealedField(msgspec.Struct, frozen=True):
    """Mark a field that is salted and committed to; the roles of `audience` may read its value.

    The signer of the entry may always read it. `always`: every entry of the kind commits to the field, stated or not,
    because its presence alone would disclose something.
    """

    audience: tuple[str, ...]
    always: bool = False


class Field(msgspec.Struct, frozen=True):
    """One field of a kind: `type` as the vocabulary names it, `one_of` its codes where the list is closed."""

    name: str
    type: str
    required: bool
    sealed: bool
    audience: tuple[str, ...]  # empty for a public field, which every holder of the entry reads
    always: bool
    one_of: tuple[str, ...]
    says: str
    form: Form


# The field that every kind has. It is sealed in the envelope with `replaces`, and is no part of the fact. Each entry
# that states it names its audience (ledger/entries/replacement.py).
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
    """Make a class a kind of fact: frozen, strict, with keyword arguments, and a name on the wire."""

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
    """A statement that something happened. Values are as on the wire; None means not stated."""

    kind: ClassVar[str]
    group: ClassVar[str]
    says: ClassVar[str]
    schema: ClassVar[int] = 1
    basis: ClassVar[tuple[str, ...]]  # as "<act>:<provision>"; empty: asked for by the design, by no provision
    signers: ClassVar[tuple[str, ...]]  # the roles whose signature gives it effect
    shown_to: ClassVar[tuple[str, ...]] = ()  # not empty: to all other roles the whole entry is an unopened entry

    @classmethod
    def fields(cls) -> Mapping[str, Field]:
        """Return the fields by name, public ones first."""
        return _fields(cls)


@cache  # on first use: most commands read few of the kinds
def _fields(kind: type[Fact]) -> dict[str, Field]:
    hints = get_annotations(kind, eval_str=True)
    return {name: _field(name, hints[name]) for name in kind.__struct_fields__}


def _field(name: str, hint: Any) -> Field:
    form = form_of(hint)
    word = getattr(form, "item", form)
    seal = next((mark for mark in hint.__metadata__ if isinstance(mark, SealedField)), None)
    return Field(
        name=name,
        type=form.type,
        required=not optional(hint),
        sealed=seal is not None,
        audience=seal.audience if seal else (),
        always=bool(seal and seal.always),
        one_of=word.values if isinstance(word, TextForm) and word.type == "code" else (),
        says=next(mark for mark in hint.__metadata__ if isinstance(mark, str)),
        form=form,
    )
