"""A stated value in words and whole, for a line of a form or a table; `sentence` has values shortened."""

from __future__ import annotations

from typing import Any, Final

from ledger.facts.value_forms import Form, TextForm
from ledger.formats.characters import visible
from projections.sentences.local_time import LocalTimes
from projections.sentences.names import Names, language_name, territory
from projections.sentences.values import Language, Worded, in_words

FREE: Final = ("str", "text")  # stated in words already
REGIMES: Final = {"LED": "Directive (EU) 2016/680", "GDPR": "Regulation (EU) 2016/679"}


def field_label(name: str) -> str:
    """Return the name of a field for people, in English: the key under which other languages have it."""
    return "data protection regime" if name == "dp_regime" else name.replace("_", " ")


def named_words(name: str, value: Any) -> str:
    """Return the words of a field with codes that its form does not list: languages, a regime of data protection.

    Empty for another field or value.
    """
    if name == "dp_regime" and value in REGIMES:
        return Worded(lambda language: f"{language.word(REGIMES[value])} ({value})")
    if name == "languages" and isinstance(value, list | tuple) and all(isinstance(code, str) for code in value):
        return Worded(lambda language: ", ".join(language_name(code, language.lang) for code in value))
    return ""


def field_words(value: str, form: Form, names: Names, times: LocalTimes, language: Language) -> str:
    """Return a value of a field, or an item of its list, in words; a citation behind its words.

    Stated words are as they are.
    """
    coded = isinstance(form, TextForm) and form.values
    words = None if form.type in FREE and not coded else in_words(value, form, language, names, times)
    if form.type == "party" and words == value and (state := territory(value, language.lang)):
        return f"{state} ({value})"  # a State that the register does not name
    return visible(value) if words is None else f"{words} ({value})" if ":" in value and coded else words
