"""What a server's bundle opens is checked value by value before anyone signs for it."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote import bundles
from comity.remote.bundles import (
    BundleWanted,
    RemoteBundle,
    RemoteBundles,
    _check_opened,
    _documents,
    _entries,
    _manifest,
    _unpacked,
)
from comity.remote.memory import Seen
from comity.remote.recording import Permissions
from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST, SUMS
from ledger.bundle.manifest import open_manifest
from ledger.entries.case import wire
from ledger.entries.envelope import open_
from ledger.entries.payload import SignedBy
from ledger.entries.placement import access_of
from ledger.errors import LedgerError, RecordError
from ledger.formats.selective_disclosure import parse_disclosure
from ledger.verify.report import Reason, Verdict
from server.documents import AccessPlace, BundleAsked
from tests.ledger.verify.other_records.test_received_entries import DISCLOSED, World
from tests.ledger.verify.other_records.test_received_entries import MANIFEST as VALUES
from tests.support.memory_ledger import COMPANION, ORDER, Hand, Ledger, small


def wanted(audience: str) -> BundleWanted:
    return BundleWanted(ORDER, audience, "trial", lambda: "Dina Ilves")


def check(data: bytes, audience: str, *, opens: bool = True) -> None:
    files = unpack(data)
    _check_opened(files, open_manifest(files[MANIFEST]), wanted(audience), opens=opens)


def refused(data: bytes, audience: str, *, opens: bool = True) -> str:
    with pytest.raises(RecordError) as error:
        check(data, audience, opens=opens)
    assert error.value.code == "API-FALSE"
    return error.value.says


@pytest.fixture(scope="module")
def made() -> tuple[Ledger, Hand]:
    return small()


def test_a_bundle_that_opens_what_its_audience_may_read_passes(made: tuple[Ledger, Hand]) -> None:
    ledger, ilves = made
    for audience in ("CT", "SP"):
        data = ledger.bundle(ilves, audience)
        assert any("/disclosures/" in path for path in unpack(data))
        check(data, audience)


def test_a_value_that_the_audience_may_not_read_is_named_with_its_entry(made: tuple[Ledger, Hand]) -> None:
    ledger, ilves = made
    at = ledger.size - 1
    court, provider = ledger.bundle(ilves, "CT"), ledger.bundle(ilves, "SP")
    assert refused(court, "SP") == f"the bundle opens summary_of_facts of entry {at}, which its audience may not read"
    for data in (court, provider):
        assert f"of entry {at}, which its audience may not read" in refused(data, "SYS")


def test_nothing_is_opened_that_the_server_had_not_named(made: tuple[Ledger, Hand]) -> None:
    ledger, ilves = made
    for audience in ("CT", "SP"):
        assert "had not named" in refused(ledger.bundle(ilves, audience), audience, opens=False)
    closed = ledger.bundle(ilves, "CT", disclosures={})
    for opens in (False, True):
        check(closed, "CT", opens=opens)


# -- entries of another log --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arrived() -> tuple[World, int]:
    """Return two logs, and the index here of the wrapper of an entry of the other one, of which a value is opened."""
    world = World()
    at = world.says("data-disclosed", public=DISCLOSED, sealed=VALUES)
    index = world.arrives(at)
    world.foreign[f"{sha256(world.there.entries[at]).hexdigest()}.txt"] = f"{world.there.held[at][0].text}\n".encode()
    return world, index


def test_a_value_of_another_logs_entry_is_opened_for_those_alone_whom_its_signer_meant(
    arrived: tuple[World, int],
) -> None:
    world, index = arrived
    for audience in ("ISS", "CT"):
        check(world.here.bundle(world.ilves, audience, foreign=world.foreign), audience)
    data = world.here.bundle(world.ilves, "SYS", foreign=world.foreign)
    assert refused(data, "SYS") == f"the bundle opens manifest of entry {index}, which its audience may not read"


def test_an_entry_of_another_log_whose_values_are_closed_needs_no_leave(arrived: tuple[World, int]) -> None:
    world, _ = arrived
    closed = {name: data for name, data in world.foreign.items() if not name.endswith(".txt")}
    check(world.here.bundle(world.ilves, "SYS", foreign=closed, disclosures={}), "SYS", opens=False)


def test_values_beside_an_entry_that_is_not_there_open_nothing(arrived: tuple[World, int]) -> None:
    world, _ = arrived
    data = world.here.bundle(world.ilves, "SYS", foreign=world.foreign)
    files = {path: content for path, content in unpack(data).items() if not _is_wrapped(path)}
    assert len(files) < len(unpack(data))
    _check_opened(files, open_manifest(files[MANIFEST]), wanted("SYS"), opens=True)


def _is_wrapped(path: str) -> bool:
    return path.startswith("foreign/") and "." not in path


# -- a whole bundle ----------------------------------------------------------------------------------------------------

MADE_AT = datetime(2027, 6, 1, 12, tzinfo=UTC)
PREV = "ab" * 32


class Clock(datetime):
    """A clock that always shows one moment, with a part of a second."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return MADE_AT.replace(microsecond=7)


