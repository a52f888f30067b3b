"""The words of the program that the signing page shows: names of kinds and fields, what kinds say, words of codes.

English is written in the vocabulary. German is in the catalogue of `projections/locale`. `sign/names.json` has the
names of kinds, fields, roles and instruments in French, which has no catalogue. Where a language has no words, the
page shows the English ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po

from browser.vocabulary import tables
from ledger.facts import KINDS
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.facts.words import words_of
from ledger.facts.words.data import ELEMENT_WORDS
from projections.drawings.timeline import in_few_words
from projections.sentences.sentence import says

HERE: Final = Path(__file__).parent
CATALOGUES: Final = HERE.parent / "projections" / "locale"


def words() -> dict[str, Any]:
    """Return the words by language (`en`, `de`, `fr`).

    `kinds`, `fields`: names; `says`: what has happened; `roles`, `instruments`: words of their codes; `codes`: by the
    number of a form in the vocabulary, the words of its codes.
    """
    fields = sorted({name for kind in KINDS.values() for name in kind.fields()})
    english: dict[str, Mapping[str, str]] = {
        "kinds": {name: in_few_words(name) for name in KINDS},
        "fields": {name: name.replace("_", " ") for name in fields},
        "says": {name: says(name) for name in KINDS},
        "roles": ROLES,
        "instruments": INSTRUMENTS,
    }
    lists = {n: each for n, form in enumerate(tables()["forms"]) if (each := _list_of(form))}
    messages = _messages("de")
    german = {name: _translated(table, messages) for name, table in english.items()}
    french: dict[str, Any] = json.loads((HERE / "sign" / "names.json").read_text("utf-8"))
    own = {id(ROLES): french["roles"], id(INSTRUMENTS): french["instruments"]}
    return {
        "en": {**english, "codes": lists},
        "de": {**german, "codes": {n: _translated(each, messages) for n, each in lists.items()}},
        "fr": {**french, "says": {}, "codes": {n: own[id(each)] for n, each in lists.items() if id(each) in own}},
    }


def _list_of(form: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the words of the codes of a form; empty for a form without codes."""
    known = tuple(form.get("known", ()))
    if form["expected"].startswith("a data element"):
        return ELEMENT_WORDS
    whole = next((each for each in (ROLES, INSTRUMENTS) if known and each.keys() >= {*known}), None)
    return whole or words_of(known)


def _messages(lang: str) -> Mapping[str, str]:
    """Return English -> the words of a language."""
    with (CATALOGUES / lang / "LC_MESSAGES" / "comity.po").open("rb") as opened:
        return {str(each.id): str(each.string) for each in read_po(opened) if each.string and isinstance(each.id, str)}


def _translated(texts: Mapping[str, str], messages: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that are in a catalogue."""
    return {name: messages[text] for name, text in texts.items() if text in messages}
