"""The language of a report: its messages by a gettext catalogue, made when a page is rendered.

Values are made in English and stay so in JSON and in the ledger. A page or paper in another language makes each
message of the report anew from its pattern and its values (`ledger.messages`). A plain string is a name, a code, or
somebody's words: it stays as it is, and nothing is looked up by what it says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from operator import is_
from typing import Any, Final, TypeVar

from ledger.messages import Message
from projections.reports.fillable_form import FormSection
from projections.reports.request import StateName
from projections.sentences.catalogue import catalogue
from projections.sentences.values import Language

PLACE: Final = re.compile(r"\{(\d)\}")

T = TypeVar("T")


class Translation:
    """One language and its messages, by their English patterns."""

    def __init__(self, lang: str, messages: Mapping[str, str]) -> None:
        self.lang = lang
        self.messages = messages
        self.values = Language(lang, messages)

    def say(self, id: str, *values: object) -> str:
        """Return a message of ours in this language, by its English pattern."""
        return self.words(Message(id, *values))

    def words(self, value: object) -> str:
        """Return a value in this language, as its type says; a plain string as it is."""
        return self.values.of(value)

    @property
    def date_pattern(self) -> str:
        """Return the pattern of a date: `dd` and `MM` of two digits, `y`; in English as in the record."""
        return self.values.date_pattern

    @property
    def group(self) -> str:
        """Return the separator between groups of digits; none in English, where numbers are as in JSON."""
        from babel.numbers import get_group_symbol

        return get_group_symbol(self.lang) if self.messages else ""

    def number(self, n: float, digits: int = 0) -> str:
        """Return a number with this many digits after its decimal point."""
        if not self.messages:
            return f"{n:.{digits}f}"
        from babel.numbers import format_decimal

        return format_decimal(n, format=f"#,##0.{'0' * digits}" if digits else "#,##0", locale=self.lang)

    def of(self, value: T) -> T:
        """Return a report, or any value in one, with every message and typed value in it as text in this language.

        Characters without a visible shape are named in every text (`ledger.formats.characters`).
        """
        said: T = self._of(value)
        return said

    def _of(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if type(value) is str and value.isascii() else self.words(value)
        if isinstance(value, tuple):
            items = tuple(map(self._of, value))
            return value if all(map(is_, items, value)) else items
        if isinstance(value, dict):
            return {key: self._of(item) for key, item in value.items()}
        if isinstance(value, FormSection) and value.fixed and self.messages:
            return ENGLISH.of(value)
        if isinstance(value, StateName):
            return replace(value, name=self.words(value.called(self.lang)))
        changed = {
            name: new for name in _names(value.__class__) if (new := self._of(old := getattr(value, name))) is not old
        }
        return replace(value, **changed) if changed else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass; none for another type."""
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()


ENGLISH: Final = Translation("en", {})


@cache
def translation(lang: str) -> Translation:
    """Return a language by its code (BCP 47), its catalogue read into memory; English has and needs none."""
    if lang == "en":
        return ENGLISH
    return Translation(lang, catalogue(lang))
