"""Put errors and next steps into the language of a person: by their message, else by their code.

An error of this program is a `Message` (`ledger.messages`), which each language makes anew from the pattern of its
catalogue and from the values. A plain string is somebody's words, such as those of another server: it is said by its
code (`CODES`), and its English words are kept for the details.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from msgspec import Struct

from ledger.messages import LANGUAGES, Message
from projections.render.translation import Translation, translation
from server.error_texts.codes import CODES

_WORD: Final = re.compile(r"[^\W\d_]")


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
    """The errors in one language; in English they stay as they are."""

    def __init__(self, language: Translation) -> None:
        self._language = language
        self.codes: Mapping[str, str] = {} if language.lang == "en" else {c: language.say(w) for c, w in CODES.items()}

    def of(self, code: str, says: str, hint: str = "", otherwise: str = "") -> ErrorText:
        """Return an error in the language; `otherwise` is its sentence if neither message nor code has one.

        Without any of them the error stays English, as `english`.
        """
        if self._language.lang == "en" or not (says or hint):
            return ErrorText(says, hint)
        said, next_step = self.say(says), self.say(hint)
        left = [english for english, own in ((says, said), (hint, next_step)) if english and not own]
        return ErrorText(said or self.codes.get(code, otherwise), next_step, ". ".join(left))

    def say(self, text: str) -> str:
        """Return a message in the language; empty for a plain string, and where the catalogue lacks the message."""
        return self._language.words(text) if self._has(text) else ""

    def _has(self, text: str) -> bool:
        """Return True for a message of the catalogue, and for joined ones, without words between them."""
        if not isinstance(text, Message):
            return False
        if text.id in self._language.messages:
            return True
        parts = [value for value in text.values if isinstance(value, Message)]
        return bool(parts) and not _WORD.search(text.id) and all(map(self._has, parts))


@cache
def error_texts(lang: str) -> ErrorTexts:
    """Return the errors in a language of `LANGUAGES`."""
    return ErrorTexts(translation(lang))


def accepted_language(header: str) -> str:
    """Return the first language of `LANGUAGES` that the header Accept-Language has (RFC 9110, 12.5.4), else English."""
    short = (each.partition(";")[0].strip().lower().partition("-")[0] for each in header.split(","))
    return next((each for each in short if each in LANGUAGES), "en")
