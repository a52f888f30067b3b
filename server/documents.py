"""The documents of the HTTP API, which its clients read too.

Each answer on the record has the head: the signed state of the log under which its proofs are made. Hashes of a path
are in base64 as in c2sp.org/tlog-proof, leaf hashes in hex, times in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ledger.entries.payload import Condition, Document, Hex64, Name
from ledger.facts.vocabulary import OnSource, Speaks
from projections.documents.judgement import ClockItem, CriterionItem, FindingItem
from projections.documents.timeline import TimelineItem
from projections.documents.times import Time
from projections.views.state import OrderView

SEEN = "Comity-Seen"  # header of a request: the size of the largest head that the client has verified

MOST_ENTRIES = 64  # of one request that records
CALENDAR = "/v1/calendar/{secret}"
CALENDAR_MEDIA = "text/calendar"
Code = Annotated[str, Meta(min_length=1, max_length=40)]
Moment = Annotated[datetime, Meta(tz=True)]
Index = Annotated[int, Meta(ge=0, le=2**53 - 1)]
_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


class ApiAnswer(Struct, frozen=True, tag_field="format"):
    """The answer of the API; the tag is the `format` of its JSON document."""


class Head(Struct, frozen=True):
    """The signed state of the log: its number of entries and its note (c2sp.org/tlog-checkpoint)."""

    size: Index
    note: str


class ProvenEntry(Struct, frozen=True):
    """An entry of the log with the path from its leaf to the root of the head.

    `entry` is the sealed line, null where the caller needs only the leaf or may not see more. The path shows that the
    log has this leaf at this index. It does not show who may sign: the register does.
    """

    index: Index
    leaf: str
    path: list[str]
    entry: str | None


class CommittedHeads(Struct, frozen=True):
    """The last statement of the ledger on the heads of all orders, and the proof (base64) of one order in that map.

    It shows that no entry of the order is left out below the size that the statement covers. Behind that size an answer
    rests on the word of the server, until the next statement. `joined` has the proof of each order that an entry of the
    order has joined with it, by id.
    """

    commit: ProvenEntry
    proof: str
    joined: dict[str, str] = {}


class HealthAnswer(ApiAnswer, frozen=True, tag="comity.api-health/1"):
    """Whether the log can be signed: for how many seconds it could not, and why."""

    ok: bool
    size: Index
    seconds: int
    says: str


class ReadyAnswer(ApiAnswer, frozen=True, tag="comity.api-ready/1"):
    """Whether the server takes requests: the head was checked, store and guard answer, no disk is nearly full.

    A server that was asked to end is not ready, and still answers. Ask `/health` whether to start it again, and this
    address whether to send requests to it.
    """

    ok: bool
    size: Index


class HeadAnswer(ApiAnswer, frozen=True, tag="comity.api-head/1"):
    """The head. Its signatures show who made it, not that every reader gets the same one: witnesses show that."""

    head: Head


class ConsistencyAnswer(ApiAnswer, frozen=True, tag="comity.api-consistency/1"):
    """The proof that the tree of `end` entries begins with the tree of `start` entries; both are below the head."""

    head: Head
    start: Index
    end: Index
    path: list[str]


class EntriesAnswer(ApiAnswer, frozen=True, tag="comity.api-entries/1"):
    """Entries by index, without a gap; `next` is the `after` of the following page.

    Of an entry that the caller may not see there is the leaf alone. That the server hides only such entries rests on
    the server. With `kind` there are only entries of that kind, and gaps.
    """

    head: Head
    entries: list[ProvenEntry]
    next: Index


class EntryAnswer(ApiAnswer, frozen=True, tag="comity.api-entry/1"):
    """One entry, and its proof as a file of c2sp.org/tlog-proof."""

    head: Head
    entry: ProvenEntry
    proof: str


class OrderItem(Struct, frozen=True):
    """One order of a list: its line, its open deadlines, how many findings of each level, and its newest entry."""

    order: OrderView
    due: list[ClockItem]
    findings: dict[str, int]
    first: Index
    newest: ProvenEntry


class OrdersAnswer(ApiAnswer, frozen=True, tag="comity.api-orders/1"):
    """Orders by the index of their first entry; `next` is the `after` of the following page, null at the end.

    The path of the newest entry shows that the log has it, and through its chain all earlier ones. What is said of an
    order is computed by the server: `/v1/orders/{order}` has the entries from which a client computes it again. A list
    does not show that no order is left out.
    """

    head: Head
    as_of: Time
    orders: list[OrderItem]
    next: Index | None


class OrderStatements(Struct, frozen=True):
    """What the entries of an order say, and what the law finds in them, without any sealed value."""

    order: OrderView
    timeline: list[TimelineItem]
    deadlines: list[ClockItem]
    findings: list[FindingItem]
    criteria: dict[str, CriterionItem]


class OrderAnswer(ApiAnswer, frozen=True, tag="comity.api-order/1"):
    """One order with its entries, from which every reader can compute `says` again.

    `says` is computed under the rules with this digest, from these entries and the register as far as the head, at the
    moment `as_of`. Entries of other logs count as what their wrappers say.
    """

    head: Head
    as_of: Time
    rules: str
    says: OrderStatements
    entries: list[ProvenEntry]
    committed: CommittedHeads | None


class OrderEntriesAnswer(ApiAnswer, frozen=True, tag="comity.api-order-entries/1"):
    """The entries of one order that the caller may see, in the order of the log."""

    head: Head
    order: str
    entries: list[ProvenEntry]
    committed: CommittedHeads | None


class PlaceAnswer(ApiAnswer, frozen=True, tag="comity.api-place/1"):
    """Where the next entry of an order belongs: its number, the leaf before it, the instrument, the newest entry.

    That this entry is the newest rests on the server until the entry is recorded: an entry at a wrong place is refused.
    `begun` is the entry that issued the order, which has its reference, else its first one; null if the caller may see
    neither.
    """

    head: Head
    order: str
    seq: int
    prev: str
    instrument: str | None
    newest: ProvenEntry
    begun: ProvenEntry | None


class RegisterAnswer(ApiAnswer, frozen=True, tag="comity.api-register/1"):
    """The entries of the register behind `after`: who may sign in which role, from which index to which."""

    head: Head
    entries: list[ProvenEntry]
    committed: CommittedHeads | None


class KindItem(Struct, frozen=True):
    """One kind of entry: who signs it, and what it says."""

    kind: str
    group: str
    signers: list[str]
    says: str


class KindsAnswer(ApiAnswer, frozen=True, tag="comity.api-kinds/1"):
    """The kinds of entries."""

    kinds: list[KindItem]


class KindAnswer(ApiAnswer, frozen=True, tag="comity.api-kind/1"):
    """One kind of entry with the JSON Schema of its fields."""

    kind: str
    schema: dict[str, Any]


class CodeListItem(Struct, frozen=True):
    """One list of codes with its words."""

    name: str
    says: str
    codes: dict[str, str]


class VocabularyAnswer(ApiAnswer, frozen=True, tag="comity.api-vocabulary/1"):
    """The lists of codes, such as roles, instruments and grounds."""

    lists: list[CodeListItem]


class SealedEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry that its signer has sealed: the line, and the disclosure (RFC 9901) of each sealed value."""

    entry: Annotated[str, Meta(max_length=1 << 17)]
    disclosures: list[str] = []


