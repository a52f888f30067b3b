"""What the sentences of the verifier page are made of: patterns of the kinds, short texts, names of States, dates.

The page makes of them what `projections.sentences` makes of the catalogues. Its tests compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from babel import Locale
from babel.dates import get_date_format, get_month_names

from browser.vocabulary import tables
from browser.words import field_labels
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.facts.words import words_of
from ledger.facts.words.data import ELEMENT_WORDS, INSTRUMENT_WORDS
from ledger.facts.words.shared import PURPOSES
from ledger.formats.confusables_table import ALIKE, ASCII
from ledger.formats.misleading_names import reserved_shapes
from ledger.law.judge import FINDING_RULES
from ledger.law.terms.periods import PERIODS
from ledger.messages import LANGUAGES, MONTHS, Message, numbered
from projections.sentences.catalogue import catalogue
from projections.sentences.field_words import REGIMES
from projections.sentences.kinds import PATTERNS
from projections.sentences.pattern import fields, parsed
from projections.sentences.quotation import QUOTED
from projections.sentences.sentence import NO_EFFECT, SAW, TOOK_OVER, UNKNOWN, says
from projections.sentences.values import FIRST_OF_MONTH, UNITS, Language, role_words

TEXTS: Final[Mapping[str, str]] = {
    "quoted": QUOTED,
    "and": " and ",
    "more": "{0} more",
    "byte": "{0} byte",
    "bytes": "{0} bytes",
    "entry": "entry {0}",
    "period": "{0} ({1})",
    "moment": "{0} at {1} UTC",
    "moment-local": "{0} at {1} UTC ({2} in {3})",
    "moment-other-day": "{0} at {1} UTC ({2} on {3} in {4})",
    "unknown": UNKNOWN,
    "saw": SAW,
    "took-over": TOOK_OVER,
    "no-effect": NO_EFFECT,
    "yes": "yes",
    "no": "no",
}


def phrases() -> dict[str, Any]:
    """Return the phrases by language (`en`, `de`, `fr`), each in English where the language has none.

    `patterns` by kind, missing where the language has none; `says` by kind, for sentences whose values have no words;
    `fields` and `roles` by name; `codes` by the number of a form in the vocabulary and the code; `periods`,
    `instruments`, `purposes`, `regimes` and `states` by code; `findings` by the code of a rule; `texts` by name;
    `units` of time, each for one and for several; `months`; `date`, a pattern of `d`, `MMMM` and `y`; `first`, the
    number of the first day; `point`.
    """
    return {lang: _phrases(Language(lang, catalogue(lang))) for lang in LANGUAGES}


def reserved() -> dict[str, Any]:
    """Return what makes a name misleading (`ledger.formats.misleading_names`).

    `shapes` of words of this program; `letters` that look like ASCII, by the ASCII; `looks`, ASCII that looks alike.
    """
    return {
        "shapes": sorted(reserved_shapes()),
        "letters": {made: "".join(those) for made, those in ALIKE.items()},
        "looks": ASCII,
    }


def _phrases(language: Language) -> dict[str, Any]:
    locale = Locale.parse(language.lang)
    word = language.word
    known = language.messages or dict.fromkeys(PATTERNS.values())
    kept = {kind: pattern for kind, pattern in PATTERNS.items() if pattern in known}
    lists = {n: each for n, form in enumerate(tables()["forms"]) if (each := _list_of(form))}
    return {
        "patterns": {kind: word(pattern) for kind, pattern in kept.items()},
        "says": {kind: word(says(kind)) for kind, pattern in kept.items() if _may_fail(word(pattern))},
        "fields": {name: word(label) for name, label in field_labels().items()},
        "roles": {role: role_words(role, language) for role in ROLES},
        "codes": {n: {code: word(words) for code, words in each.items()} for n, each in lists.items()},
        "texts": {name: word(text) for name, text in TEXTS.items()},
        "units": {unit: [word(f"{{0}} {name}"), word(f"{{0}} {name}s")] for unit, name in UNITS.items()},
        "periods": {code: word(words) for code, words in PERIODS.items()},
        "instruments": {code: word(INSTRUMENT_WORDS.get(code) or words) for code, words in INSTRUMENTS.items()},
        "purposes": {code: word(words) for code, words in PURPOSES.words.items()},
        "regimes": {code: word(words) for code, words in REGIMES.items()},
        "findings": {rule.code: _rule(rule.says, language) for rule in FINDING_RULES},
        "states": {code: str(name) for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()},
        "months": list(get_month_names("wide", locale=locale).values()) if language.messages else list(MONTHS),
        "date": str(get_date_format("long", locale).pattern) if language.messages else "d MMMM y",
        "first": FIRST_OF_MONTH.get(language.lang, "1"),
        "point": language.point,
    }


def _list_of(form: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the words of the codes that a sentence looks up by the form of a value; empty for another form."""
    return ELEMENT_WORDS if form.get("type") == "element" else words_of(tuple(form.get("known", ())))


def _may_fail(pattern: str) -> bool:
    """Return True for a pattern without a sentence where a value of the entry has no words."""
    return any(field != "who" for field in fields(parsed(pattern), needed=True))


def _rule(rule: str, language: Language) -> str:
    """Return the sentence of a rule, an ellipsis where an order has a value."""
    words = language.of(rule) if isinstance(rule, Message) else language.word(numbered(rule))
    return re.sub(r"\{[0-9]\}", "…", words)