class Office:
    """A server that makes the bundle of a small ledger, and the reader, the verifier and the recorder of its client."""

    def __init__(self, ledger: Ledger, ilves: Hand, **plan: Any) -> None:
        self.origin, self.ilves = ledger.origin, ilves
        files = unpack(ledger.bundle(ilves, "CT"))
        said = open_manifest(files[MANIFEST])
        signer = SignedBy(ilves.key, "ilves", "ISS", "XO")
        self.manifest = replace(said, purpose="trial", legal_basis=["a"], made_at=wire(MADE_AT), signer=signer)
        newest = said.heads[ORDER]
        self.memory = SimpleNamespace(memory=SimpleNamespace(orders={ORDER: Seen(newest.seq, newest.leaf)}))
        self.verifier, self.trust = self, "trust"
        self.plan = {"head": "head", "order": ORDER, "audience": "CT", "opens": [], "place": None, **plan}
        self.asked: list[Any] = []
        self.heads: list[Any] = []
        self.checked: list[Any] = []

    def head(self, stated: Any) -> Any:
        self.heads.append(stated)
        return SimpleNamespace(note=b"note")

    def case(self, order: str) -> Any:
        return SimpleNamespace(entries=())

    def get(self, path: str, form: Any, **query: Any) -> Any:
        self.asked.append((path, query))
        return SimpleNamespace(**self.plan)

    def post(self, path: str, form: Any, body: bytes, once: str) -> Any:
        self.asked.append((path, msgspec.json.decode(body, type=BundleAsked), once))
        return SimpleNamespace(head="later head")

    def check_form(self, fact: Any, said: Any, order: Any, without: Any) -> None:
        self.checked.append((fact.kind, order, without))


@pytest.fixture
def office(made: tuple[Ledger, Hand], monkeypatch: pytest.MonkeyPatch) -> Office:
    desk = Office(*made)
    monkeypatch.setattr(bundles, "datetime", Clock)
    monkeypatch.setattr(bundles, "_unpacked", lambda answer: {MANIFEST: b"", SUMS: b"", "entries/1": b"e"})
    monkeypatch.setattr(bundles, "_manifest", lambda files: desk.manifest)
    monkeypatch.setattr(bundles, "_check_opened", lambda *said, opens: desk.checked.append(("opened", opens)))
    monkeypatch.setattr(bundles, "_documents", lambda *said: {"documents/x": b"d"})
    monkeypatch.setattr(bundles, "assemble", lambda content, manifest, signer: repr(content).encode())
    head = SimpleNamespace(note=b"note")
    report = SimpleNamespace(reasons=(), verdict=Verdict.PASSED, head=head)
    desk.report = report  # type: ignore[attr-defined]
    monkeypatch.setattr(bundles, "verify", lambda *said, **more: report)
    return desk


def make(office: Office, **more: Any) -> RemoteBundle:
    asked = {"because": None, "legal_basis": ("a",), **more}
    given: Any = office, office, office
    request = BundleWanted(ORDER, "CT", "trial", lambda: "Dina Ilves", **asked)
    return RemoteBundles(*given).make(request, office.ilves.signer("ISS"))


@pytest.mark.parametrize("linked", [False, True])
def test_a_bundle_that_opens_nothing_is_made_without_an_access_entry(linked: bool, office: Office) -> None:
    found = make(office, linked=linked, unwitnessed=linked)
    first, (path, asked, once) = office.asked
    assert first == (f"/v1/orders/{ORDER}/bundle", {"audience": "CT", "linked": "true" if linked else "false"})
    assert (path, len(once)) == (f"/v1/orders/{ORDER}/bundle", 32)
    assert asked == BundleAsked(
        "CT", "trial", office.ilves.key, "ISS", MADE_AT, ["a"], linked=linked, unwitnessed=linked, access=None
    )  # fmt: skip
    assert (found.recorded, found.closed) == (False, office.manifest.withheld_count)
    assert found.data == repr({"entries/1": b"e", "documents/x": b"d"}).encode()
    assert (found.report is office.report, office.heads) == (True, ["head", "later head"])  # type: ignore[attr-defined]
    assert office.checked == [("opened", False)]


