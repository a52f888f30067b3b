"""Put errors and next steps into the language of a person: by their sentence where it is known, else by their code.

A catalogue is a JSON file of a language. `codes` has a sentence for each released code that a page can show, `messages`
one for each known English sentence, in which a value is a place with a name: `{office} is not registered`. A sentence
that no message fits is said by its code, and the English one is kept with it for its details.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from projections.drawings.timeline import kinds_in_words
from projections.render.translation import translation

FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "de", "fr")
PLACE: Final = re.compile(r"\{(\w+)\}")
OURS: Final = ("form", "at", "date", "on", "signed", "stated", "step")  # places with words of reports, or a moment
SEVERAL: Final = ("lacks", "faults")  # places with messages between semicolons
MAYBE_OURS: Final = (
    "at",
    "date",
    "sender",
    "to",
    "row",
    "supply",
    "start",
    "form",
)  # places in which another message may be


class ErrorText(Struct, frozen=True):
    """An error in a language: what is wrong and what to do, and in English what they leave out; empty for nothing."""

    says: str
    hint: str = ""
    english: str = ""

    @property
    def whole(self) -> str:
        """Return what is wrong and what to do as one text in the language of the person."""
        joint = " " if self.says.endswith((".", "!", "?")) else ". "
        return joint.join(filter(None, (self.says, self.hint)))


class ErrorTexts:
    """The errors in one language; without a catalogue, in English, they stay as they are."""

    def __init__(self, lang: str, codes: Mapping[str, str], messages: Mapping[str, str]) -> None:
        self.lang = lang
        self.codes = codes
        self.messages = messages
        placed = (m for m in messages if PLACE.search(m))
        longest_first = sorted(placed, key=lambda m: len(PLACE.sub("", m)), reverse=True)
        self._placed = [(pattern_of(m), messages[m]) for m in longest_first]

    def of(self, code: str, says: str, hint: str = "", otherwise: str = "") -> ErrorText:
        """Return an error in the language; `otherwise` is its sentence if neither message nor code has one.

        Without any of them the error stays English, as `english`.
        """
        if self.lang == "en" or not (says or hint):
            return ErrorText(says, hint)
        said, next_step = self.say(says), self.say(hint)
        left = [english for english, own in ((says, said), (hint, next_step)) if english and not own]
        return ErrorText(said or self.codes.get(code, otherwise), next_step, ". ".join(left))

    def say(self, text: str) -> str:
        """Return an English sentence in the language; empty if no message fits."""
        if not text or text in self.messages:
            return self.messages.get(text, "")
        for pattern, message in self._placed:
            if match := pattern.fullmatch(text):
                values = {name: self._value(name, value) for name, value in match.groupdict().items()}
                return PLACE.sub(lambda place, v=values: v[place[1]], message)  # type: ignore[misc]
        return ""

    def form(self, expected: str) -> str:
        """Return the words for the form of a value in the language."""
        return self.say(expected) or translation(self.lang).say(expected)

    def _value(self, name: str, value: str) -> str:
        """Return the value of a place; where words of ours may be there, in the language."""
        if name in SEVERAL:
            return "; ".join(self.say(each) or each for each in value.split("; "))
        if name == "contents":
            return ", ".join(map(translation(self.lang).say, value.split(", ")))
        if name == "acts":
            return translation(self.lang).say(kinds_in_words(value))
        if name in MAYBE_OURS and (said := self.say(value)):
            return said
        if name == "supply":  # codes
            return value.replace(" or ", translation(self.lang).messages[" or "])
        return translation(self.lang).say(value) if name in OURS else value


def pattern_of(message: str) -> re.Pattern[str]:
    """Return the regular expression of a message whose places are filled; the name of a place is that of its group.

    A place ends where the text after it comes first, for good (an atomic group): the time grows with the length of what
    is matched, whatever a value repeats.
    """
    first, *rest = PLACE.split(message)
    pattern = re.escape(first)
    seen: set[str] = set()
    for n in range(0, len(rest), 2):
        name, after = rest[n], re.escape(rest[n + 1])
        place = f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        seen.add(name)
        pattern += f"(?>{place}{after})" if n + 2 < len(rest) else f"{place.replace('+?', '+')}{after}"
    return re.compile(pattern, re.DOTALL)


@cache
def error_texts(lang: str) -> ErrorTexts:
    """Return the errors in a language of `LANGUAGES`; each other language than English has the same codes."""
    if lang == "en":
        return ErrorTexts(lang, {}, {})
    read: dict[str, Any] = json.loads((FOLDER / f"{lang}.json").read_text(encoding="utf-8"))
    return ErrorTexts(lang, read["codes"], read["messages"])


def accepted_language(header: str) -> str:
    """Return the first language of `LANGUAGES` that the header Accept-Language has (RFC 9110, 12.5.4), else English."""
    short = (each.partition(";")[0].strip().lower().partition("-")[0] for each in header.split(","))
    return next((each for each in short if each in LANGUAGES), "en")
