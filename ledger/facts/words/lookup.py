"""Find the code that a typed text means: by the code, by its words or a part of them, or by an everyday word."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from unicodedata import normalize

from ledger.command_line import quoted
from ledger.facts.words import CODE_LISTS, CodeList
from ledger.messages import Message, either

_SMALL = frozenset(("a", "an", "and", "for", "from", "in", "is", "not", "of", "or", "the", "to", "which", "with"))


def list_of(codes: Collection[str]) -> CodeList | None:
    """Return the code list with exactly these codes; None if there is none."""
    return _lists().get(frozenset(codes))


@cache
def _lists() -> Mapping[frozenset[str], CodeList]:
    return {frozenset(each.words): each for each in CODE_LISTS.values()}


def hint_of(text: object, codes: Collection[str], *, listed: bool = False) -> str:
    """Return what a mistyped code may mean, and the command that explains all; empty if no list has these codes.

    `listed`: the message has all codes already.
    """
    found = list_of(codes)
    if found is None:
        return ""
    command = f"comity vocabulary {quoted(found.name)}"
    if isinstance(text, str) and (near := near_codes(text, found.words)):
        return Message("did you mean {0}? `{1}` explains them", _said(near, found.words), command)
    if listed:
        return Message("`{0}` explains them", command)
    return Message("there are {0}; `{1}` explains them", ", ".join(codes), command)


def code_of(text: str, words: Mapping[str, str]) -> str | None:
    """Return the one code that a text names: the code in any case, its words, a part of them, or an everyday word.

    The parts are divided by a semicolon or by `or`: `forensic examiner` names the code of `evidence custodian or
    forensic examiner`. None if no code or more than one has these words.
    """
    typed = _plain(text)
    named = (
        [code for code in words if code.casefold() == typed]
        or [code for code, says in words.items() if typed in map(_plain, (says, *re.split(r"; | or ", says)))]
        or _everyday(text, words)
    )
    return named[0] if len(named) == 1 else None


def _everyday(text: str, words: Mapping[str, str]) -> list[str]:
    """Return the codes that an everyday word may mean; empty where no list among these codes has such a word."""
    lists = (each for each in CODE_LISTS.values() if each.words.keys() <= words.keys())
    return [code for each in lists for code in each.everyday.get(_plain(text), ())]


def near_codes(text: str, words: Mapping[str, str], most: int = 3) -> list[str]:
    """Return the codes that a mistyped text may mean, the most probable first; at most `most`."""
    if meant := _everyday(text, words):
        return meant[:most]
    from difflib import get_close_matches  # its import takes 5 ms

    lower = {code.casefold(): code for code in words}
    typed = text.casefold().strip()
    found = [lower[near] for near in get_close_matches(typed, lower, n=1, cutoff=0.75)]
    found += [code for near, code in lower.items() if len(typed) > 2 and near.startswith(typed)]
    said = _words(text)
    count = {code: len(said & (_words(says) | _words(code))) for code, says in words.items()}
    found += [code for code in words if count[code] and count[code] == max(count.values())]
    return list(dict.fromkeys(found))[:most]


def did_you_mean(text: str, words: Mapping[str, str]) -> str:
    """Return the question "did you mean VAL (...)?"; empty without a probable code."""
    near = near_codes(text, words)
    return Message("did you mean {0}?", _said(near, words)) if near else ""


def _said(codes: Sequence[str], words: Mapping[str, str]) -> str:
    return either([Message("{0} ({1})", code, Message(words[code])) for code in codes])


def _plain(text: str) -> str:
    return " ".join(normalize("NFC", text).casefold().split())


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", text.casefold())) - _SMALL