@pytest.mark.parametrize("because", [None, "the hearing"])
def test_opened_values_are_said_in_a_signed_access_entry(because: str | None, office: Office) -> None:
    place = AccessPlace(access_of(office.origin), 1, None)
    office.plan |= {"opens": [ORDER], "place": place}
    assert make(office, because=because).recorded
    access = office.asked[1][1].access
    p = open_(access.entry.encode()).payload
    assert (p.kind, p.order, p.seq, p.on) == ("record-accessed", place.order, 1, wire(MADE_AT))
    assert {name: p.public[name] for name in ("view", "purpose_code", "orders")} == {
        "view": "export", "purpose_code": "trial", "orders": [ORDER],
    }  # fmt: skip
    sealed = {each.name: each.value for each in map(parse_disclosure, access.disclosures)}
    reason = f"to make a bundle for CT (court): {because or 'trial'}"
    assert sealed == {"justification": reason, "person": "Dina Ilves"}
    assert office.checked == [("record-accessed", None, Permissions()), ("opened", True)]


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"order": "x"}, "would open other orders"),
        ({"audience": "SP"}, "would open other orders"),
        ({"opens": ["x"]}, "would open other orders"),
        ({"opens": [ORDER]}, "does not say where the access entry belongs"),
        ({"opens": [ORDER], "place": AccessPlace("x", 1, None)}, "does not say where the access entry belongs"),
        ({"opens": [ORDER], "place": AccessPlace("access", 0, None)}, "does not say where the access entry belongs"),
    ],
)
def test_nothing_is_signed_for_a_plan_that_is_another_one(plan: dict[str, Any], says: str, office: Office) -> None:
    if "place" in plan and plan["place"].order == "access":
        plan = {**plan, "place": replace(plan["place"], order=access_of(office.origin))}
    office.plan |= plan
    with pytest.raises(RecordError, match=f"API-FALSE.*{says}"):
        make(office)
    assert len(office.asked) == 1


@pytest.mark.parametrize("linked", [False, True])
def test_a_linked_order_is_opened_only_where_it_is_wanted(
    linked: bool, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "linked", lambda entries: {COMPANION})
    office.plan |= {"opens": [ORDER, COMPANION], "place": AccessPlace(access_of(office.origin), 4, PREV)}
    if linked:
        assert make(office, linked=True).recorded
    else:
        with pytest.raises(RecordError, match="API-FALSE"):
            make(office)


@pytest.mark.parametrize(
    "changed",
    [
        {"log": "log.example"}, {"order": COMPANION}, {"audience": "SP"}, {"purpose": "other"}, {"legal_basis": []},
        {"made_at": "2027-06-01T12:00:01Z"}, {"signer": SignedBy("ab" * 32, "ilves", "ISS", "XO")},
    ],
)  # fmt: skip
def test_a_manifest_of_another_request_is_not_signed(changed: dict[str, Any], office: Office) -> None:
    office.manifest = replace(office.manifest, **changed)
    with pytest.raises(RecordError) as refused:
        make(office)
    assert (refused.value.code, refused.value.says, refused.value.where) == (
        "API-FALSE", "the bundle is not the one that was asked for", MANIFEST,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("seq", "leaf", "false"), [(0, None, False), (1, None, True), (-1, PREV, False), (0, PREV, True), (1, PREV, True)]
)
def test_a_bundle_ends_with_the_entry_that_was_verified_before_or_a_later_one(
    seq: int, leaf: str | None, false: bool, office: Office
) -> None:
    known = office.memory.memory.orders[ORDER]
    office.memory.memory.orders[ORDER] = Seen(known.seq + seq, leaf or known.leaf)
    if not false:
        make(office)
        return
    with pytest.raises(RecordError) as refused:
        make(office)
    assert (
        refused.value.says == f"the bundle ends before entry {known.seq + seq} of the order, which was verified before"
    )
    assert (refused.value.code, refused.value.where) == ("API-FALSE", ORDER)


def test_a_bundle_without_the_order_is_refused(office: Office) -> None:
    office.manifest = replace(office.manifest, heads={})
    with pytest.raises(RecordError, match=r"API-FALSE.*ends before entry"):
        make(office)


