"""A server opens for a bundle what was asked for and nothing else, and the bundle has to verify."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")

from comity.remote import bundles
from comity.remote.bundles import BundleWanted, RemoteBundles, _false_if_unreadable, _manifest, _unpacked
from ledger.adapters.keys.key_files import SeedKey
from ledger.entries.envelope import Signer, open_
from ledger.entries.placement import access_of
from ledger.entries.wrapped_entry import KIND as WRAPPER
from ledger.entries.wrapped_entry import VALUES
from ledger.errors import LedgerError, RecordError
from ledger.formats.selective_disclosure import parse_disclosure
from ledger.verify.report import Verdict

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
SIGNER: Any = SimpleNamespace(public=b"p", actor="ilves", role="ISS", party="XO")


class Posted(Exception):
    """The request for the bundle was sent."""


def planned(
    monkeypatch: pytest.MonkeyPatch, *, linked: bool = False, opens: tuple[str, ...] = (), **plan: str
) -> list[Any]:
    """Ask for a bundle of the order a, with which b is linked; return the questions until the bundle is asked for."""
    asked: list[Any] = []

    def get(path: str, form: Any, **query: str) -> Any:
        asked.append((path, query))
        return SimpleNamespace(
            **{"order": "a", "audience": "CT", "opens": list(opens), "head": "head", "place": None, **plan}
        )

    def post(*said: Any) -> Any:
        raise Posted

    made: Any = RemoteBundles.__new__(RemoteBundles)
    made._connection = SimpleNamespace(get=get, post=post)
    memory = SimpleNamespace(memory=SimpleNamespace(orders={"a": "seen"}))
    verifier = SimpleNamespace(memory=memory, head=lambda head: asked.append(head))
    made._reader = SimpleNamespace(
        case=lambda order: SimpleNamespace(entries=()), verifier=verifier, origin="log.example"
    )
    made._access = lambda plan, wanted, signer, now: asked.append("access")
    monkeypatch.setattr(bundles, "linked", lambda entries: ["b"])
    wanted = BundleWanted("a", "CT", "trial", lambda: "Dina", linked=linked)
    monkeypatch.setattr("msgspec.json.encode", lambda asked: b"asked")
    with suppress(Posted):
        made.make(wanted, SIGNER)
    return asked


@pytest.mark.parametrize(
    ("linked", "opens"), [(False, ()), (False, ("a",)), (True, ("a",)), (True, ("a", "b")), (True, ("b",))]
)
def test_the_values_of_the_order_and_of_linked_ones_are_opened_if_they_were_asked_for(
    linked: bool, opens: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"audience": "CT", "linked": "true" if linked else "false"}
    asked = planned(monkeypatch, linked=linked, opens=opens)
    assert asked == [("/v1/orders/a/bundle", query), "head", *(["access"] if opens else [])]


@pytest.mark.parametrize(
    ("linked", "opens", "plan"),
    [
        (False, ("b",), {}),
        (False, ("a", "b"), {}),
        (True, ("c",), {}),
        (False, (), {"order": "b"}),
        (False, (), {"audience": "DEF"}),
    ],
)
def test_a_server_that_would_open_something_else_gets_no_entry(
    linked: bool, opens: tuple[str, ...], plan: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RecordError, match=r"API-FALSE.*would open other orders"):
        planned(monkeypatch, linked=linked, opens=opens, **plan)


def reason(code: str) -> Any:
    return SimpleNamespace(code=code, says=f"says {code}", where=f"at {code}")


@pytest.mark.parametrize(
    ("codes", "verdict", "unwitnessed", "says"),
    [
        ((), Verdict.PASSED, False, None),
        (("KEY-SUSPECT",), Verdict.INDETERMINATE, False, None),
        (("CP-QUORUM",), Verdict.INDETERMINATE, True, None),
        (("CP-QUORUM",), Verdict.INDETERMINATE, False, "CP-QUORUM: says CP-QUORUM"),
        (("KEY-SUSPECT", "CP-OLD"), Verdict.INDETERMINATE, True, "CP-OLD: says CP-OLD"),
        (("KEY-SUSPECT",), Verdict.FAILED, False, "KEY-SUSPECT: says KEY-SUSPECT"),
    ],
)
def test_a_bundle_with_a_doubt_that_the_server_could_have_made_is_not_handed_out(
    codes: tuple[str, ...], verdict: Verdict, unwitnessed: bool, says: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = SimpleNamespace(note=b"note")
    report = SimpleNamespace(reasons=[reason(code) for code in codes], verdict=verdict, head=head)
    monkeypatch.setattr(bundles, "verify", lambda data, trust, *said, **more: report)
    monkeypatch.setattr(bundles.rfc3161, "reader", lambda: None)  # type: ignore[attr-defined]
    made: Any = RemoteBundles.__new__(RemoteBundles)
    made._reader = SimpleNamespace(verifier=SimpleNamespace(head=lambda shown: head, trust="trust"))
    wanted = BundleWanted("a", "CT", "trial", lambda: "Dina", unwitnessed=unwitnessed)
    answer: Any = SimpleNamespace(head="head")
    if says is not None:
        with pytest.raises(RecordError, match=f"API-FALSE.*{says}"):
            made._verified(b"data", answer, wanted, NOW)
        return
    assert made._verified(b"data", answer, wanted, NOW) is report
    for other in (None, SimpleNamespace(note=b"another")):
        report.head = other
        with pytest.raises(RecordError, match="under another head than the answer"):
            made._verified(b"data", answer, wanted, NOW)


def test_what_cannot_be_read_is_false() -> None:
    for text in ("***", "YWJj"):
        answer: Any = SimpleNamespace(bundle=text)
        with pytest.raises(RecordError, match=r"API-FALSE.*no bundle that can be read"):
            _unpacked(answer)
    for files in ({}, {bundles.MANIFEST: b"{"}):  # type: ignore[attr-defined]
        with pytest.raises(RecordError, match=r"API-FALSE.*no manifest that can be read"):
            _manifest(files)
    with (
        pytest.raises(RecordError, match=r"API-FALSE.*the bundle has an entry"),
        _false_if_unreadable(),
    ):
        raise RecordError("SD-BAD", "no")
    with pytest.raises(RecordError, match="its own"), _false_if_unreadable():
        raise RecordError("API-FALSE", "its own")
    with pytest.raises(RecordError, match="a value that cannot be read"), _false_if_unreadable():
        b"\xff".decode()


OPENS = [str(UUID(int=n)) for n in (1, 2)]


def access(place: Any, because: str | None = None) -> tuple[Any, list[Any]]:
    """Return the access entry for a plan, opened, and the values that its disclosures state."""
    key = SeedKey(b"\x01" * 32)
    signer = Signer("ilves", "ISS", "XO", key.public, key.sign)
    checked: list[Any] = []
    made: Any = RemoteBundles.__new__(RemoteBundles)
    made._reader = SimpleNamespace(origin="log.example")
    made._recorder = SimpleNamespace(check_form=lambda fact, *said: checked.append(fact.kind))
    wanted = BundleWanted("a", "CT", "trial", lambda: "Dina", because)
    plan: Any = SimpleNamespace(place=place, opens=OPENS)
    sealed = made._access(plan, wanted, signer, NOW)
    assert checked == ["record-accessed"]
    values = [parse_disclosure(text) for text in sealed.disclosures]
    return open_(sealed.entry.encode()).payload, [(each.name, each.value) for each in values]


ACCESS = access_of("log.example")


@pytest.mark.parametrize("seq", [1, 7])
def test_the_access_entry_says_what_is_opened_for_whom_and_why(seq: int) -> None:
    place = SimpleNamespace(order=ACCESS, seq=seq, prev=None if seq == 1 else "ab" * 32)
    payload, sealed = access(place)
    assert (payload.order, payload.seq, payload.kind) == (ACCESS, seq, "record-accessed")
    public = payload.public
    assert (public["view"], public["purpose_code"], public["orders"]) == ("export", "trial", OPENS)
    said = dict(sealed)
    assert said["person"] == "Dina"
    assert said["justification"].startswith("to make a bundle for CT (")
    assert said["justification"].endswith("): trial")
    assert dict(access(place, because="hearing 7")[1])["justification"].endswith("): hearing 7")


@pytest.mark.parametrize(
    "place",
    [
        None,
        SimpleNamespace(order="another", seq=1, prev=None),
        SimpleNamespace(order=ACCESS, seq=0, prev=None),
        SimpleNamespace(order=ACCESS, seq=-1, prev=None),
    ],
)
def test_an_access_entry_is_signed_for_its_own_order_alone(place: Any) -> None:
    with pytest.raises(RecordError, match=r"API-FALSE.*where the access entry belongs"):
        access(place)


# -- what a bundle opens -----------------------------------------------------------------------------------------------


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a bundle have an entry and a wrapper of an entry elsewhere; a disclosure is the name of its value."""
    plain = SimpleNamespace(payload=SimpleNamespace(public={}, kind="order-issued"), sd=())
    wrapper = SimpleNamespace(payload=SimpleNamespace(public={"envelope": "far"}, kind=WRAPPER), sd=())
    other = SimpleNamespace(payload=SimpleNamespace(public={"envelope": "far"}, kind="order-issued"), sd=())
    entries = {b"plain": plain, b"wrapper": wrapper, b"other": other, b"far": "opened far"}
    monkeypatch.setattr(bundles, "open_", entries.__getitem__)
    monkeypatch.setattr(bundles, "lift", lambda texts, sd, public: tuple(texts))
    monkeypatch.setattr(bundles, "entry_of", lambda o, index, values: ("own", index, values))
    monkeypatch.setattr(bundles, "as_counted", lambda opened, o, index, texts=(): ("counted", index, tuple(texts)))
    monkeypatch.setattr(bundles, "parse_disclosure", lambda text: SimpleNamespace(name=text))
    monkeypatch.setattr(
        bundles, "readable", lambda entry, audience: frozenset({"a", "b"} if entry[0] == "own" else {"c"})
    )
    parts = SimpleNamespace(entries={3: b"plain"}, disclosures={}, foreign={})
    monkeypatch.setattr(bundles, "arrange", lambda files, log, version: parts)
    return parts


