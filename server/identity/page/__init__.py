"""The page on which a person signs in: HTML, script and style, each a file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ledger.messages import LANGUAGES
from server.identity.page.texts import texts

FOLDER: Final = Path(__file__).parent
# No inline script or style, nothing from elsewhere, no frame, no form that is sent, no text that becomes a script.
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)


def render(language: str, *, provider: bool, fault: str = "", hint: str = "", done: bool = False) -> str:
    """Return the page in a language of `LANGUAGES`. With `done` it leads to the page of a person who is signed in."""
    template, said = _environment().get_template("sign_in.html"), texts()
    return template.render(
        language=language, texts=said[language], languages=said, provider=provider, fault=fault, hint=hint, done=done
    )


def language_of(asked: str | None, accepted: str) -> str:
    """Return the language of a page: that asked for, else the first that a browser accepts, else English."""
    stated = [asked or "", *(each.partition(";")[0] for each in accepted.split(","))]
    short = (each.strip().lower().partition("-")[0] for each in stated)
    return next((each for each in short if each in LANGUAGES), "en")


@cache
def script() -> bytes:
    """Return the script of the page."""
    return (FOLDER / "sign_in.js").read_bytes()


@cache
def style() -> bytes:
    """Return the style of the page."""
    return (FOLDER / "sign_in.css").read_bytes()


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
