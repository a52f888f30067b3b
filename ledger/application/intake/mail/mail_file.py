"""Read a mail (.eml, .msg): headers, delivery reports, and the digests of the mail and of its attachments.

A header is what somebody wrote. Nothing of it is proven, unless `authentication` finds a signature that holds under a
key handed in. Nothing is taken from a header that a mail may have once (RFC 5322, 3.6) and has more often: programs
read different ones of them. No file of a mail is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Part
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from msgspec import Struct

from ledger.errors import LedgerError, RecordError
from ledger.messages import Message

LARGEST: Final = 1 << 25  # bytes
HEADERS: Final = 1_000
HEADER: Final = 1 << 16  # characters of one header
PARTS: Final = 500
DEEPEST: Final = 20
_UNREADABLE: Final = (
    RecursionError, LookupError, ValueError, MessageError, AssertionError, TypeError, AttributeError,
)  # fmt: skip
RFC822: Final = "message/rfc822"
READING: Final = ("content-type", "content-transfer-encoding", "content-disposition", "mime-version")  # of the body
ONCE: Final = ("from", "to", "cc", "subject", "date", "message-id", *READING)  # headers that are read here
# The lines of the headers in the form of RFC 5322, without its obsolete syntax. Programs divide other lines in
# different ways: this one at a CR without LF, the library that checks signatures does not, but it drops VT and FF.
_LINES: Final = re.compile(
    rb"(?:From [^\r\n\0\v\f]*+\r?\n)?(?:[!-9;-~]++:[^\r\n\0\v\f]*+(?:\r?\n|\Z)(?:[ \t][^\r\n\0\v\f]*+(?:\r?\n|\Z))*+)*+"
)
_END_OF_HEADERS: Final = re.compile(rb"\r?\n|\Z")
OUTLOOK: Final = "application/vnd.ms-outlook"


class MailFile(Struct, frozen=True):
    """A file that is attached to a mail: its name as it is stated, media type, size in bytes and SHA-256."""

    name: str
    media: str
    size: int
    sha256: str


class ReceivedStamp(Struct, frozen=True):
    """What a server wrote when it took the mail: the server by its name, and when."""

    by: str
    at: datetime | None


class DeliveryReport(Struct, frozen=True):
    """A report about the delivery of an earlier mail (RFC 3464, RFC 8098): what happened, to whom, when, which mail.

    `at` is None if the report itself states no moment.
    """

    action: str
    recipient: str
    at: datetime | None
    message_id: str
    reporter: str


class Mail(Struct, frozen=True):
    """A mail as its file states it. `headers` are all headers in their order, `received` the newest stamp first.

    `repeated` are the headers of `ONCE` that it has more than once, in small letters: nothing is taken from them.
    """

    media: str
    size: int
    sha256: str
    sender: str
    to: tuple[str, ...]
    subject: str
    message_id: str
    date: datetime | None
    received: tuple[ReceivedStamp, ...]
    files: tuple[MailFile, ...]
    reports: tuple[DeliveryReport, ...]
    headers: tuple[tuple[str, str], ...]
    raw: bytes = b""  # of an .eml, for its signatures
    repeated: tuple[str, ...] = ()


def wrong(name: str, says: str, hint: str = Message("save the mail as .eml or .msg")) -> RecordError:
    """Return the error of a file that is no mail that can be read here."""
    return RecordError("MAIL-FORM", says, where=name, hint=hint)


def read_mail(data: bytes, name: str) -> Mail:
    """Return the mail in a file; `RecordError` MAIL-FORM if it is none, or too large."""
    if len(data) > LARGEST:
        raise wrong(name, Message("{0} bytes are more than {1} MiB", len(data), LARGEST >> 20))
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _outlook(data, name)
    if not re.match(rb"(?:From [^\n]{1,998}\n)?[!-9;-~]{1,76}[ \t]*:", data):
        raise wrong(name, Message("it does not begin with headers, so it is no mail"))
    _check_lines(data, name)
    try:
        message = message_from_bytes(data, policy=policy.compat32)
        headers = _headers(message, name)
        parts = list(_parts(message, name))
        files = tuple(file for part in parts if (file := _file_of(part)) is not None)
        reports = tuple(_reports(message))
    except _UNREADABLE as bad:
        raise wrong(name, f"no mail that can be read: {str(bad)[:200]}") from None
    if not any(key in ("from", "date", "message-id", "received") for key, _ in headers):
        raise wrong(name, Message("it has neither From, Date, Message-ID nor Received, so it is no mail"))
    return _mail(RFC822, data, headers, files, reports, data)


def _mail(
    media: str,
    data: bytes,
    headers: tuple[tuple[str, str], ...],
    files: tuple[MailFile, ...],
    reports: tuple[DeliveryReport, ...],
    raw: bytes,
    *,
    sender: str = "",
    subject: str = "",
    date: datetime | None = None,
) -> Mail:
    count = Counter(key for key, _ in headers)
    repeated = tuple(key for key in ONCE if count[key] > 1)
    once = {key: "" if key in repeated else value for key, value in headers}
    to = getaddresses([once[key] for key in ("to", "cc") if key in once])
    readable = not any(key in READING for key in repeated)
    return Mail(
        media=media,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        sender=_in_words(once.get("from", sender)),
        to=tuple(filter(None, (_shown(address) for _, address in to)))[:100],
        subject=_in_words(once.get("subject", subject)),
        message_id=_shown(once.get("message-id", "")),
        date=None if "date" in repeated else moment_in(once.get("date", "")) or date,
        received=tuple(_stamp(value) for key, value in headers if key == "received"),
        files=files if readable else (),
        reports=reports if readable else (),
        headers=headers,
        raw=raw,
        repeated=repeated,
    )


def _check_lines(data: bytes, name: str) -> None:
    """Raise `RecordError` MAIL-FORM if a line of the headers is none that every reader divides in the same way."""
    lines = _LINES.match(data)
    end = lines.end() if lines else 0
    if not _END_OF_HEADERS.match(data, end):
        number = data.count(b"\n", 0, end) + 1
        says = Message(
            "line {0} of its headers has not the form of a header, and programs read it in different ways", number
        )
        raise wrong(name, says, Message("record the mail as a document, by its digest"))


def _headers(message: Part, name: str) -> tuple[tuple[str, str], ...]:
    headers = tuple((key.lower(), str(value)) for key, value in message.raw_items())
    if len(headers) > HEADERS or any(len(value) > HEADER for _, value in headers):
        raise wrong(name, Message("more than {0} headers, or one of more than {1} characters", HEADERS, HEADER))
    return headers


def _parts(message: Part, name: str) -> Iterator[Part]:
    """Yield the parts of a mail in their order, also those of attached mails, within bounds."""
    waiting: list[tuple[Part, int]] = [(message, 0)]
    met = 0
    while waiting:
        part, depth = waiting.pop()
        met += 1
        if met > PARTS or depth > DEEPEST:
            raise wrong(name, Message("more than {0} parts, or parts more than {1} deep in each other", PARTS, DEEPEST))
        yield part
        waiting += [(each, depth + 1) for each in reversed(_within(part))]


def _within(part: Part) -> list[Part]:
    """Return the parts of a multipart, or the messages in a message/*, in their order; none of any other part."""
    inner = part.get_payload()
    return inner if isinstance(inner, list) else []  # type: ignore[return-value]


def _file_of(part: Part) -> MailFile | None:
    name = part.get_filename()
    if part.is_multipart() or (name is None and part.get_content_disposition() != "attachment"):
        return None
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    return MailFile(_in_words(name or "")[:200], part.get_content_type(), len(data), hashlib.sha256(data).hexdigest())


def _reports(whole: Part) -> Iterator[DeliveryReport]:
    """Yield what a mail that is a report (RFC 6522) states of a delivery.

    A report in a mail that it returns or forwards is not its own: the sender of that mail wrote it.
    """
    if whole.get_content_type() == "multipart/report":
        for part in _within(whole):
            yield from _stated_in(part, whole)


def _stated_in(part: Part, whole: Part) -> Iterator[DeliveryReport]:
    kind = part.get_content_type()
    if kind not in ("message/delivery-status", "message/disposition-notification"):
        return
    groups = _within(part)  # the parser makes at least one of each message/*
    about = groups[0]
    original = _original(whole)
    for group in groups:
        if kind == "message/delivery-status":
            if group["Action"] is None:
                continue
            action, at = str(group["Action"]).strip().lower(), group["Last-Attempt-Date"] or about["Arrival-Date"]
        else:
            action = str(group["Disposition"] or "").rpartition(";")[2].partition("/")[0].strip().lower()
            at = None
        yield DeliveryReport(
            action=_shown(action)[:40],
            recipient=_shown(str(group["Final-Recipient"] or "").rpartition(";")[2])[:320],
            at=moment_in(str(at or "")),
            message_id=_shown(str(group["Original-Message-ID"] or original))[:998],
            reporter=_shown(str(about["Reporting-MTA"] or about["Reporting-UA"] or "").rpartition(";")[2])[:320],
        )


def _original(whole: Part) -> str:
    """Return the Message-ID of the mail that a report returns."""
    for part in _within(whole):
        if part.get_content_type() == RFC822:
            return str(_within(part)[0]["Message-ID"] or "")
        if part.get_content_type() == "text/rfc822-headers":
            returned = str(part.get_payload())[:HEADER].encode("utf-8", "replace")
            return str(message_from_bytes(returned, policy=policy.compat32)["Message-ID"] or "")
    return ""


def _stamp(text: str) -> ReceivedStamp:
    """Return server and moment of a Received header: the word after `by`, and what follows the last semicolon."""
    words, _, at = text.rpartition(";")
    found = re.search(r"\bby\s+([A-Za-z0-9.-]{1,255})", without_comments(words))
    return ReceivedStamp(found[1].lower() if found else "", moment_in(at))


def without_comments(text: str) -> str:
    """Return a header without what is in parentheses, also nested ones."""
    depth, kept = 0, []
    for character in text:
        if character == "(":
            depth += 1
        elif character == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(character)
    return "".join(kept)


def moment_in(text: str) -> datetime | None:
    """Return the moment of a header in UTC, None if it is none, or has no offset (-0000 counts as UTC, RFC 5322)."""
    stated = " ".join(without_comments(text).split())
    try:
        at = parsedate_to_datetime(stated)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None and stated.endswith("-0000") else at
        return at.astimezone(UTC).replace(microsecond=0) if at.tzinfo is not None and at.year >= 1970 else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _in_words(text: str) -> str:
    """Return a header as a person reads it, with its encoded words decoded."""
    with contextlib.suppress(ValueError, LookupError, MessageError, AssertionError):
        text = str(make_header(decode_header(text[:HEADER])))
    return _shown(text)


def _shown(text: str) -> str:
    """Return a text on one line, without characters that hide or turn others, and without undecoded bytes."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


# -- Outlook -----------------------------------------------------------------------------------------------------------


def _outlook(data: bytes, name: str) -> Mail:
    """Return the mail in an .msg: its transport headers as Outlook kept them, and its attachments."""
    try:
        from oxmsg import Message as OutlookMessage
    except ModuleNotFoundError as absent:
        raise LedgerError("NO-MAIL", f"reading .msg needs {absent.name}", "pip install 'comity[mail]'") from None
    try:
        message = OutlookMessage.load(data)
        sender, subject, sent = message.sender or "", message.subject or "", message.sent_date
        kept = message._message_headers
        headers = _headers(kept, name)
        files = tuple(_outlook_file(each.file_name, each.mime_type, each.file_bytes) for each in message.attachments)
    except RecordError:
        raise
    except Exception as error:  # the library promises no errors
        raise wrong(name, f"no .msg that can be read: {type(error).__name__}: {str(error)[:200]}") from None
    date = sent.astimezone(UTC).replace(microsecond=0) if sent is not None else None
    return _mail(OUTLOOK, data, headers, files[:PARTS], (), b"", sender=sender, subject=subject, date=date)


def _outlook_file(name: str | None, media: str | None, content: bytes | None) -> MailFile:
    data = content or b""
    return MailFile(_in_words(name or "")[:200], media or "", len(data), hashlib.sha256(data).hexdigest())


def header_name(name: str) -> str:
    """Return the name of a header as people write it, such as Message-ID."""
    return "-".join({"id": "ID", "mime": "MIME"}.get(word, word.capitalize()) for word in name.split("-"))


def report_of(mail: Mail, actions: Sequence[str]) -> DeliveryReport | None:
    """Return the first report of a mail with one of these actions."""
    return next((report for report in mail.reports if report.action in actions), None)
