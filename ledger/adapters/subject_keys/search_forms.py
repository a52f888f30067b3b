"""Reduce identifiers of a person to forms that are equal for different spellings.

Forms: `value` (NFKC, case folded, single spaces, an international domain in Unicode), `phone` (digits of a number with
its country code), `ending` (the last eight digits, also of a number without country code), `name` (two neighbouring
words of a name, sorted). A form is never stored in clear, only under a keyed hash (`value_index.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ledger.adapters.subject_keys.value_index import SearchForm

_SCHEMES = ("mailto:", "tel:", "acct:", "sip:", "xmpp:")
_BETWEEN = re.compile(r"[\s<>()\[\],;:\"']+")
_LONGEST_EMAIL = 254  # characters; RFC 5321 with its erratum 1690
_NUMBER = r"(?:\+|00|\(?0)[\d\s()./\-]{5,25}\d"
_PHONE = re.compile(rf"(?<![\w+]){_NUMBER}(?!\w)")
_PHONE_WHOLE = re.compile(rf"\({_NUMBER}|{_NUMBER}|\(?\d[\d\s()/\-]{{5,25}}\d")  # whole, also without any prefix
_SAME = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-") | dict.fromkeys("\u2018\u2019\u02bc", "'")
)
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_DIGITS = range(7, 16)  # of a telephone number; ITU-T E.164 allows at most 15
_ENDING = 8


def forms_of(value: str) -> set[SearchForm]:
    """Return the forms of a field that is an identifier as a whole, and those of the identifiers within it."""
    text = _plain(value)
    return (
        {SearchForm("value", text), *_numbers(text), *_names(text, capitals=False), *forms_in(value)} if text else set()
    )


def forms_in(text: str) -> set[SearchForm]:
    """Return the forms of the e-mail addresses, telephone numbers and names (two capital words) within a text."""
    text = text.translate(_SAME)
    forms = {SearchForm("value", _plain(found)) for found in _addresses(text)}
    for number in _PHONE.findall(text):
        forms |= _numbers(_plain(number))
    return forms | _names(unicodedata.normalize("NFKC", text), capitals=True)


def asked_forms(value: str) -> list[frozenset[SearchForm]]:
    """Return the forms by which a value is found, the surest first: a person matches if all forms of a set match."""
    text = _plain(value)
    found = [frozenset((SearchForm("value", text),))] if text else []
    found += [frozenset((form,)) for form in sorted(_numbers(text), key=lambda form: form.how, reverse=True)]
    if names := _names(text, capitals=False):
        found.append(frozenset(names))
    return found


def _addresses(text: str) -> Iterator[str]:
    for word in _BETWEEN.split(text) if "@" in text else ():
        address = word.strip(".!?")
        before, _, domain = address.partition("@")
        if before and "." in domain and "@" not in domain and len(address) <= _LONGEST_EMAIL:
            yield address


def _plain(value: str) -> str:
    """Return a value in NFKC, case folded, without invisible characters, with one dash, apostrophe and space."""
    visible = "".join(
        c for c in unicodedata.normalize("NFKC", value).translate(_SAME) if unicodedata.category(c) != "Cf"
    )
    text = unicodedata.normalize("NFKC", " ".join(visible.split()).casefold())
    text = next((text.removeprefix(scheme) for scheme in _SCHEMES if text.startswith(scheme)), text)
    return ".".join(map(_domain_label, text.split("."))) if "xn--" in text else text


def _domain_label(label: str) -> str:
    before, at, after = label.rpartition("@")
    try:
        return before + at + (after.encode("ascii").decode("idna") if after.startswith("xn--") else after)
    except UnicodeError:
        return label


def _numbers(text: str) -> set[SearchForm]:
    if not _PHONE_WHOLE.fullmatch(text):
        return set()
    international = text.startswith(("+", "(+", "00"))
    digits = "".join(c for c in text.replace("(0)", "") if c.isdecimal()).removeprefix("00")
    digits = "".join(str(unicodedata.decimal(c)) for c in digits)
    if len(digits) not in _DIGITS:
        return set()
    ending = {SearchForm("ending", digits[-_ENDING:])} if len(digits) >= _ENDING else set()
    return ending | ({SearchForm("phone", digits)} if international else set())


def _names(text: str, *, capitals: bool) -> set[SearchForm]:
    """Return neighbouring words as pairs; with `capitals`, only words that begin with a capital letter."""
    if not capitals and ("@" in text or any(c.isdecimal() for c in text)):
        return set()
    return {SearchForm("name", " ".join(sorted(pair))) for pair in _pairs(text, capitals)}


def _pairs(text: str, capitals: bool) -> Iterator[tuple[str, str]]:
    last: re.Match[str] | None = None
    for word in _WORD.finditer(text):
        if capitals and not word[0][0].isupper():
            last = None
            continue
        if last is not None and text[last.end() : word.start()].strip(" ,\t") == "":
            yield last[0].casefold(), word[0].casefold()
        last = word
