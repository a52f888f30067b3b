"""The wording of the acts: for a citation the few words it rests on, and each article of an act with its title.

A quotation belongs to a provision, not to a rule: every rule that cites the provision has it. A rule on a provision
without quotation is printed without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ledger.law.wording import data_protection, united_nations
from ledger.law.wording.article import ActText, Article
from ledger.law.wording.budapest import CONVENTION
from ledger.law.wording.e_evidence import REGULATION
from ledger.law.wording.e_evidence_system import IMPLEMENTING
from ledger.law.wording.periods import PERIODS
from ledger.law.wording.second_protocol import PROTOCOL
from ledger.law.wording.united_kingdom import OVERSEAS
from ledger.law.wording.united_states import EVIDENCE, STORED_COMMUNICATIONS

__all__ = ["TEXTS", "ActText", "Article", "article_of", "quotations"]

TEXTS: dict[str, ActText] = {
    text.code: text
    for text in (
        *(PROTOCOL, CONVENTION, REGULATION, IMPLEMENTING, PERIODS),
        *(data_protection.DIRECTIVE, data_protection.REGULATION),
        *(STORED_COMMUNICATIONS, EVIDENCE, OVERSEAS, united_nations.CONVENTION),
    )
}
_WORDS = {
    f"{text.code}:{provision}": words
    for text in TEXTS.values()
    for article in text.articles
    for provision, words in article.words.items()
}
_WHOLE = {  # a citation of a whole article of which one provision is quoted has its words
    f"{text.code}:{article.number}": tuple(words for all_ in article.words.values() for words in all_)
    for text in TEXTS.values()
    for article in text.articles
    if len(article.words) == 1
}
_RANGE = re.compile(r"(.*)\((\d+)\)-\((\d+)\)")
_NUMBER = re.compile(r"Annex ?[IVX]+|\d+[a-z]?")


def quotations(cite: str) -> tuple[tuple[str, str], ...]:
    """Return the quoted words behind a citation such as "EPOC:10(2)", as pairs of provision and words.

    A provision without quoted words has those of the provision that contains it.
    """
    found: dict[str, str] = {}
    for one in _each(cite):
        whole = _WHOLE.get(one, ())
        while one and one not in _WORDS and not whole:
            one = one[: max(one.rfind("("), 0)]
        for words in whole or _WORDS.get(one, ()):
            found.setdefault(words, one)
    return tuple((provision, words) for words, provision in found.items())


def article_of(cite: str) -> str:
    """Return the number of the article that a citation names ("10" of "EPOC:10(2)"); empty where it names none."""
    match = _NUMBER.match(cite.partition(":")[2])
    return match[0].replace("Annex", "Annex ").replace("  ", " ") if match else ""


def _each(cite: str) -> Iterator[str]:
    """Yield each paragraph of a range: "EPOC:4(1)-(3)" has three."""
    match = _RANGE.fullmatch(cite)
    if match is None:
        yield cite
        return
    for number in range(int(match[2]), int(match[3]) + 1):
        yield f"{match[1]}({number})"
