"""Read a scanned letter as evidence of an act: its digest, its media type, and the day that its name states."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Mapping
from datetime import UTC, datetime, time
from datetime import date as day_of
from hashlib import sha256
from typing import Any, Final

from ledger.application.intake.mail.mail_fact import document_field
from ledger.entries.case import wire
from ledger.errors import RecordError
from ledger.formats.time_zones import zone as time_zone
from ledger.messages import Message

# What a letter shows that needs no more than the letter and its day; all else is stated in the form of its kind.
KINDS_OF_LETTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "order-received": {},
    "notification-received": {},
    "customer-notified": {"channel": "letter"},
    "access-requested": {},
    "rectification-requested": {},
    "erasure-requested": {},
}

# First bytes -> media type, for usual scans and attachments (PRONOM; RFC 9110 8.3.1 leaves the type to the reader).
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"AT&TFORM", "image/vnd.djvu"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def letter_cells(data: bytes, name: str, order: str, kind: str, *, day: str, zone: str, whose: str) -> dict[str, Any]:
    """Return the cells of the row of a letter: what it shows, when, and its digest; of a day it is noon, an estimate.

    `day` is an ISO date; without one the name of the file begins with it. `zone` is that of the day, empty for UTC.
    `whose` is the office whose act it shows, empty for the own one. `RecordError` API-REQUEST, FORM-DATE.
    """
    if kind not in KINDS_OF_LETTERS:
        says = Message("{0} is not taken from a letter alone", kind or "no kind")
        raise RecordError("API-REQUEST", says, where="kind", hint=Message("state it in the form of its kind"))
    text = day or next(iter(re.findall(r"^\d{4}-\d\d-\d\d(?!\d)", name)), "")
    try:
        local = datetime.combine(day_of.fromisoformat(text), time(12), time_zone(zone) if zone else UTC)
        noon = wire(local.astimezone(UTC))
    except (ValueError, OverflowError):
        says = Message("nothing says on which day it happened")
        raise RecordError(
            "FORM-DATE", says, where=name, hint=Message("state the day, or begin the name with it")
        ) from None
    digest = sha256(data).hexdigest()
    place = document_field(kind)
    return {
        "order": order,
        "kind": kind,
        "occurred": noon,
        "on_source": "estimate",
        **({"actor": whose} if whose else {}),
        **KINDS_OF_LETTERS[kind],
        place: {"code": place.replace("_", "-"), "media": media_of(data[:4096]), "size": len(data), "sha256": digest},
    }


def media_of(begin: bytes) -> str:
    """Return the media type of a file by its first four kilobytes; its name is not used."""
    for magic, media in _MAGIC:
        if begin.startswith(magic):
            return media
    match begin[:4], begin[4:12], begin[8:12]:
        case b"RIFF", _, b"WEBP":
            return "image/webp"
        case _, b"ftypheic" | b"ftypheix" | b"ftypmif1", _:
            return "image/heic"
        case b"PK\x03\x04", _, _:
            if begin[30:38] == b"mimetype":
                return begin[38 : 38 + int.from_bytes(begin[18:22], "little")].decode("ascii", "replace")
            return _WORD if b"word/" in begin else "application/zip"
    decoder = getincrementaldecoder("utf-8")()
    try:  # of a longer file the last character may be cut
        plain = begin and "\0" not in decoder.decode(begin, final=len(begin) < 4096)
    except UnicodeDecodeError:
        plain = False
    if plain and re.match(rb"(?i)(from|received|return-path|date|message-id|mime-version|delivered-to): ", begin):
        return "message/rfc822"
    return "text/plain" if plain else "application/octet-stream"
