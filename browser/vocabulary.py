"""The tables of the program as the verifier page needs them: kinds of fact, their fields, and who may sign what."""

from __future__ import annotations

from typing import Any, get_args

from ledger.bundle.audience import COUNTED_ONLY
from ledger.entries.keyring import REGISTRY_ONLY, REGISTRY_TOO
from ledger.facts import KINDS
from ledger.facts.kind import Fact, Field
from ledger.facts.value_forms import BooleanForm, Form, IntegerForm, ListForm, MapForm, ObjectForm, TextForm
from ledger.facts.vocabulary import INSTRUMENTS, ROLES, OnSource, Speaks
from ledger.formats.characters_table import HIDDEN, UNASSIGNED


def tables() -> dict[str, Any]:
    """Everything as JSON; forms of values stand once, and are named by their number in `forms`."""
    forms = _Forms()
    return {
        "characters": {"unassigned": UNASSIGNED, "hidden": HIDDEN},
        "roles": dict(ROLES),
        "instruments": dict(INSTRUMENTS),
        "speaks": list(get_args(Speaks)),
        "on_source": list(get_args(OnSource)),
        "registry": {"only": sorted(REGISTRY_ONLY), "too": sorted(REGISTRY_TOO)},
        "counted_only": sorted(COUNTED_ONLY),
        "kinds": {name: _kind(fact, forms) for name, fact in KINDS.items()},
        "forms": forms.listed,
    }


# the types of fields that name what is in one log alone
LOCAL = ("event", "list[event]", "order", "list[order]")


class _Forms:
    """Forms as JSON, each once."""

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []

    def number(self, form: Form) -> int:
        told = self._tell(form)
        if told not in self.listed:
            self.listed.append(told)
        return self.listed.index(told)

    def _tell(self, form: Form) -> dict[str, Any]:
        told = {"shape": form.shape, "expected": form.expected}
        match form:
            case TextForm():
                return told | self._word(form)
            case IntegerForm():
                return told | {"least": form.least}
            case BooleanForm():
                return told
            case ListForm():
                return told | {"item": self.number(form.item)}
            case ObjectForm():
                members = {name: self.number(member) for name, member in form.members.items()}
                return told | {"members": members, "required": list(form.required), "either": list(form.either)}
            case MapForm():
                return told | {"key": self._word(form.key), "value": self._word(form.item)}

    def _word(self, word: TextForm) -> dict[str, Any]:
        told: dict[str, Any] = {"known": list(word.values)} if word.values else {"pattern": word.pattern}
        told |= {"shape": "word", "expected": word.expected, "unseen": word.unseen}
        return told | ({"real": word.type} if word.parse else {})


def _kind(fact: type[Fact], forms: _Forms) -> dict[str, Any]:
    return {
        "schema": fact.schema,
        "says": fact.says,
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
        "says": field.says,
    }
