"""A code list of the vocabulary with the words of each code."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class CodeList(Struct, frozen=True):
    """A closed list of codes: its name, what its codes say, and each code with its words in English.

    The words fit after a colon in a sentence; they begin with a small letter and have no full stop. The catalogue of
    a language (`projections/locale`) translates them. `everyday` has other words that people type, in small letters,
    each with the codes that it may mean.
    """

    name: str
    says: str
    words: Mapping[str, str]
    everyday: Mapping[str, tuple[str, ...]] = {}