MADE: Any = SimpleNamespace(log="log.example", v=1)
WANTED = BundleWanted("a", "CT", "trial", lambda: "Dina")
FAR = f"far{VALUES}"


@pytest.mark.parametrize(
    ("raw", "disclosures", "foreign", "opens", "says"),
    [
        pytest.param(b"plain", None, {}, False, None, id="nothing-opened"),
        pytest.param(b"plain", b"a\nb", {}, True, None, id="what-may-be-read"),
        pytest.param(b"plain", b"a", {}, False, "opens values that the server had not named", id="without-an-access"),
        pytest.param(b"plain", b"a\nz", {}, True, "opens z of entry 3, which its audience may not", id="too-much"),
        pytest.param(b"wrapper", None, {"far": b"far", FAR: b"c"}, False, None, id="of-another-log"),
        pytest.param(b"wrapper", None, {"far": b"far", FAR: b"a"}, False, "opens a of entry 3", id="too-much-of-it"),
        pytest.param(b"wrapper", None, {"far": b"far", FAR: b""}, False, None, id="nothing-of-another-log"),
        pytest.param(b"wrapper", None, {FAR: b"a"}, False, None, id="another-log-without-the-entry"),
        pytest.param(b"wrapper", None, {"far": b"far"}, False, None, id="another-log-without-values"),
        pytest.param(b"other", None, {"far": b"far", FAR: b"a"}, False, None, id="no-wrapper"),
    ],
)
def test_a_bundle_opens_what_its_audience_may_read_and_what_was_named(
    raw: bytes, disclosures: bytes | None, foreign: dict[str, bytes], opens: bool, says: str | None, read: Any
) -> None:
    read.entries[3], read.foreign = raw, foreign
    read.disclosures = {} if disclosures is None else {3: disclosures}
    if says is None:
        bundles._check_opened({}, MADE, WANTED, opens=opens)
        return
    with pytest.raises(RecordError, match=f"API-FALSE.*{says}"):
        bundles._check_opened({}, MADE, WANTED, opens=opens)


