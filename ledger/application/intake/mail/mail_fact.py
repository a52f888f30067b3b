"""The fact that a mail is evidence of, as the row of a table: kind, time, document; and what of it is not proven."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from ledger.application.intake.mail.authentication import KeyWord, ServerWord, signs_for_sender
from ledger.application.intake.mail.mail_file import DeliveryReport, Mail, header_name, report_of
from ledger.errors import RecordError
from ledger.facts import kind_of
from ledger.messages import Message, Moment

RECEIVED: Final = "order-received"
SENT: Final = "order-transmitted"
ARRIVED: Final = ("delivered", "displayed")  # actions of a report that show an arrival
SHOWN: Final = ("from", "to", "cc", "subject", "date", "message-id")  # headers of which `sentences` speak
LOST: Final = ("failed", "expired", "deleted")  # and that show that there was none


_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")  # of a document


class MailFact(Struct, frozen=True):
    """What a mail is taken for: kind, moment, what that rests on (empty: the default), and the kind of its proof.

    `source` is whose word the moment is: "stamp" of the server `by`, "signature" of the domain `by`, "report" or "date"
    of an unknown writer, empty where the person states it.
    """

    kind: str
    at: datetime
    on_source: str
    proof_kind: str
    source: str = ""
    by: str = ""


def fact_of(
    mail: Mail,
    name: str,
    kind: str = "",
    server: ServerWord | None = None,
    at: datetime | None = None,
    key: KeyWord | None = None,
) -> MailFact:
    """Return the fact of a mail; `RecordError` MAIL-FACT if it proves none, or does not say when.

    A report that an earlier mail was delivered is of the kind of a receipt. Of other mails the person states the kind.
    A report is a receipt at its own moment if the domain of its From signs it, and at the moment of the stamp if the
    named server stamped it. Without both it is a claim, as the header Date is.
    """
    lost, arrived = report_of(mail, LOST), report_of(mail, ARRIVED)
    if lost is not None and arrived is None and kind in ("", RECEIVED):
        raise _none(
            name, Message("it reports that the mail to {0} was not delivered ({1})", lost.recipient, lost.action)
        )
    reported = arrived if kind in ("", RECEIVED) else None
    kind = kind or (RECEIVED if reported is not None else "")
    if not kind:
        raise _none(
            name, Message("it does not say what it shows"), Message("state the kind, as {0} or {1}", SENT, RECEIVED)
        )
    signed = key if reported is not None and key is not None and signs_for_sender(mail, key) else None
    words = (
        ("signature", signed.domain if signed else "", _signed_moment(mail, reported, signed)),
        ("stamp", server.server if server else "", server.taken if server else None),
        ("report", "", reported.at if reported else None),
        ("date", "", mail.date),
    )
    stated = [(source, by, moment) for source, by, moment in words if moment is not None]
    if at is not None:
        stated = [*(each for each in stated if each[1] and each[2] == at), ("", "", at)]
    if not stated:
        raise _none(name, Message("it does not say when: no stamp of the named server, and no Date with an offset"))
    source, by, moment = stated[0]
    proof = "delivery-receipt" if reported is not None and by else ""
    return MailFact(kind, moment, "receipt-stamp" if by else "", proof, source, by)


def _signed_moment(mail: Mail, report: DeliveryReport | None, key: KeyWord | None) -> datetime | None:
    """Return the moment of a report over which a signature holds: its own, else that of a signed header Date."""
    if report is None or key is None:
        return None
    return report.at or (mail.date if "date" in key.headers else None)


def _none(name: str, says: str, hint: str = "") -> RecordError:
    return RecordError("MAIL-FACT", says, where=name, hint=hint)


def document_field(kind: str) -> str:
    """Return the field of a kind that takes the mail as a document; `RecordError` MAIL-FACT without one."""
    fields = [field.name for field in kind_of(kind).fields().values() if field.type == "document"]
    if not fields:
        raise RecordError("MAIL-FACT", Message("{0} rests on no document", kind), where=kind)
    return fields[0]


def cells_of(mail: Mail, fact: MailFact, order: str) -> dict[str, Any]:
    """Return the cells of the row: order, kind, time, the mail by its digest, and an id that the mail always gives.

    The code of the document keeps whose word the moment is, such as mail-stamped-by-mx.court.example.
    """
    code = {"stamp": f"mail-stamped-by-{fact.by}", "signature": f"mail-signed-by-{fact.by}"}.get(fact.source, "mail")
    code = code if _CODE.fullmatch(code) else "mail"
    document = {"code": code, "media": mail.media, "size": mail.size, "sha256": mail.sha256}
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
    date = Moment(f"{mail.date:%Y-%m-%dT%H:%M:%SZ}") if mail.date else Message("no moment")
    yield Message(
        "its headers claim: from {0}, to {1}, Date {2}",
        mail.sender or Message("no sender"),
        ", ".join(mail.to) or Message("no one"),
        date,
    )
    yield Message(
        "subject {0}, Message-ID {1}; SHA-256 {2}", repr(mail.subject), mail.message_id or "none", mail.sha256
    )
    for file in mail.files:
        if file.name:
            yield Message("file {0}, {1} bytes, SHA-256 {2}", file.name, file.size, file.sha256)
        else:
            yield Message("file without a name, {0} bytes, SHA-256 {1}", file.size, file.sha256)
    for report in mail.reports:
        at = Moment(f"{report.at:%Y-%m-%dT%H:%M:%SZ}") if report.at else Message("an unknown moment")
        about = report.message_id or "unnamed"
        yield Message(
            "it reports: {0} to {1} at {2}, mail {3}", report.action, report.recipient or Message("no one"), at, about
        )
    yield from _repeated(mail)
    yield from _of_server(server)
    if key is not None:
        yield from _of_key(mail, key)
    if key is None or not key.holds:
        yield Message("nothing in it is proven: a header is what somebody wrote")


def doubts(mail: Mail, fact: MailFact, key: KeyWord | None) -> Iterator[str]:
    """Yield what a person should know before a mail is recorded as a fact: what is not taken, and whose word it is."""
    yield from _repeated(mail)
    if key is not None and not key.holds:
        yield f"not shown by DKIM: {key.why}"
    yield from time_of(fact)


def time_of(fact: MailFact) -> Iterator[str]:
    """Yield whose word the moment of a fact is; nothing if the person states the moment."""
    match fact.source:
        case "signature":
            yield Message("its time is that of the report, which {0} signs", fact.by)
        case "stamp":
            yield Message("its time is the claim of {0}, the server that was named", fact.by)
        case "report":
            yield Message("its time is the claim of the report, which anybody can write: no receipt is proven")
        case "date":
            yield Message("its time is the claim of its header Date; the stamp of a server that is named would date it")


def _repeated(mail: Mail) -> Iterator[str]:
    for name in mail.repeated:
        yield Message(
            "it has more than one {0}: programs read different ones, so nothing is taken from it", header_name(name)
        )


def _of_key(mail: Mail, key: KeyWord) -> Iterator[str]:
    if not key.holds:
        yield f"not shown by DKIM: {key.why}"
        return
    over = ", ".join(key.headers)
    yield f"a DKIM signature of {key.domain} holds under the key handed in, over {over} and the text"
    present = {name for name, _ in mail.headers}
    if others := [header_name(name) for name in SHOWN if name in present and name not in key.headers]:
        yield f"not signed, and so claims: {', '.join(others)}"
    if not signs_for_sender(mail, key):
        yield f"the signature is of {key.domain}, and From names another domain"


def _of_server(server: ServerWord | None) -> Iterator[str]:
    if server is None:
        return
    if server.taken is not None:
        yield Message(
            "{0} states that it took the mail at {1}", server.server, Moment(f"{server.taken:%Y-%m-%dT%H:%M:%SZ}")
        )
    else:
        yield Message("the newest stamp is not of {0}", server.server)
    if server.results:
        results = ", ".join(f"{m}={r}{f' ({d})' if d else ''}" for m, r, d in server.results)
        yield Message("{0} states: {1}", server.server, results)
    if server.note:
        yield server.note
    if server.taken is not None:
        yield Message(
            "these are the claims of {0}, which was named: any holder of the file can have written them", server.server
        )


def attached_in(mail: Mail, digests: Sequence[str]) -> list[str]:
    """Return the names of the files of a mail whose SHA-256 is among these digests."""
    return [file.name for file in mail.files if file.sha256 in digests]
