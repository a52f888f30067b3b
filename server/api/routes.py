"""The table of routes: each address with its parameters, its answer, the codes of its problems and its function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from ledger.errors import LedgerError, RecordError
from ledger.facts import KINDS, json_schema, kind_of
from ledger.facts.words import CODE_LISTS
from server.access import Caller
from server.api.bundles import BundleQuery, Bundles
from server.api.drafts import Drafting
from server.api.reading import LedgerView
from server.api.recording import LogHead, Recording
from server.documents import (
    ApiAnswer,
    BundleAnswer,
    BundleAsked,
    BundlePlanAnswer,
    CodeListItem,
    ConsistencyAnswer,
    DraftAnswer,
    DraftCheck,
    EntriesAnswer,
    EntryAnswer,
    HeadAnswer,
    HealthAnswer,
    Index,
    KindAnswer,
    KindItem,
    KindsAnswer,
    Moment,
    OrderAnswer,
    OrderEntriesAnswer,
    OrdersAnswer,
    PlaceAnswer,
    ReadyAnswer,
    ReceiptsAnswer,
    RegisterAnswer,
    Submission,
    VocabularyAnswer,
)
from server.guests.invitations import Invitations
from server.guests.policies import RequesterPolicies
from server.identity.key_requests import KeyRequests
from server.identity.sign_in import SignIn, Visit

if TYPE_CHECKING:
    from server.files.opening import Files

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Limit = Annotated[int, Meta(ge=1, le=500)]


class ConsistencyQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The two sizes between which a proof leads."""

    start: Index
    end: Index


class EntriesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries: from index `after` on, at most `limit`, of one `kind`."""

    after: Index = 0
    limit: Limit = 100
    kind: Word | None = None


class OrdersQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which orders: those begun from index `after` on, at most `limit`, with all of these values.

    `name` is an id, the beginning of one, a reference, or OFFICE/REFERENCE. `linked` is the id of an order that their
    entries name as the one before or after.
    """

    after: Index = 0
    limit: Limit = 50
    state: Word | None = None
    provider: Word | None = None
    party: Word | None = None
    kind: Word | None = None
    since: Moment | None = None
    name: Word | None = None
    linked: Word | None = None


class RegisterQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How many entries of the register the caller has already."""

    after: Index = 0


class EventsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """From which index on; the header Last-Event-ID wins. Without both it begins at the head."""

    after: Index | None = None


class Services(Struct, frozen=True):
    """What the functions of the routes use.

    `within` is for how many seconds the log may be unable to sign; `check_ready` raises what keeps the server from
    taking requests.
    """

    view: LedgerView
    recording: Recording
    drafting: Drafting
    head: LogHead
    within: float
    check_ready: Callable[[], None]
    sign_in: SignIn
    key_requests: KeyRequests
    bundles: Bundles
    invitations: Invitations
    policies: RequesterPolicies
    files: Files | None = None

    def catch_up(self, size: int) -> None:
        """Take the newest signed head if it is to have a size that is stored and was not answered under here yet."""
        if self.head.current.size < size <= self.view.size():
            self.head.advance(size)


class Call(Struct, frozen=True):
    """One request: its caller (None if it is not known), the values of its path, its query and its body.

    `visit` is what a browser says of itself.
    """

    caller: Caller | None
    path: Mapping[str, str]
    query: Any
    body: Any
    visit: Visit

    @property
    def by(self) -> Caller:
        """Return the caller of a route that needs one."""
        assert self.caller is not None  # noqa: S101 - the application has checked it
        return self.caller


class WithCookie(Struct, frozen=True):
    """An answer with a header Set-Cookie."""

    answer: ApiAnswer
    cookie: str


class Route(Struct, frozen=True):
    """One address of the API.

    `needs` says who may ask: `anyone`, the holder of a `key` of the register, or of an `accepted` one; each person with
    an account may ask what the holder of an accepted key may, and alone what needs an `account`. `fresh` says what an
    answer depends on besides the caller: the `head`, also the present `minute`, or nothing (`fixed`). `codes` are the
    codes of further problems. `page` says that only pages of this server may ask. `once` says that
    the header Idempotency-Key is read. `guests` says that guests may ask as well: at any other address that
    needs a caller they are denied.
    """

    method: Literal["GET", "POST"]
    path: str
    name: str
    summary: str
    answer: type[ApiAnswer] | None  # None: server-sent events
    do: Callable[[Services, Call], ApiAnswer | WithCookie] | None
    needs: Literal["anyone", "key", "accepted", "account"] = "accepted"
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    fresh: Literal["head", "minute", "fixed", "never"] = "head"
    codes: tuple[str, ...] = ()
    page: bool = False
    once: bool = True
    guests: bool = False


# -- without a signature -----------------------------------------------------------------------------------------------


def _health(services: Services, call: Call) -> HealthAnswer:
    seconds, says = services.head.health()
    if seconds > services.within:
        raise LedgerError("API-UNREADY", f"the log could not be signed for {seconds:.0f} seconds: {says}")
    return HealthAnswer(True, services.head.current.size, int(seconds), says)


def _ready(services: Services, call: Call) -> ReadyAnswer:
    services.check_ready()
    return ReadyAnswer(True, services.head.current.size)


def _head(services: Services, call: Call) -> HeadAnswer:
    return HeadAnswer(services.head.current)


def _kinds(services: Services, call: Call) -> KindsAnswer:
    return KindsAnswer([KindItem(k, f.group, list(f.signers), f.says) for k, f in sorted(KINDS.items())])


def _kind(services: Services, call: Call) -> KindAnswer:
    name = call.path["kind"]
    return KindAnswer(kind_of(name).kind, json_schema(name))


def _vocabulary(services: Services, call: Call) -> VocabularyAnswer:
    return VocabularyAnswer([CodeListItem(each.name, each.says, dict(each.words)) for each in CODE_LISTS.values()])


# -- with a signature --------------------------------------------------------------------------------------------------


def _consistency(services: Services, call: Call) -> ConsistencyAnswer:
    services.catch_up(call.query.end)
    return services.view.consistency(call.query.start, call.query.end)


def _entries(services: Services, call: Call) -> EntriesAnswer:
    return services.view.entries(call.by, call.query.after, call.query.limit, call.query.kind)


def _entry(services: Services, call: Call) -> EntryAnswer:
    index = call.path["index"]
    if not (index.isascii() and index.isdecimal() and len(index) <= 15):
        raise RecordError("API-REQUEST", "an index is a whole number from 0 on", where="index")
    return services.view.entry(call.by, int(index))


def _register(services: Services, call: Call) -> RegisterAnswer:
    return services.view.register(call.query.after)


def _orders(services: Services, call: Call) -> OrdersAnswer:
    q = call.query
    return services.view.orders(
        call.by, q.after, q.limit, state=q.state, provider=q.provider, party=q.party, kind=q.kind, since=q.since,
        name=q.name, linked=q.linked,
    )  # fmt: skip


def _order(services: Services, call: Call) -> OrderAnswer:
    return services.view.order(call.by, call.path["order"])


def _order_entries(services: Services, call: Call) -> OrderEntriesAnswer:
    return services.view.order_entries(call.by, call.path["order"])


def _place(services: Services, call: Call) -> PlaceAnswer:
    return services.view.place(call.by, call.path["order"])


def _bundle_plan(services: Services, call: Call) -> BundlePlanAnswer:
    return services.bundles.plan(call.by, call.path["order"], call.query)


def _bundle(services: Services, call: Call) -> BundleAnswer:
    made = services.bundles.make(call.by, call.path["order"], call.body)
    services.head.advance(made.head.size)
    return made


def _record(services: Services, call: Call) -> ReceiptsAnswer:
    return services.recording.record(call.by, call.body)


def _draft(services: Services, call: Call) -> DraftAnswer:
    return services.drafting.check(call.by, call.body)


_RECORDS = (
    "API-MISSING", "API-IN-FLIGHT", "API-LARGE", "API-MEDIA", "API-KIND", "CTX-CHAIN", "CTX-CONDITION",
    "REFERENCE-TAKEN",
)  # fmt: skip

_OF_BUNDLES = ("API-MISSING", "API-LARGE", "API-MEDIA", "CONFLICT", "CTX-CHAIN", "BUSY")

PROBES = ("/health", "/ready")  # asked without a signature again and again: no rate limit

ROUTES = (
    Route("GET", "/health", "health", "Whether the log can be signed", HealthAnswer, _health, "anyone", fresh="never"),
    Route("GET", "/ready", "ready", "Whether the server takes requests", ReadyAnswer, _ready, "anyone", fresh="never"),
    Route("GET", "/v1/head", "head", "The signed head of the log", HeadAnswer, _head, "anyone"),
    Route("GET", "/v1/kinds", "kinds", "The kinds of entries", KindsAnswer, _kinds, "anyone", fresh="fixed"),
    Route(
        "GET", "/v1/kinds/{kind}", "kind", "One kind of entry with its JSON Schema", KindAnswer, _kind, "anyone",
        fresh="fixed", codes=("FACT-KIND",),
    ),
    Route(
        "GET", "/v1/vocabulary", "vocabulary", "The lists of codes", VocabularyAnswer, _vocabulary, "anyone",
        fresh="fixed",
    ),
    Route(
        "GET", "/v1/register", "register", "The register", RegisterAnswer, _register, "key", RegisterQuery, guests=True,
    ),
    Route(
        "GET", "/v1/consistency", "consistency", "The proof between two sizes of the log", ConsistencyAnswer,
        _consistency, "key", ConsistencyQuery, guests=True,
    ),
    Route("GET", "/v1/entries", "entries", "Entries of the log", EntriesAnswer, _entries, query=EntriesQuery),
    Route(
        "GET", "/v1/entries/{index}", "entry", "One entry with its proof", EntryAnswer, _entry, codes=("API-MISSING",),
        guests=True,
    ),
    Route(
        "GET", "/v1/orders", "orders", "Orders", OrdersAnswer, _orders, query=OrdersQuery, fresh="minute", guests=True,
    ),
    Route(
        "GET", "/v1/orders/{order}", "order", "One order: state, timeline, deadlines, findings", OrderAnswer, _order,
        fresh="minute", codes=("API-MISSING",), guests=True,
    ),
    Route(
        "GET", "/v1/orders/{order}/entries", "orderEntries", "The entries of one order", OrderEntriesAnswer,
        _order_entries, codes=("API-MISSING",), guests=True,
    ),
    Route(
        "GET", "/v1/orders/{order}/place", "place", "Where the next entry of an order belongs", PlaceAnswer, _place,
        "key", codes=("API-MISSING",), guests=True,
    ),
    Route(
        "GET", "/v1/orders/{order}/bundle", "bundlePlan", "What a bundle of an order would open", BundlePlanAnswer,
        _bundle_plan, query=BundleQuery, fresh="never", codes=("API-MISSING", "BUSY"), guests=True,
    ),
    Route(
        "POST", "/v1/orders/{order}/bundle", "bundle", "The evidence bundle of an order", BundleAnswer, _bundle,
        body=BundleAsked, fresh="never", codes=_OF_BUNDLES, once=False, guests=True,
    ),
    Route(
        "POST", "/v1/entries", "record", "Record sealed entries", ReceiptsAnswer, _record, "key", body=Submission,
        fresh="never", codes=_RECORDS, guests=True,
    ),
    Route(
        "POST", "/v1/drafts", "checkDraft", "Check a draft before it is signed", DraftAnswer, _draft, "key",
        body=DraftCheck, fresh="never", once=False,
        codes=("API-MISSING", "API-LARGE", "API-MEDIA", "API-KIND", "KEY-ROLE", "REFERENCE-TAKEN"), guests=True,
    ),
    Route(
        "GET", "/v1/events", "events", "New entries as server-sent events", None, None, query=EventsQuery,
        fresh="never", codes=("BUSY",),
    ),
)  # fmt: skip