@pytest.mark.parametrize(
    ("raw", "foreign", "entries"),
    [
        (b"plain", {"far": b"far"}, [("own", 3, ("a",))]),
        (b"other", {"far": b"far"}, [("own", 3, ("a",))]),
        (b"wrapper", {}, [("own", 3, ("a",))]),
        (b"wrapper", {"far": b"far"}, [("own", 3, ("a",)), ("counted", 3, ())]),
        (b"wrapper", {"far": b"far", FAR: b"c\nd"}, [("own", 3, ("a",)), ("counted", 3, ("c", "d"))]),
    ],
)
def test_the_entries_of_a_bundle_are_its_own_and_those_that_wrappers_carry(
    raw: bytes, foreign: dict[str, bytes], entries: list[Any], read: Any
) -> None:
    read.entries[3], read.foreign, read.disclosures = raw, foreign, {3: b"a"}
    assert list(bundles._entries({}, MADE)) == entries


def test_only_documents_that_an_entry_names_are_added_and_none_that_has_changed(
    read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = sha256(b"one").hexdigest(), sha256(b"two").hexdigest()
    paths = {one: tmp_path / "one", two: tmp_path / "two"}
    for digest, content in ((one, b"one"), (two, b"two")):
        paths[digest].write_bytes(content)
    monkeypatch.setattr(bundles, "documents_named", lambda entries, audience: {one, "ab" * 32} if audience else set())
    wanted = BundleWanted("a", "CT", "trial", lambda: "Dina", documents=paths)
    assert bundles._documents({}, MADE, wanted) == {f"documents/{one}": b"one"}
    assert bundles._documents({}, MADE, WANTED) == {}
    paths[one].write_bytes(b"changed")
    with pytest.raises(LedgerError, match=r"BUSY.*was written to while it was read"):
        bundles._documents({}, MADE, wanted)