@pytest.mark.parametrize(
    ("codes", "unwitnessed", "verdict", "worst"),
    [
        ((), False, Verdict.PASSED, None),
        (("KEY-SUSPECT",), False, Verdict.INDETERMINATE, None),
        (("CP-QUORUM",), True, Verdict.INDETERMINATE, None),
        (("CP-QUORUM",), False, Verdict.INDETERMINATE, "CP-QUORUM"),
        (("KEY-SUSPECT", "NO_TRUST_ANCHOR"), True, Verdict.INDETERMINATE, "NO_TRUST_ANCHOR"),
        (("KEY-SUSPECT",), False, Verdict.FAILED, "KEY-SUSPECT"),
    ],
)
def test_a_bundle_that_does_not_verify_is_not_handed_out(
    codes: tuple[str, ...], unwitnessed: bool, verdict: Verdict, worst: str | None, office: Office
) -> None:
    said: Any = office
    said.report.reasons = tuple(Reason(code, "there", "says so") for code in codes)
    said.report.verdict = verdict
    if worst is None:
        assert make(office, unwitnessed=unwitnessed).report is said.report
        return
    with pytest.raises(RecordError) as refused:
        make(office, unwitnessed=unwitnessed)
    assert (refused.value.code, refused.value.where) == ("API-FALSE", "there")
    assert refused.value.says == f"the bundle does not verify, and is not handed out: {worst}: says so"


@pytest.mark.parametrize("head", [None, SimpleNamespace(note=b"another")])
def test_a_bundle_under_another_head_than_its_answer_is_false(head: Any, office: Office) -> None:
    said: Any = office
    said.report.head = head
    with pytest.raises(RecordError, match=r"API-FALSE.*under another head than the answer"):
        make(office)


def test_an_answer_without_a_bundle_or_a_manifest_is_false(made: tuple[Ledger, Hand]) -> None:
    def answer(bundle: str) -> Any:
        return SimpleNamespace(bundle=bundle)

    data = made[0].bundle(made[1], "CT")
    files = _unpacked(answer(b64encode(data).decode()))
    assert files == unpack(data)
    for wrong in ("no base64!", "AAAA", b64encode(data).decode() + "\n"):
        with pytest.raises(RecordError, match=r"API-FALSE.*no bundle that can be read"):
            _unpacked(answer(wrong))
    assert _manifest(files) == open_manifest(files[MANIFEST])
    for some in ({}, {MANIFEST: b"{}"}):
        with pytest.raises(RecordError, match=r"API-FALSE.*no manifest that can be read") as refused:
            _manifest(some)
        assert refused.value.where == MANIFEST


# -- documents ---------------------------------------------------------------------------------------------------------


def test_a_document_that_an_entry_names_is_added_unless_it_has_changed(
    made: tuple[Ledger, Hand], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = unpack(made[0].bundle(made[1], "CT"))
    manifest = open_manifest(files[MANIFEST])
    seen: list[Any] = []

    def named(entries: Any, audience: str) -> frozenset[str]:
        seen.extend((audience, [entry.kind for entry in entries if entry.order == ORDER]))
        return frozenset((digest, "cd" * 32))

    paper, other = tmp_path / "a.pdf", tmp_path / "b.pdf"
    paper.write_bytes(b"paper")
    digest = sha256(b"paper").hexdigest()
    monkeypatch.setattr(bundles, "documents_named", named)
    request = wanted("CT")
    assert _documents(files, manifest, request) == {}
    assert seen == []
    request = replace(request, documents={digest: paper, "ef" * 32: other})
    assert _documents(files, manifest, request) == {f"documents/{digest}": b"paper"}
    assert seen == ["CT", ["order-supervised", "order-issued"]]
    paper.write_bytes(b"other")
    with pytest.raises(LedgerError) as busy:
        _documents(files, manifest, request)
    assert (busy.value.code, busy.value.says, busy.value.hint) == (
        "BUSY", f"{paper} was written to while it was read", "try again",
    )  # fmt: skip


def test_the_entries_of_a_bundle_have_the_values_that_it_opens(arrived: tuple[World, int]) -> None:
    world, index = arrived
    data = world.here.bundle(world.ilves, "CT", foreign=world.foreign)
    files = unpack(data)
    entries = list(_entries(files, open_manifest(files[MANIFEST])))
    assert [entry.index for entry in entries].count(index) == 2, "the wrapper, and the entry as it counts"
    inner = next(entry for entry in entries if entry.index == index and entry.kind == "data-disclosed")
    assert inner.get("manifest") == VALUES["manifest"]
