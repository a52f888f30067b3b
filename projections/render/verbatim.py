"""What people stated in their own words: names, references, whole sentences, which no reader may take for ours.

A sentence in an entry may have the same words as one of this program. A translation repeats ours in another
language and must not change theirs, so the renderer receives the stated words. Codes of the vocabulary's closed
lists are not such words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ledger.entries.case import Entry
from ledger.facts import KINDS, WHY
from ledger.facts.value_forms import Form, ListForm, MapForm, ObjectForm, TextForm


def stated(entries: Iterable[Entry]) -> frozenset[str]:
    """Return the words of all fields of these entries that take any words.

    Sealed fields that are not opened have none.
    """
    return frozenset(e.get(WHY.name, "") for e in entries if e.replaces) | frozenset(
        words
        for e in entries
        if (kind := KINDS.get(e.kind)) is not None
        for name, field in kind.fields().items()
        for words in _own((e.sealed if field.sealed else e.public).get(name), field.form)
    )


def _own(value: Any, form: Form) -> Iterator[str]:
    match value, form:
        case str(), TextForm():
            if not form.values and re.fullmatch(form.pattern, "any words"):
                yield value
        case list() | tuple(), ListForm():
            for item in value:
                yield from _own(item, form.item)
        case dict(), ObjectForm():
            for name, member in form.members.items():
                yield from _own(value.get(name), member)
        case dict(), MapForm():
            for item in value.values():
                yield from _own(item, form.item)
