"""Sentences of what happened, made from the values of an entry: who did what, to whom, with what.

`sentence(entry, names)` is English. A `Sentence` is a string, so JSON and terminals show it as it is; `in_` makes it in
another language, from a pattern of that language and not from the English text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger.entries.case import Entry, Unread
from ledger.facts import KINDS
from ledger.facts.kind import Field
from projections.sentences.kinds import PATTERNS
from projections.sentences.names import Names
from projections.sentences.pattern import filled, parsed
from projections.sentences.values import ENGLISH, Language, Worded, in_words, role_words

UNKNOWN: Final = "An entry of a kind this reader does not know."
SAW: Final = "{0} saw that {1}"
TOOK_OVER: Final = "{0} recorded from papers or mail that {1}"
NO_EFFECT: Final = "The key of {0} did not hold the role ({1}): the entry has no legal effect."
UNPROVEN: Final = "It is not proven to be its signer's own act: {0}."
UNCONFIRMED: Final = "Only the register of {0} knows {1}: the entry has no effect here yet."
MESSAGES: Final = (UNKNOWN, SAW, TOOK_OVER, NO_EFFECT, UNPROVEN, UNCONFIRMED)


class Sentence(Worded):
    """What one entry says, in English; `in_` says it in another language."""

    _entry: Entry
    _names: Names
    _reveal: bool

    def __new__(cls, e: Entry, names: Names, *, reveal: bool) -> Sentence:
        made = str.__new__(cls, in_language(e, names, ENGLISH, reveal=reveal))
        made._entry, made._names, made._reveal = e, names, reveal
        return made

    def in_(self, language: Language) -> str:
        """Return the sentence in another language; in English where that language has no pattern for its kind."""
        return in_language(self._entry, self._names, language, reveal=self._reveal)


def sentence(e: Entry, names: Names, *, reveal: bool = False) -> Sentence:
    """Return what an entry says, sealed values only where they are revealed; and that it has no effect, if so."""
    return Sentence(e, names, reveal=reveal)


def says(kind: str) -> str:
    """Return what has happened when an entry of this kind is recorded: the vocabulary's first sentence."""
    fact = KINDS.get(kind)
    return UNKNOWN if fact is None else fact.says.split(". ")[0].rstrip(".") + "."


def in_language(e: Entry, names: Names, language: Language, *, reveal: bool) -> str:
    """Return what an entry says in a language."""
    pattern = PATTERNS.get(e.kind, "")
    own = pattern if language is ENGLISH else language.messages.get(pattern, "")
    if pattern and not own:
        language, own = ENGLISH, pattern
    source = _Source(e, names, language, reveal)
    text = (filled(parsed(own), source.words, source.code) if own else None) or language.word(says(e.kind))
    signer = source.office(e.by)
    if e.whose is not None and e.whose != e.by:
        text = language.put(SAW if e.speaks == "observation" else TOOK_OVER, signer, text)
    if text.endswith(".."):
        text = text[:-1]  # a name with a full stop at the end
    if e.kind == "counterparty-record-received" and e.unproven:
        text += " " + language.put(UNPROVEN, e.unproven)
    if not e.held:
        text += " " + language.put(NO_EFFECT, signer, role_words(e.role, language))
    if e.known_to:
        text += " " + language.put(UNCONFIRMED, e.known_to, e.by)
    return text


class _Source:
    """The words and codes of one entry for a pattern."""

    def __init__(self, e: Entry, names: Names, language: Language, reveal: bool) -> None:
        self._entry, self._names, self._language, self._reveal = e, names, language, reveal
        self._times = names.times(e.actor)
        fact = KINDS.get(e.kind)
        self._fields: Mapping[str, Field] = {} if fact is None else fact.fields()

    def office(self, actor: str) -> str:
        """Return the name of an office."""
        return self._language.named(self._names.office(actor, self._language.lang))

    def words(self, field: str, how: str) -> str | Unread | None:
        """Return the words of a value, or why it has none here."""
        if field == "who":
            return self.office(self._entry.actor)
        value = self._value(field)
        if value is None or isinstance(value, Unread) or field not in self._fields:
            return value if isinstance(value, Unread) else None
        return in_words(value, self._fields[field].form, self._language, self._names, self._times, how)

    def code(self, field: str) -> str:
        """Return the code of a value; `acting` is the role of who acts; empty where it is not stated or not opened."""
        if field == "acting":
            return self._entry.role if self._entry.whose is None else ""
        value = self._value(field)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else ""

    def _value(self, field: str) -> Any:
        e = self._entry
        if field in e.public:
            return e.public[field]
        value = e.sealed.get(field)
        return value if self._reveal or value is None or value is Unread.ERASED else Unread.WITHHELD
