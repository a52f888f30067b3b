"""The fact that a mail is evidence of, as the row of a table: kind, time, document; and what of it is not proven."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from ledger.application.intake.mail.authentication import KeyWord, ServerWord
from ledger.application.intake.mail.mail_file import Mail, report_of
from ledger.errors import RecordError
from ledger.facts import kind_of

RECEIVED: Final = "order-received"
SENT: Final = "order-transmitted"
ARRIVED: Final = ("delivered", "displayed")  # actions of a report that show an arrival
LOST: Final = ("failed", "expired", "deleted")  # and that show that there was none


class MailFact(Struct, frozen=True):
    """What a mail is taken for: kind, moment, what that rests on (empty: the default), and the kind of its proof."""

    kind: str
    at: datetime
    on_source: str
    proof_kind: str


def fact_of(
    mail: Mail, name: str, kind: str = "", server: ServerWord | None = None, at: datetime | None = None
) -> MailFact:
    """Return the fact of a mail; `RecordError` MAIL-FACT if it proves none, or does not say when.

    A report that an earlier mail was delivered is a receipt of the order. Of any other mail the person states the kind.
    The time is that of the report, else of the stamp of the named server, else of the header Date, which is a claim.
    """
    lost, arrived = report_of(mail, LOST), report_of(mail, ARRIVED)
    if lost is not None and arrived is None and kind in ("", RECEIVED):
        raise _none(name, f"it reports that the mail to {lost.recipient} was not delivered ({lost.action})")
    proof = ""
    if arrived is not None and kind in ("", RECEIVED):
        kind, proof = RECEIVED, "delivery-receipt"
        at = at or arrived.at
    if not kind:
        raise _none(name, "it does not say what it shows", f"state the kind, as {SENT} or {RECEIVED}")
    stamped = server.taken if server is not None else None
    moment = at or stamped or mail.date
    if moment is None:
        raise _none(name, "it does not say when: no stamp of the named server, and no Date with an offset")
    source = "receipt-stamp" if proof or moment == stamped else ""
    return MailFact(kind, moment, source, proof)


def _none(name: str, says: str, hint: str = "") -> RecordError:
    return RecordError("MAIL-FACT", says, where=name, hint=hint)


def document_field(kind: str) -> str:
    """Return the field of a kind that takes the mail as a document; `RecordError` MAIL-FACT without one."""
    fields = [field.name for field in kind_of(kind).fields().values() if field.type == "document"]
    if not fields:
        raise RecordError("MAIL-FACT", f"{kind} rests on no document", where=kind)
    return fields[0]


def cells_of(mail: Mail, fact: MailFact, order: str) -> dict[str, Any]:
    """Return the cells of the row: order, kind, time, the mail by its digest, and an id that the mail always gives."""
    document = {"code": "mail", "media": mail.media, "size": mail.size, "sha256": mail.sha256}
    row: dict[str, Any] = {
        "order": order,
        "kind": fact.kind,
        "occurred": f"{fact.at:%Y-%m-%dT%H:%M:%SZ}",
        document_field(fact.kind): document,
        "id": hashlib.sha256(f"mail/{fact.kind}/{order}/{mail.sha256}".encode()).hexdigest()[:32],
    }
    if fact.on_source:
        row["on_source"] = fact.on_source
    if fact.proof_kind:
        row["proof_kind"] = fact.proof_kind
    return row


def orders_named(mail: Mail, references: Iterable[str]) -> list[str]:
    """Return the references that the subject of a mail, or the name of a file in it, quotes as whole words."""
    texts = [mail.subject, *(file.name for file in mail.files)]
    found = []
    for reference in references:
        quoted = re.compile(rf"(?<![\w/.-]){re.escape(reference)}(?![\w/-]|\.\w*\d)", re.I)
        if any(quoted.search(text) for text in texts):
            found.append(reference)
    return found


def sentences(mail: Mail, server: ServerWord | None, key: KeyWord | None) -> Iterator[str]:
    """Yield what a mail claims, and what of it is more than a claim."""
    date = f"{mail.date:%Y-%m-%dT%H:%M:%SZ}" if mail.date else "no moment"
    yield f"its headers claim: from {mail.sender or 'no sender'}, to {', '.join(mail.to) or 'no one'}, Date {date}"
    yield f"subject {mail.subject!r}, Message-ID {mail.message_id or 'none'}; SHA-256 {mail.sha256}"
    for file in mail.files:
        yield f"file {file.name or 'without a name'}, {file.size} bytes, SHA-256 {file.sha256}"
    for report in mail.reports:
        at = f"{report.at:%Y-%m-%dT%H:%M:%SZ}" if report.at else "an unknown moment"
        about = report.message_id or "unnamed"
        yield f"it reports: {report.action} to {report.recipient or 'no one'} at {at}, mail {about}"
    yield from _of_server(server)
    if key is not None and key.holds:
        over = ", ".join(key.headers)
        yield f"a DKIM signature of {key.domain} holds under the key handed in, over {over} and the text"
    elif key is not None:
        yield f"not shown by DKIM: {key.why}"
    if (server is None or server.taken is None) and (key is None or not key.holds):
        yield "nothing in it is proven: a header is what somebody wrote"


def _of_server(server: ServerWord | None) -> Iterator[str]:
    if server is None:
        return
    if server.taken is not None:
        yield f"{server.server} states that it took the mail at {server.taken:%Y-%m-%dT%H:%M:%SZ}"
    else:
        yield f"the newest stamp is not of {server.server}"
    if server.results:
        yield f"{server.server} states: " + ", ".join(f"{m}={r}{f' ({d})' if d else ''}" for m, r, d in server.results)
    if server.note:
        yield server.note


def attached_in(mail: Mail, digests: Sequence[str]) -> list[str]:
    """Return the names of the files of a mail whose SHA-256 is among these digests."""
    return [file.name for file in mail.files if file.sha256 in digests]
