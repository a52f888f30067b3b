"""The tables of the program that the verifier page needs: kinds of fact, their fields, and who may sign what."""

from __future__ import annotations

from typing import Any, get_args

from ledger.bundle.audience import COUNTED_ONLY
from ledger.entries.keyring import KEY_KINDS, REGISTRY_ONLY, REGISTRY_TOO
from ledger.facts import KINDS
from ledger.facts.kind import Fact, Field
from ledger.facts.value_forms import BooleanForm, Form, IntegerForm, ListForm, MapForm, ObjectForm, TextForm
from ledger.facts.vocabulary import ROLES, OnSource, Speaks
from ledger.formats.characters_table import HIDDEN, UNASSIGNED
from ledger.law.reading.record_order import STAGE


def tables() -> dict[str, Any]:
    """Return the tables as JSON; each form of values is listed once, in `forms`, and referred to by its index."""
    forms = _Forms()
    return {
        "characters": {"unassigned": UNASSIGNED, "hidden": HIDDEN},
        "roles": dict(ROLES),
        "speaks": list(get_args(Speaks)),
        "on_source": list(get_args(OnSource)),
        "registry": {"only": sorted(REGISTRY_ONLY), "too": sorted(REGISTRY_TOO), "keys": sorted(KEY_KINDS)},
        "counted_only": sorted(COUNTED_ONLY),
        "kinds": {name: _kind(fact, forms) for name, fact in KINDS.items()},
        "forms": forms.listed,
    }


# the types of fields that name entries or orders of one log
LOCAL = ("event", "list[event]", "order", "list[order]")


class _Forms:
    """Forms as JSON, each once."""

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []

    def number(self, form: Form) -> int:
        described = self._described(form)
        if described not in self.listed:
            self.listed.append(described)
        return self.listed.index(described)

    def _described(self, form: Form) -> dict[str, Any]:
        described: dict[str, Any] = {"shape": form.shape, "expected": str(form.expected)}
        match form:
            case TextForm():
                return described | self._word(form)
            case IntegerForm():
                return described | {"least": form.least}
            case BooleanForm():
                return described
            case ListForm():
                return described | {"item": self.number(form.item)}
            case ObjectForm():
                members = {name: self.number(member) for name, member in form.members.items()}
                described |= {"type": form.type, "required": list(form.required), "either": list(form.either)}
                return described | {"members": members}
            case MapForm():
                return described | {"key": self._word(form.key), "value": self._word(form.item)}

    def _word(self, word: TextForm) -> dict[str, Any]:
        described: dict[str, Any] = {"known": list(word.values)} if word.values else {"pattern": word.pattern}
        described |= {"shape": "word", "type": word.type, "expected": str(word.expected), "unseen": word.unseen}
        return described | ({"real": word.type} if word.parse else {})


def _kind(fact: type[Fact], forms: _Forms) -> dict[str, Any]:
    return {
        "schema": fact.schema,
        "stage": STAGE[fact.kind],
        "signers": list(fact.signers),
        "shown_to": list(fact.shown_to),
        "fields": {name: _field(field, forms) for name, field in fact.fields().items()},
    }


def _field(field: Field, forms: _Forms) -> dict[str, Any]:
    return {
        "form": forms.number(field.form),
        "required": field.required,
        "sealed": field.sealed,
        "always": field.always,
        "local": field.type in LOCAL,
        "audience": list(field.audience),
    }
