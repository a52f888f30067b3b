"""What people said in their own words: names, references, whole sentences. No reader may take them for ours.

A sentence in an entry may be word for word one that this program says too. In another language ours is said again and
theirs must not be, so the edge is told which words were stated. Codes of the vocabulary's closed lists are nobody's
own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ledger.entries.case import Entry
from ledger.facts import KINDS, WHY
from ledger.facts.wire import Form, Glossary, Many, Record, Word


def stated(entries: Iterable[Entry]) -> frozenset[str]:
    """The words of all fields of these entries that take any words; what is sealed and not opened has none."""
    return frozenset(e.get(WHY.name, "") for e in entries if e.replaces) | frozenset(
        words
        for e in entries
        if (kind := KINDS.get(e.kind)) is not None
        for name, field in kind.fields().items()
        for words in _own((e.sealed if field.sealed else e.public).get(name), field.form)
    )


def _own(value: Any, form: Form) -> Iterator[str]:
    match value, form:
        case str(), Word():
            if not form.known and re.fullmatch(form.pattern, "any words"):
                yield value
        case list() | tuple(), Many():
            for item in value:
                yield from _own(item, form.item)
        case dict(), Record():
            for name, member in form.members.items():
                yield from _own(value.get(name), member)
        case dict(), Glossary():
            for item in value.values():
                yield from _own(item, form.item)
