"""Read delivery evidence of registered electronic mail: ETSI TS 102 640-2 (REM), as e-CODEX connectors exchange it.

An evidence is one XML document. In an ASiC-S container (ETSI EN 319 162-1), the digest of its one signed file is
compared. Signatures are not verified: a validator with the trusted lists of the Union can, and the digest of the file
is on record.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cli.exit_codes import Exit, Stop
from cli.imports.safe_xml import Element, parse

SPACE = "http://uri.etsi.org/02640/v2#"
CONTAINER = 1 << 27  # bytes that a container may unpack to
ASIC_S = "application/vnd.etsi.asic-s+zip"
_HASHES = {  # RFC 9231; a digest by SHA-1 can still show that a file is another one
    "http://www.w3.org/2001/04/xmlenc#sha256": hashlib.sha256,
    "http://www.w3.org/2001/04/xmlenc#sha512": hashlib.sha512,
    "http://www.w3.org/2000/09/xmldsig#sha1": hashlib.sha1,
}

# What an evidence proves if its event is the successful one: kind of fact, event.
# XSD of TS 102 640-2, events of e-CODEX.
GOOD = {
    "SubmissionAcceptanceRejection": ("order-transmitted", "Acceptance"),
    "RelayREMMDAcceptanceRejection": ("order-transmitted", "Acceptance"),
    "DeliveryNonDeliveryToRecipient": ("order-received", "Delivery"),
    "DownloadNonDownloadByRecipient": ("order-received", "Download"),
    "RetrievalNonRetrievalByRecipient": ("order-received", "Retrieval"),
    "AcceptanceRejectionByRecipient": ("order-received", "Acceptance"),
}
KNOWN = {*GOOD, "RelayREMMDFailure", "RelayToNonREMSystem", "ReceivedFromNonREMSystem"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One evidence: `type` is its element, `event` what happened, `at` when, in UTC."""

    type: str
    event: str
    at: datetime
    id: str
    issuer: str
    sender: str
    recipients: tuple[str, ...]
    message: str
    reasons: tuple[str, ...]
    digest: tuple[str, str] | None  # of the message: algorithm and hex
    signed: bool

    @property
    def shows(self) -> str | None:
        """Return the kind of fact that it proves; None if it states that something did not happen."""
        kind, event = GOOD.get(self.type, ("", ""))
        return kind if event and self.event == event else None


def read_evidence(data: bytes, name: str) -> Evidence:
    """Return the evidence in a file, XML or a container; `Stop` if there is none, or the container was changed."""
    if not data.startswith(b"PK"):
        return _evidence(parse(data, name), name)
    pieces = [(inner, root) for inner, root in _in_container(data, name) if root.space == SPACE and root.name in KNOWN]
    if len(pieces) != 1:
        says = (
            "no delivery evidence" if not pieces else f"{len(pieces)} pieces of evidence, and one is recorded at a time"
        )
        hint = "in e-CODEX the evidence comes beside the container, as DELIVERY.xml or RETRIEVAL.xml"
        raise Stop(f"{name} is a sound container that holds {says}", hint=hint, code=Exit.UNDECIDABLE)
    return replace(_evidence(pieces[0][1], f"{name}/{pieces[0][0]}"), signed=True)  # its container is


def _evidence(root: Element, name: str) -> Evidence:
    if root.space != SPACE or root.name not in KNOWN:
        hint = f"its root would be {' or '.join(sorted(GOOD)[:2])} or another of {SPACE}"
        raise Stop(f"{name} is no delivery evidence: its root is {root.name!r}", hint=hint, code=Exit.UNDECIDABLE)
    message = root.find("SenderMessageDetails")
    recipients = root.find("RecipientsDetails")
    return Evidence(
        type=root.name,
        event=root.text_at("EventCode").rpartition("#")[2],
        at=_moment(root.text_at("EventTime"), name),
        id=root.text_at("EvidenceIdentifier"),
        issuer=_who(root.find("EvidenceIssuerDetails")),
        sender=_who(root.find("SenderDetails")),
        recipients=tuple(who for each in (recipients.children if recipients else ()) if (who := _who(each))),
        message=(message.text_at("MessageIdentifierByREMMD") or message.text_at("UAMessageIdentifier"))
        if message
        else "",
        reasons=tuple(
            f"{e.text_at('Code').rpartition('#')[2]} {e.text_at('Details')}".strip() for e in root.all("EventReason")
        ),
        digest=_digest(message),
        signed=root.find("Signature") is not None,
    )


