"""The words of the program that the signing page shows: names of kinds and fields, what kinds say, words of codes.

English is written in the vocabulary. German is in the catalogue of `projections/locale`. `sign/names.json` has the
names of kinds and fields in French, which has no catalogue. Where a language has no words, the page shows the English
ones.
"""

from __future__ import annotations

import json
import re
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

HERE: Final = Path(__file__).parent
CATALOGUES: Final = HERE.parent / "projections" / "locale"


def words() -> dict[str, Any]:
    """Return the words by language (`en`, `de`, `fr`).

    `kinds`, `fields`: names; `says`: what a kind says; `codes`: by the number of a form in the vocabulary, the words of
    its codes; `roles`, `instruments`, `elements`: words of their codes.
    """
    coded = {str(n): words_of(tuple(form.get("known", ()))) for n, form in enumerate(tables()["forms"])}
    fields = sorted({name for kind in KINDS.values() for name in kind.fields()})
    english = {
        "kinds": {name: in_few_words(name) for name in KINDS},
        "fields": {name: name.replace("_", " ") for name in fields},
        "says": {name: kind.says for name, kind in KINDS.items()},
        "roles": ROLES,
        "instruments": INSTRUMENTS,
        "elements": ELEMENT_WORDS,
    }
    codes = {n: each for n, each in coded.items() if each}
    messages = _messages("de")
    german = {name: _translated(table, messages) for name, table in english.items()}
    french: dict[str, Any] = json.loads((HERE / "sign" / "names.json").read_text("utf-8"))
    others: dict[str, Any] = {name: {} for name in ("says", "roles", "instruments", "elements", "codes")}
    return {
        "en": {**english, "codes": codes},
        "de": {**german, "codes": {n: _translated(each, messages) for n, each in codes.items()}},
        "fr": {**others, **french},
    }


def _messages(lang: str) -> Mapping[str, str]:
    """Return English -> the words of a language."""
    with (CATALOGUES / lang / "LC_MESSAGES" / "comity.po").open("rb") as opened:
        return {str(each.id): str(each.string) for each in read_po(opened) if each.string and isinstance(each.id, str)}


def _translated(texts: Mapping[str, str], messages: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that are in a catalogue, whole or sentence by sentence."""
    found = {}
    for name, text in texts.items():
        parts = [messages.get(each, "") for each in ([text] if text in messages else re.split(r"(?<=\.) ", text))]
        if all(parts):
            found[name] = " ".join(parts)
    return found
