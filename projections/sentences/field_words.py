"""A stated value in words and whole, for a line of a form or a table; `sentence` has values shortened."""

from __future__ import annotations

from typing import Final

from ledger.facts.value_forms import Form, TextForm
from ledger.formats.characters import visible
from projections.sentences.local_time import LocalTimes
from projections.sentences.names import Names
from projections.sentences.values import Language, in_words

FREE: Final = ("str", "text")  # stated in words already


def field_words(value: str, form: Form, names: Names, times: LocalTimes, language: Language) -> str:
    """Return a value of a field, or an item of its list, in words; a citation behind its words.

    Stated words are as they are.
    """
    coded = isinstance(form, TextForm) and form.values
    words = None if form.type in FREE and not coded else in_words(value, form, language, names, times)
    return visible(value) if words is None else f"{words} ({value})" if ":" in value and coded else words
