"""Have an evidence bundle made by the server, verify it here, and sign its manifest here."""

from __future__ import annotations

import secrets
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec
from msgspec import Struct

from comity.remote.connection import Connection
from comity.remote.reader import VerifiedReader
from comity.remote.recording import Permissions, RemoteRecorder
from ledger.adapters.keys import mldsa
from ledger.adapters.timestamps import rfc3161
from ledger.bundle.archive import assemble, unpack
from ledger.bundle.audience import documents_named, readable
from ledger.bundle.layout import MANIFEST, SUMS, arrange
from ledger.bundle.manifest import Manifest, open_manifest
from ledger.entries.case import Entry, linked, wire
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, entry_of, open_, seal
from ledger.entries.payload import SignedBy
from ledger.entries.placement import access_of
from ledger.entries.wrapped_entry import KIND as WRAPPER
from ledger.entries.wrapped_entry import VALUES, as_counted
from ledger.errors import LedgerError, RecordError
from ledger.facts import build
from ledger.facts.vocabulary import ROLES
from ledger.formats.selective_disclosure import lift, parse_disclosure
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Report, Verdict
from server.documents import BundleAnswer, BundleAsked, BundlePlanAnswer, SealedEntry

_DOUBTS = frozenset({"KEY-SUSPECT", "KEY-SCHEMA"})  # of the record itself, and none of what the server has done


class BundleWanted(Struct, frozen=True):
    """A bundle of an order (its id) for an audience (a role), and for what, why and by whom its values are opened.

    `purpose` is a code of the vocabulary. `person` is called if values are opened. Without `because` the reason is the
    purpose. `linked` adds the linked orders; with `unwitnessed` no witness is asked. `documents` are files of this
    machine by SHA-256 (hex); each one of which the audience may read is added here, and goes to no server.
    """

    order: str
    audience: str
    purpose: str
    person: Callable[[], str]
    because: str | None = None
    legal_basis: tuple[str, ...] = ()
    linked: bool = False
    unwitnessed: bool = False
    documents: Mapping[str, Path] = {}


class RemoteBundle(Struct, frozen=True):
    """A verified bundle: its bytes, what its verification reports, and how many sealed values are closed in it.

    `recorded` is True if sealed values were opened for it, and an entry says so.
    """

    data: bytes
    report: Report
    closed: int
    recorded: bool


class RemoteBundles:
    """Has bundles made over one connection; `reader` and `recorder` use the same key."""

    def __init__(self, connection: Connection, reader: VerifiedReader, recorder: RemoteRecorder) -> None:
        self._connection = connection
        self._reader = reader
        self._recorder = recorder

    def make(self, wanted: BundleWanted, signer: Signer) -> RemoteBundle:
        """Record why values are opened, have the bundle made, verify it, and sign its manifest.

        `RecordError` API-FALSE for a bundle that is not the one that was asked for, or that does not verify; what
        the server refuses is `Refused`.
        """
        path = f"/v1/orders/{wanted.order}/bundle"
        case = self._reader.case(wanted.order)
        known = self._reader.verifier.memory.memory.orders[wanted.order]
        query = {"audience": wanted.audience, "linked": "true" if wanted.linked else "false"}
        plan = self._connection.get(path, BundlePlanAnswer, **query)
        self._reader.verifier.head(plan.head)
        may = {wanted.order, *(linked(case.entries) if wanted.linked else ())}
        if (plan.order, plan.audience) != (wanted.order, wanted.audience) or not may.issuperset(plan.opens):
            raise RecordError("API-FALSE", "the server would open other orders than the one that was asked for")
        now = datetime.now(UTC).replace(microsecond=0)
        access = self._access(plan, wanted, signer, now) if plan.opens else None
        asked = BundleAsked(
            wanted.audience, wanted.purpose, signer.public.hex(), signer.role, now, list(wanted.legal_basis),
            wanted.linked, wanted.unwitnessed, access,
        )  # fmt: skip
        answer = self._connection.post(path, BundleAnswer, msgspec.json.encode(asked), uuid4().hex)
        files = _unpacked(answer)
        manifest = _manifest(files)
        expected = msgspec.structs.replace(
            manifest,
            log=self._reader.origin,
            order=wanted.order,
            audience=wanted.audience,
            purpose=wanted.purpose,
            legal_basis=list(wanted.legal_basis),
            made_at=wire(now),
            signer=SignedBy(signer.public.hex(), signer.actor, signer.role, signer.party),
        )
        if manifest != expected:
            raise RecordError("API-FALSE", "the bundle is not the one that was asked for", where=MANIFEST)
        newest = manifest.heads.get(wanted.order)
        if newest is None or newest.seq < known.seq or (newest.seq == known.seq and newest.leaf != known.leaf):
            says = f"the bundle ends before entry {known.seq} of the order, which was verified before"
            raise RecordError("API-FALSE", says, where=wanted.order)
        content = {name: data for name, data in files.items() if name not in (MANIFEST, SUMS)}
        with _false_if_unreadable():
            _check_opened(files, manifest, wanted, opens=bool(plan.opens))
            content |= _documents(files, manifest, wanted)
        data = assemble(content, manifest, signer)
        report = self._verified(data, answer, wanted, now)
        return RemoteBundle(data, report, manifest.withheld_count, access is not None)

    def _access(self, plan: BundlePlanAnswer, wanted: BundleWanted, signer: Signer, now: datetime) -> SealedEntry:
        """Return the sealed entry that says which values are opened, for whom, why and by which person."""
        origin, place = self._reader.origin, plan.place
        if place is None or place.order != access_of(origin) or place.seq < 1:
            raise RecordError("API-FALSE", "the server does not say where the access entry belongs")
        reader = f"{wanted.audience} ({ROLES[wanted.audience]})"
        because = f"to make a bundle for {reader}: {wanted.because or wanted.purpose}"
        public = {"view": "export", "purpose_code": wanted.purpose, "orders": plan.opens}
        fact = build("record-accessed", public, {"justification": because, "person": wanted.person()})
        said = Circumstances(now, now)
        self._recorder.check_form(fact, said, None, Permissions())
        at = EntryPlace(origin, place.order, place.seq, place.prev, None)
        sealed = seal(fact, at, signer, said, secrets.token_hex(16), secrets.token_bytes)
        return SealedEntry(sealed.raw.decode(), [each.text for each in sealed.disclosures])

    def _verified(self, data: bytes, answer: BundleAnswer, wanted: BundleWanted, now: datetime) -> Report:
        verifier = self._reader.verifier
        head = verifier.head(answer.head)
        report = verify(data, verifier.trust, None, now, mldsa=mldsa.verify, stamps=rfc3161.reader())
        doubts = _DOUBTS | ({"CP-QUORUM"} if wanted.unwitnessed else set())
        wrong = [reason for reason in report.reasons if reason.code not in doubts]
        if report.verdict is Verdict.FAILED or wrong:
            worst = (wrong or report.reasons)[0]
            says = f"the bundle does not verify, and is not handed out: {worst.code}: {worst.says}"
            raise RecordError("API-FALSE", says, where=worst.where)
        if report.head is None or report.head.note != head.note:
            raise RecordError("API-FALSE", "the bundle is under another head than the answer")
        return report


