"""Words of the vocabulary as messages: the kinds of entries in few words, and what a kind or a field is."""

from __future__ import annotations

import re
from typing import Final

from ledger.facts import KINDS
from ledger.messages import Message, joined

_CODE: Final = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")  # of a kind, among the words of a rule


_ENDS: Final = re.compile(r"(?<=\.) ")  # of a sentence, before the next one


def explanation(says: str) -> Message:
    """Return what the vocabulary says of a kind or a field, each sentence of it a message."""
    return joined(" ", map(Message, _ENDS.split(says)))


def in_few_words(kind: str) -> str:
    """Return the kind of an entry in few words."""
    words = kind.replace("non-disclosure", "non\0disclosure").replace("out-of-scope", "out\0of\0scope")
    return Message(words.replace("-", " ").replace("\0", "-").replace("article8", "Article\u00a08"))


def kinds_in_words(rule: str) -> str:
    """Return the words of a rule with each kind in few words instead of its code."""
    return Message(_CODE.sub(lambda found: in_few_words(found[0]) if found[0] in KINDS else found[0], rule))