class AccessPlace(Struct, frozen=True):
    """Where the next entry of the order of accesses belongs: behind the entry whose leaf hash is `prev`."""

    order: str
    seq: Index
    prev: str | None


class BundlePlanAnswer(ApiAnswer, frozen=True, tag="comity.api-bundle-plan/1"):
    """What a bundle for an audience would open: orders, and the place of the entry that has to say so.

    `opens` is empty, and `place` null, if nothing sealed would be opened. The place rests on the server.
    """

    head: Head
    order: str
    audience: str
    opens: list[str]
    place: AccessPlace | None


class BundleAnswer(ApiAnswer, frozen=True, tag="comity.api-bundle/1"):
    """An evidence bundle (base64) under a head. The signature of its manifest is empty: its maker signs it."""

    head: Head
    order: str
    bundle: str


class BundleAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A bundle that a caller asks for: its audience and purpose, and who makes it, when: a key (hex) in a role.

    `access` is the sealed entry `record-accessed` of the maker, with its disclosures, if values are to be opened.
    """

    audience: Code
    purpose: Code
    key: Hex64
    role: Code
    made_at: Moment
    legal_basis: Annotated[list[Name], Meta(max_length=20)] = []
    linked: bool = False
    unwitnessed: bool = False
    access: SealedEntry | None = None


class Submission(Struct, frozen=True, forbid_unknown_fields=True):
    """Entries to be recorded together, all or none, each signed by the key that signs the request.

    `unregistered` accepts names of offices and Parties that no register has, `lookalike` a reference that looks like
    another one.
    """

    entries: Annotated[list[SealedEntry], Meta(min_length=1, max_length=MOST_ENTRIES)]
    unregistered: bool = False
    lookalike: bool = False


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry before it is signed: its kind, fields (JSON as entries have it), order (id), and circumstances.

    `instrument` is that of the order. `on` is when it happened, in UTC, and `on_source` how that is known. `role`,
    `actor` and `party` are those of the signer. Members that may be left out may be null.
    """

    kind: str
    order: Annotated[str, Meta(pattern=_UUID)]
    fields: dict[str, Any]
    role: str
    actor: str
    party: str
    on: Annotated[datetime, Meta(tz=True)]
    instrument: str | None = None
    on_source: OnSource = "own-act"
    speaks: Speaks = "act"
    whose: str | None = None
    replaces: str | None = None
    why: str | None = None
    refs: list[str] | None = None
    audience: dict[str, list[str]] | None = None
    documents: list[Document] | None = None
    unless: Condition | None = None


