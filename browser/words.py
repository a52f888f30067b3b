"""The words of the program that the signing page shows: names of kinds and fields, what kinds say, words of codes.

English is written in the vocabulary. German is in the catalogue of `projections/locale`; names of kinds and fields in
German and French are in `sign/names.json`. Where a language has no words, the page shows the English ones.
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

HERE: Final = Path(__file__).parent
CATALOGUES: Final = HERE.parent / "projections" / "locale"


def words() -> dict[str, Any]:
    """Return the words by language (`en`, `de`, `fr`).

    `kinds`, `fields`: names; `says`: what a kind says; `codes`: by the number of a form in the vocabulary, the words of
    its codes; `roles`, `instruments`, `elements`: words of their codes.
    """
    names = json.loads((HERE / "sign" / "names.json").read_text("utf-8"))
    coded = {str(n): words_of(tuple(form.get("known", ()))) for n, form in enumerate(tables()["forms"])}
    return {lang: _words(lang, names, {n: each for n, each in coded.items() if each}) for lang in ("en", "de", "fr")}


def _words(lang: str, names: Mapping[str, Any], coded: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    messages = _messages(lang)
    own = {"en": None, "de": 0, "fr": 1}[lang]

    def translated(texts: Mapping[str, str]) -> dict[str, str]:
        found = {code: _translated(text, messages) for code, text in texts.items()}
        return {code: text for code, text in found.items() if text}

    def named(which: str, plain: Mapping[str, str]) -> dict[str, str]:
        if own is None:
            return dict(plain)
        return {name: names[which][name][own] for name in plain}

    fields = sorted({name for kind in KINDS.values() for name in (*kind.fields(), "why")})
    return {
        "kinds": named("kinds", {name: name.replace("-", " ") for name in KINDS}),
        "fields": named("fields", {name: name.replace("_", " ") for name in fields}),
        "says": translated({name: kind.says for name, kind in KINDS.items()}),
        "codes": {n: translated(each) for n, each in coded.items()},
        "roles": translated(ROLES),
        "instruments": translated(INSTRUMENTS),
        "elements": translated(ELEMENT_WORDS),
    }


def _messages(lang: str) -> Mapping[str, str] | None:
    """Return English -> the words of a language; None for English itself."""
    if lang == "en":
        return None
    file = CATALOGUES / lang / "LC_MESSAGES" / "comity.po"
    if not file.exists():
        return {}
    with file.open("rb") as opened:
        return {str(each.id): str(each.string) for each in read_po(opened) if each.string and isinstance(each.id, str)}


def _translated(text: str, messages: Mapping[str, str] | None) -> str:
    """Return a text in a language, sentence by sentence; empty unless each sentence is in its catalogue."""
    if messages is None or text in messages:
        return text if messages is None else messages[text]
    found = [messages.get(each, "") for each in re.split(r"(?<=\.) ", text)]
    return " ".join(found) if all(found) else ""