def _unpacked(answer: BundleAnswer) -> dict[str, bytes]:
    try:
        return unpack(b64decode(answer.bundle, validate=True))
    except (NoBase64, ValueError, RecordError) as wrong:
        raise RecordError("API-FALSE", f"no bundle that can be read: {wrong}") from None


def _manifest(files: dict[str, bytes]) -> Manifest:
    try:
        return open_manifest(files[MANIFEST], verify=False)
    except (KeyError, RecordError) as wrong:
        raise RecordError("API-FALSE", f"no manifest that can be read: {wrong}", where=MANIFEST) from None


@contextmanager
def _false_if_unreadable() -> Iterator[None]:
    """Raise API-FALSE for an entry or a value of a server's bundle that cannot be read."""
    try:
        yield
    except UnicodeDecodeError as wrong:
        raise RecordError("API-FALSE", f"the bundle has a value that cannot be read: {wrong}") from None
    except RecordError as wrong:
        if wrong.code == "API-FALSE":
            raise
        raise RecordError("API-FALSE", f"the bundle has an entry that cannot be read: {wrong}") from None


def _check_opened(files: dict[str, bytes], manifest: Manifest, wanted: BundleWanted, *, opens: bool) -> None:
    """Raise API-FALSE if a bundle opens a value that its audience may not read, or any without an access entry."""
    parts = arrange(files, manifest.log, manifest.v)
    opened = {index: open_(raw) for index, raw in parts.entries.items()}
    for index, content in parts.disclosures.items():
        texts = content.decode().splitlines()
        o = opened[index]
        entry = entry_of(o, index, lift(texts, o.sd, public=o.payload.public))
        _check_names(texts, readable(entry, wanted.audience), index)
    for index, o in opened.items():
        name = o.payload.public.get("envelope") if o.payload.kind == WRAPPER else None
        if isinstance(name, str) and (values := parts.foreign.get(f"{name}{VALUES}")) and name in parts.foreign:
            counted = as_counted(open_(parts.foreign[name]), o, index)
            _check_names(values.decode().splitlines(), readable(counted, wanted.audience), index)
    if parts.disclosures and not opens:
        raise RecordError("API-FALSE", "the bundle opens values that the server had not named")


def _documents(files: dict[str, bytes], manifest: Manifest, wanted: BundleWanted) -> dict[str, bytes]:
    """Return the wanted documents that an entry of the bundle names in a field which its audience may read, by path.

    `LedgerError` BUSY for a file that changes meanwhile.
    """
    if not wanted.documents:
        return {}
    named = documents_named(_entries(files, manifest), wanted.audience)
    found = {digest: wanted.documents[digest].read_bytes() for digest in sorted(named & wanted.documents.keys())}
    for digest, content in found.items():
        if sha256(content).hexdigest() != digest:
            raise LedgerError("BUSY", f"{wanted.documents[digest]} was written to while it was read", "try again")
    return {f"documents/{digest}": content for digest, content in found.items()}


def _entries(files: dict[str, bytes], manifest: Manifest) -> Iterator[Entry]:
    """Iterate over the entries of a bundle with the values that it opens; wrapped ones as they count."""
    parts = arrange(files, manifest.log, manifest.v)
    for index, raw in parts.entries.items():
        o = open_(raw)
        texts = parts.disclosures.get(index, b"").decode().splitlines()
        yield entry_of(o, index, lift(texts, o.sd, public=o.payload.public))
        name = o.payload.public.get("envelope") if o.payload.kind == WRAPPER else None
        if isinstance(name, str) and name in parts.foreign:
            texts = parts.foreign.get(f"{name}{VALUES}", b"").decode().splitlines()
            yield as_counted(open_(parts.foreign[name]), o, index, texts)


def _check_names(texts: Sequence[str], may: frozenset[str], index: int) -> None:
    if beyond := {parse_disclosure(text).name for text in texts} - may:
        says = f"the bundle opens {min(beyond)} of entry {index}, which its audience may not read"
        raise RecordError("API-FALSE", says)