class DraftCheck(Struct, frozen=True, forbid_unknown_fields=True):
    """A draft, and the key (hex) of the caller that would sign it; a caller that signs with one key may leave it out.

    `unregistered` and `lookalike` as in `Submission`.
    """

    draft: Draft
    public: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    unregistered: bool = False
    lookalike: bool = False


class MissingItem(Struct, frozen=True):
    """One thing that an order lacks: the finding it would be, its sentence, and what to add."""

    code: str
    level: str
    cite: str
    says: str
    add: str


class ClockChange(Struct, frozen=True):
    """A deadline that a draft would change: it `starts`, it `ends` with this verdict, or it `moves`."""

    change: Literal["starts", "ends", "moves"]
    clock: ClockItem


class DraftAnswer(ApiAnswer, frozen=True, tag="comity.api-draft/1"):
    """What a draft would be: nothing was signed or recorded.

    `proposal` is the payload that would be signed, without commitments to sealed values: `entry` is zeros, `seen` is
    null, and the signer states `signed_at`. `says` is the entry as a sentence. `findings` are the findings that the law
    would make with the entry and does not make without it; `missing` is what an order with it would lack.
    """

    head: Head
    as_of: Time
    proposal: dict[str, Any]
    says: str
    findings: list[FindingItem]
    missing: list[MissingItem]
    clocks: list[ClockChange]


class ReceiptItem(Struct, frozen=True):
    """The receipt of one entry: its place, and its proof as a file of c2sp.org/tlog-proof.

    `already` says that the entry was on record before this request.
    """

    index: Index
    leaf: str
    entry: str
    order: str
    seq: int
    already: bool
    proof: str


class ReceiptsAnswer(ApiAnswer, frozen=True, tag="comity.api-receipts/1"):
    """The receipts of the recorded entries, in the order of the request; each is durable."""

    receipts: list[ReceiptItem]


class Problem(Struct, frozen=True, omit_defaults=True):
    """What is wrong with a request (RFC 9457): `code` is a released code, `where` and `hint` may be empty.

    `title`, `detail` and `hint` are in the first of English, German and French that the header Accept-Language has.
    In another language than English, `english` has the details that the translation leaves out. `message_id` is the
    English pattern of `detail`, its places numbered from 0, and `values` fill them in order (`ledger.messages.built`);
    `hint_id` and `hint_values` are the same of `hint`. They are left out where the words are those of somebody else.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    where: str
    hint: str
    english: str = ""
    message_id: str = ""
    values: list[Any] = []
    hint_id: str = ""
    hint_values: list[Any] = []