def _who(details: Element | None) -> str:
    """Return the name of an entity and its electronic address."""
    if details is None:
        return ""
    names = [e.text for e in details.all("Name")]
    addresses = [e.text for n in ("AttributedElectronicAddress", "ElectronicAddress") for e in details.all(n)]
    return " ".join(dict.fromkeys(word for word in (*names[:1], *addresses[:1]) if word))


def _moment(text: str, name: str) -> datetime:
    """Parse an xs:dateTime with its offset, truncated to seconds; without an offset the moment is unknown: `Stop`."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text):
        says = f"{name}: its event has the time {text!r}, which is no moment with an offset"
        raise Stop(says, code=Exit.UNDECIDABLE)
    try:
        return datetime.fromisoformat(re.sub(r"\.\d+", "", text)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Stop(f"{name}: its event has the time {text!r}: {error}", code=Exit.UNDECIDABLE) from None


def _digest(message: Element | None) -> tuple[str, str] | None:
    method, value = (message.find(n) if message else None for n in ("DigestMethod", "DigestValue"))
    if method is None or value is None:
        return None
    try:
        raw = base64.b64decode(value.text, validate=True)
    except ValueError:
        return None
    return method.attributes.get("Algorithm", "").rpartition("#")[2], raw.hex()


# -- containers --------------------------------------------------------------------------------------------------------


def _in_container(data: bytes, name: str) -> Iterator[tuple[str, Element]]:
    """Yield each XML document in an ASiC-S; `Stop` if its signed file does not have the signed digest."""
    files = _unzipped(data, name)
    signatures = [raw for n, raw in files.items() if re.fullmatch(r"META-INF/[^/]*signatures[^/]*\.xml", n)]
    if not signatures:
        hint = "e-CODEX packs its messages into ASiC-S; XML evidence is imported as it is"
        raise Stop(f"{name} is a ZIP, but no ASiC-S container", hint=hint, code=Exit.UNDECIDABLE)
    signed = [n for n in files if n != "mimetype" and not n.startswith("META-INF/")]
    if len(signed) != 1:
        raise Stop(f"{name}: an ASiC-S has one signed file, this one {len(signed)}", code=Exit.UNDECIDABLE)
    content = files[signed[0]]
    equal = [same for raw in signatures for same in _references(parse(raw, f"{name}/META-INF"), signed[0], content)]
    if not equal or not all(equal):
        why = "is not what its signature covers" if equal else "is covered by no signature"
        raise Stop(f"{name}: {signed[0]} {why}", hint="ask the sender for it again", code=Exit.REFUSED)
    inner = _unzipped(content, f"{name}/{signed[0]}") if content.startswith(b"PK") else {signed[0]: content}
    for inside, raw in inner.items():
        if inside.lower().endswith(".xml"):
            yield inside, parse(raw, f"{name}/{inside}")


def _references(root: Element, file: str, content: bytes) -> Iterator[bool]:
    """Yield for each reference to a file whether the file has the digest."""
    for reference in root.all("Reference"):
        method = reference.find("DigestMethod")
        digest = _HASHES.get(method.attributes.get("Algorithm", "")) if method else None
        if reference.attributes.get("URI") == file and digest:
            yield base64.b64encode(digest(content).digest()).decode() == "".join(
                reference.text_at("DigestValue").split()
            )


_UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    struct.error,
)  # zipfile raises them all


def _unzipped(data: bytes, name: str) -> dict[str, bytes]:
    """Return the files of a ZIP by name, within a bound on their total size."""
    files: dict[str, bytes] = {}
    left = CONTAINER
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if info.is_dir():
                    continue
                with archive.open(info) as stream:
                    raw = stream.read(left + 1)
                left -= len(raw)
                if left < 0 or len(files) > 1_000:
                    raise Stop(f"{name} unpacks to more than a container of messages holds", code=Exit.UNDECIDABLE)
                files[info.filename] = raw
    except (*_UNREADABLE, EOFError, OSError, ValueError, LookupError) as error:
        raise Stop(f"{name}: not a ZIP that can be read: {error}", code=Exit.UNDECIDABLE) from None
    return files
