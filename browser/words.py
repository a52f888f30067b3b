"""The words of the program that the signing page shows: names of kinds and fields, what kinds say, words of codes.

English is written in the vocabulary, and each other language is in its catalogue of `projections/locale`. Where a
language has no words, the page shows the English ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po

from browser.vocabulary import tables
from ledger.facts import KINDS
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.facts.words import words_of
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.facts.words.kind_words import in_few_words
from ledger.messages import LANGUAGES
from projections.sentences.field_words import field_label
from projections.sentences.sentence import says

HERE: Final = Path(__file__).parent
CATALOGUES: Final = HERE.parent / "projections" / "locale"


def words() -> dict[str, Any]:
    """Return the words by language (`en`, `de`, `fr`).

    `kinds`, `fields`: names; `says`: what has happened; `roles`, `instruments`: words of their codes; `codes`: by the
    number of a form in the vocabulary, the words of its codes.
    """
    english: dict[str, Mapping[str, str]] = {
        "kinds": {name: in_few_words(name) for name in KINDS},
        "fields": field_labels(),
        "says": {name: says(name) for name in KINDS},
        "roles": ROLES,
        "instruments": INSTRUMENTS,
    }
    lists = {n: each for n, form in enumerate(tables()["forms"]) if (each := _list_of(form))}
    made: dict[str, Any] = {"en": {**english, "codes": lists}}
    for lang in LANGUAGES[1:]:
        messages = _messages(lang)
        words = {name: _translated(table, messages) for name, table in english.items()}
        made[lang] = {**words, "codes": {n: _translated(each, messages) for n, each in lists.items()}}
    return made


def field_labels() -> dict[str, str]:
    """Return the English name of each field, and of each member of a value, by its name in the record."""
    members = {name for form in tables()["forms"] for name in form.get("members", ())}
    return {name: field_label(name) for name in sorted(members.union(*(kind.fields() for kind in KINDS.values())))}


def _list_of(form: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the words of the codes of a form; empty for a form without codes."""
    known = tuple(form.get("known", ()))
    if form.get("type") == "element":
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
