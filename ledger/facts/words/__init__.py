"""The words of every code in the vocabulary: one list for each set of codes that fields take, roles, and elements.

`CODE_LISTS` has them by name, in the order of the vocabulary. `words_of` finds the words of a field by its codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.facts.vocabulary import GROUNDS, GROUPS, INSTRUMENTS, ROLES
from ledger.facts.words import answer, court, order, rights, shared, state
from ledger.facts.words.code_list import CodeList
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.facts.words.everyday import ROLE_WORDS

__all__ = ["CODE_LISTS", "CodeList", "words_of"]

_FIELDS: Final = (*shared.LISTS, *order.LISTS, *state.LISTS, *answer.LISTS, *rights.LISTS, *court.LISTS)

CODE_LISTS: Final[Mapping[str, CodeList]] = {
    each.name: each
    for each in (
        CodeList("roles", "The roles in which offices sign.", ROLES, ROLE_WORDS),
        CodeList("instruments", "The instruments under which an order is made.", INSTRUMENTS),
        CodeList("elements", "The data elements that an order may ask for.", ELEMENT_WORDS),
        CodeList("grounds", "The grounds for refusal or postponement.", {c: g.says for c, g in GROUNDS.items()}),
        CodeList("groups", "The groups of kinds.", {code: group.says for code, group in GROUPS.items()}),
        *_FIELDS,
    )
}


@cache
def _by_codes() -> Mapping[frozenset[str], Mapping[str, str]]:
    return {frozenset(each.words): each.words for each in _FIELDS}


def words_of(one_of: tuple[str, ...]) -> Mapping[str, str]:
    """Return the words of each code of a field, by `Field.one_of`; empty for codes that no list has."""
    return _by_codes().get(frozenset(one_of), MappingProxyType({}))
