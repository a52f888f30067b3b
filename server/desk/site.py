"""The frame of every page of the desk: its templates, texts, style and script, and its headers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup, escape
from msgspec import Struct
from starlette.responses import Response

from ledger.facts.words.kind_words import explanation, in_few_words, kinds_in_words
from ledger.facts.words.shared import PURPOSES
from ledger.law.terms.periods import PERIODS
from ledger.messages import LANGUAGES, Message, coded
from ledger.messages import made as made_message
from projections.render.desk_pages import style as desk_style
from projections.render.html import environment
from projections.render.translation import Translation, translation
from projections.sentences.catalogue import Text, in_language
from projections.sentences.local_time import LocalTimes
from server.access import Caller
from server.error_texts import error_texts

FOLDER: Final = Path(__file__).parent
HTML: Final = "text/html; charset=utf-8"
LANGUAGE: Final = "comity-lang"  # the cookie with the language that a person chose
# No inline script or style, nothing from elsewhere, no frame. Forms are sent to this server alone.
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; trusted-types desk check files live; require-trusted-types-for 'script'"
)
HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": CSP,
    "cross-origin-resource-policy": "same-origin",
    # the page keeps the window of the signing page, which has another origin
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "referrer-policy": "same-origin",  # with no-referrer a browser sends no Origin with a form
    "cache-control": "no-store",
}
_FILES: Final = {  # the files of pages, by their names below /desk/
    "style.css": "text/css; charset=utf-8",
    **dict.fromkeys(
        (
            *("script.js", "signing.js", "recording.js", "focus.js", "files.js", "keys.js", "order_files.js"),
            *("live.js", "kept_files.js", "keyboard.js", "bulk.js", "persons.js", "guest.js", "guests.js"),
            "intake.js",
        ),
        "text/javascript; charset=utf-8",
    ),
}


class Place(Struct, frozen=True):
    """One place of the navigation: its address, and the name of its text.

    `of` says to which callers a place of an order (its id) is shown; None: to each.
    """

    href: str
    text: str
    of: Callable[[Caller, str], bool] | None = None


class Frame(Struct, frozen=True):
    """The frame of a page: who reads it, in which language and time zone, and under which head of the log.

    `person` and `office` (its id) are empty without a session. `zone` is the name of the office's time zone.
    `signing` is the origin of the signing page, empty where the server has none. `guest` is True for a guest, who
    sees neither lists nor a search. `address` is that of the page, with its query, for the links to other languages.
    `unseen` is how many notices the person has not seen.
    """

    lang: str
    address: str
    places: tuple[Place, ...] = ()
    origin: str = ""
    test: bool = False
    person: str = ""
    office: str = ""
    office_name: str = ""
    roles: tuple[str, ...] = ()
    zone: str = ""
    size: int = 0
    now: datetime | None = None
    signing: str = ""
    guest: bool = False
    unseen: int = 0

    @property
    def text(self) -> Mapping[str, str]:
        """Return the texts of the frame's language by their names."""
        return texts(self.lang)

    @property
    def translation(self) -> Translation:
        """Return the translation of what reports say."""
        return translation(self.lang)

    def explain(self, text: str) -> Markup:
        """Return a message in the language of the page, or in English and marked so; a text of the desk as it is."""
        if self.lang == "en" or not text or not isinstance(text, Message):
            return escape(str(text))
        said = error_texts(self.lang).say(text)
        return escape(said) if said else Markup('<span lang="en">{}</span>').format(str(text))

    @property
    def times(self) -> LocalTimes:
        """Return the local time of the office."""
        return LocalTimes(self.zone)

    @staticmethod
    def moment_of(seconds: int) -> datetime:
        """Return a moment in seconds since 1970, in UTC, without its seconds."""
        return datetime.fromtimestamp(seconds - seconds % 60, UTC)

    def ending(self, end: datetime) -> str:
        """Return the end of a period at the office; empty where that is the time in UTC."""
        parts = self.times.ending_parts(end)
        if parts is None:
            return ""
        day, clock, place = parts
        return self.text["ends_at_place"].format(day, clock or self.text["end_of_day"], place)

    def in_language(self, lang: str) -> str:
        """Return the address of the page in another language."""
        path, _, query = self.address.partition("?")
        kept = [pair for pair in query.split("&") if pair and not pair.startswith("lang=")]
        return f"{path}?{'&'.join([*kept, f'lang={lang}'])}"


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Return the texts of the desk in a language of `LANGUAGES` by their names; each language has the same names."""
    return in_language(english_texts(), lang)


@cache
def english_texts() -> Mapping[str, Text]:
    """Return the texts of the desk in English by their names, each with a context where it needs one."""
    read: dict[str, Text] = {}
    for file in sorted((FOLDER / "texts").glob("*.json")):
        read |= json.loads(file.read_text(encoding="utf-8"))
    return read


def language_of(asked: str, chosen: str, accepted: str) -> str:
    """Return the language of a page: that asked for, else the chosen one, else the first accepted one, else English."""
    stated = [asked, chosen, *(each.partition(";")[0] for each in accepted.split(","))]
    short = (each.strip().lower().partition("-")[0] for each in stated)
    return next((each for each in short if each in LANGUAGES), "en")


def render(template: str, frame: Frame, title: str, here: str = "", **values: Any) -> str:
    """Return a page as HTML; `here` is the place of the navigation that it belongs to.

    A template extends `layout.html.j2`; `t` has the texts of its language.
    """
    return (
        _environment(frame.lang)
        .get_template(template)
        .render(frame=frame, t=frame.text, title=title, here=here, languages=LANGUAGES, texts=texts, file=file_address,
                **values)
    )  # fmt: skip


def page(template: str, frame: Frame, title: str, here: str = "", *, status: int = 200, **values: Any) -> Response:
    """Return a page as a response, with the headers of the desk; see `render`."""
    return Response(render(template, frame, title, here, **values), status, HEADERS, HTML)


@cache
def _environment(lang: str) -> Environment:
    """Return the templates of the desk with those, the filters and the globals of reports in a language."""
    reports = environment(lang)
    assert reports.loader is not None  # noqa: S101 - made with one
    made = reports.overlay(loader=ChoiceLoader([PackageLoader("server.desk", "templates"), reports.loader]))
    language, field_name = translation(lang), reports.filters["field_name"]
    made.filters = {
        **reports.filters,
        "label": lambda label: field_name(str(label)) if isinstance(label, Message) else label,
        "explanation": explanation,
        "made": made_message,
        "kind": lambda kind: _begun_large(language.words(in_few_words(kind))),
        "period": lambda code: _begun_large(language.words(PERIODS.get(code, code))),
        "kinds_in_words": kinds_in_words,
        "purpose": lambda code: language.words(coded(code, PURPOSES.words)),
    }
    return made


def _begun_large(words: str) -> str:
    return words[:1].upper() + words[1:]


# -- style and script --------------------------------------------------------------------------------------------------


@cache
def _file(name: str) -> bytes:
    own = (FOLDER / "static" / name).read_bytes()
    return desk_style().encode() + own if name == "style.css" else own


@cache
def file_address(name: str) -> str:
    """Return the address of a file of the desk, which changes with its content."""
    return f"/desk/{name}?v={sha256(_file(name)).hexdigest()[:12]}"


def file_response(name: str, version: str) -> Response | None:
    """Return a file of the desk by its name, None if there is none; it is kept for good under its own version."""
    if name not in _FILES:
        return None
    kept = "public, max-age=31536000, immutable" if file_address(name).endswith(f"?v={version}") else "no-cache"
    return Response(_file(name), 200, {**HEADERS, "cache-control": kept}, _FILES[name])
