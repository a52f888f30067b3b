"""Connecting takes names or values, remembers heads in a folder, and names what is not installed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY
from uuid import UUID

import pytest
from msgspec import Struct

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

import comity.remote as remote
from comity.remote import ledger as module
from comity.remote.recording import Permissions
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey
from ledger.errors import LedgerError, RecordError
from tests.support.memory_ledger import small

KEY = SeedKey(bytes([1] * 32))
LEDGER, _ = small()
URL = "https://office.example"


def without(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the import of the connection fail because of a module that is not installed."""

    def find_spec(name: str, *_: object) -> None:
        if name == "comity.remote.connection":
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.delitem(sys.modules, "comity.remote.connection", raising=False)
    monkeypatch.setattr(sys, "meta_path", [SimpleNamespace(find_spec=find_spec), *sys.meta_path])


@pytest.mark.parametrize("module", ["httpx", "http_message_signatures"])
def test_a_library_that_is_missing_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(module, monkeypatch)
    with pytest.raises(LedgerError, match=f"NO-HTTP: asking over HTTP needs {module}"):
        remote.connect(URL, key=KEY, trust=LEDGER.trust())


def test_a_module_of_our_own_that_is_missing_is_no_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    without("comity.remote.memory", monkeypatch)
    with pytest.raises(ModuleNotFoundError):
        remote.connect(URL, key=KEY, trust=LEDGER.trust())


def test_key_and_trust_are_read_from_files_or_taken_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "trust"
    files.mkdir()
    for name, content in LEDGER.trust_files().items():
        (files / name).write_bytes(content)
    opened: list[str] = []

    def open_key(file: str) -> SeedKey:
        opened.append(file)
        return KEY

    monkeypatch.setattr(remote, "open_key", open_key)
    monkeypatch.setattr(Home, "user", lambda: Home(tmp_path / "config", tmp_path / "state"))
    with remote.connect("http://office.example", key=KEY, trust=LEDGER.trust(), state=tmp_path / "heads") as one:
        assert opened == []
    with remote.connect(URL, key=tmp_path / "key", trust=files) as two:
        assert opened == [str(tmp_path / "key")]
        assert two._verifier.origin == one._verifier.origin == LEDGER.origin


# -- the ledger behind a server ----------------------------------------------------------------------------------------

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    made: Any = remote.connect("http://office.example", key=KEY, trust=LEDGER.trust(), state=tmp_path)
    return made


def test_entries_of_a_server_count_from_0(ledger: Any) -> None:
    ledger.reader = SimpleNamespace(entries=lambda after: f"from {after}", head=head_of(7))
    assert (ledger.entries(), ledger.entries(3), ledger.size()) == ("from 0", "from 3", 7)
    with pytest.raises(ValueError, match="after=-1: indexes count from 0"):
        ledger.entries(-1)


def head_of(size: int) -> Any:
    return lambda: SimpleNamespace(checkpoint=SimpleNamespace(size=size))


def test_orders_that_began_later_are_left_out_and_duties_are_sorted(
    ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def case(name: str, begins: datetime) -> Any:
        return SimpleNamespace(
            name=name, known=lambda moment: SimpleNamespace(name=name, entries=moment >= begins, at=moment)
        )

    cases = [case("early", NOW), case("late", NOW + timedelta(days=1))]
    ledger.reader = SimpleNamespace(listed=lambda: iter(cases))
    monkeypatch.setattr(module, "judge", lambda case, moment: (case.name, moment))
    monkeypatch.setattr(module, "view", lambda known, judged: (known.name, known.at, *judged))
    monkeypatch.setattr(module, "due", lambda judged, moment: [(judged, moment)])
    monkeypatch.setattr(module, "soonest_first", lambda duties: sorted(duties, reverse=True))
    assert list(ledger.orders(NOW)) == [("early", NOW, "early", NOW)]
    assert len(list(ledger.orders(NOW + timedelta(days=1)))) == 2
    assert ledger.due(NOW) == [(("late", NOW), NOW), (("early", NOW), NOW)]


def test_a_moment_has_a_zone_and_is_now_without_one(ledger: Any) -> None:
    there = ledger._moment(NOW.astimezone(timezone(timedelta(hours=2))))
    assert (there, there.tzinfo) == (NOW, UTC)
    assert ledger._moment(None).microsecond == 0
    assert abs(ledger._moment(None) - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(ValueError, match="has no time zone"):
        ledger._moment(NOW.replace(tzinfo=None))


class Recorder:
    """A recorder that says what it was asked."""

    def record(self, *said: Any) -> Any:
        return said

    def preview(self, *said: Any) -> Any:
        return said

    def signer(self, kind: str, role: str | None) -> str:
        return f"{kind} as {role}"


@pytest.fixture
def asked(ledger: Any) -> Any:
    ledger.recorder = Recorder()
    ledger.order = lambda name: SimpleNamespace(id=f"id of {name}")
    ledger.reader = SimpleNamespace(
        registry="registry", case=lambda order: f"case of {order}", new_case=lambda order: f"new {UUID(order).version}",
        proven=lambda order: f"proven {order}",
    )  # fmt: skip
    return ledger


@pytest.mark.parametrize(
    ("order", "place"), [(None, None), ("register", "registry"), ("PPO-1", "id of PPO-1"), ("", "id of ")]
)
def test_an_entry_is_recorded_in_the_named_order_the_register_or_a_new_one(
    order: str | None, place: str | None, asked: Any
) -> None:
    kind, fields, where, said, role, without, entry = asked.record(
        "order-received", {"a": 1}, order, role="CT", on=NOW, speaks="import", whose="orn", on_source="other-party",
        replaces="ab", why="a slip", unless="condition", unregistered=True, entry="id",
    )  # fmt: skip
    assert (kind, fields, where, role, entry) == ("order-received", {"a": 1}, place, "CT", "id")
    assert (said.on, said.speaks, said.whose, said.on_source) == (NOW, "import", "orn", "other-party")
    assert (said.replaces, said.why, said.unless) == ("ab", "a slip", "condition")
    assert without == Permissions(unregistered=True, lookalike=False)
    plain = asked.record("order-received", {}, order, lookalike=True)
    assert (plain[3].speaks, plain[3].on_source, plain[4], plain[6]) == ("act", "own-act", None, None)
    assert plain[5] == Permissions(unregistered=False, lookalike=True)


def test_a_preview_is_of_an_order_or_of_a_new_one(asked: Any) -> None:
    assert asked.preview("k", {}, "PPO-1", role="CT")[2:] == ("case of id of PPO-1", ANY, "CT")
    kind, fields, case, said, role = asked.preview("k", {"a": 1}, on=NOW, speaks="import", whose="orn")
    assert (kind, fields, case, role) == ("k", {"a": 1}, "new 4", None)
    assert (said.on, said.speaks, said.whose, said.on_source) == (NOW, "import", "orn", "own-act")


def test_a_key_is_accepted_in_the_register(asked: Any) -> None:
    kind, fields, where, *_ = asked.accept_key()
    assert (kind, fields, where) == ("key-accepted", {"key": KEY.public.hex()}, "registry")
    assert asked.proven("o") == "proven o"
    assert asked._case("o", reveal=True) == "case of o"


@pytest.mark.parametrize("documents", [None, {"ab": Path("a.pdf")}])
def test_a_bundle_is_asked_for_with_what_was_said(
    documents: dict[str, Path] | None, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    class Bundles:
        def __init__(self, *given: Any) -> None:
            assert given == (asked.connection, asked.reader, asked.recorder)

        def make(self, wanted: Any, signer: str) -> Any:
            made.append((wanted, signer))
            return SimpleNamespace(data=b"zip")

    monkeypatch.setattr("comity.remote.bundles.RemoteBundles", Bundles)
    more = {"because": "why", "role": "ISS", "legal_basis": ["a"], "linked": True, "unwitnessed": True}
    assert asked.export("PPO-1", "CT", purpose="trial", person="Dina", documents=documents, **more) == b"zip"
    assert asked.export("PPO-1", "CT", purpose="trial", person="Dina") == b"zip"
    (full, signer), (plain, other) = made
    assert (full.order, full.audience, full.purpose, full.person()) == ("id of PPO-1", "CT", "trial", "Dina")
    assert (full.because, full.legal_basis, full.linked, full.unwitnessed) == ("why", ("a",), True, True)
    assert (full.documents, signer) == (documents or {}, "record-accessed as ISS")
    assert (plain.because, plain.legal_basis, plain.linked, plain.unwitnessed) == (None, (), False, False)
    assert (plain.documents, other) == ({}, "record-accessed as None")


class Named(Struct):
    """The line of an order."""

    order: str


class Says(Struct):
    """What a server says of an order."""

    order: Named
    word: str


@pytest.mark.parametrize("rules", ["ours", "theirs"])
@pytest.mark.parametrize("says", ["same", "other"])
def test_what_a_server_says_of_an_order_is_computed_again_under_the_same_rules(
    rules: str, says: str, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = SimpleNamespace(size=9)
    stated = Says(Named("order-1"), says)
    answer = SimpleNamespace(head=head, entries=["e"], committed=None, rules=rules, says=stated, as_of=NOW)
    taken: list[Any] = []

    def take(order: str, shown: Any) -> str:
        taken.append((order, shown.head, shown.order, shown.entries))
        return "case"

    ledger._connection = SimpleNamespace(get=lambda path, form: answer)
    ledger.reader = SimpleNamespace(
        find=lambda name: "order-1", take=take, case_at=lambda order, size: f"{order} at {size}"
    )
    monkeypatch.setattr(module, "rules_digest", lambda: "ours")
    monkeypatch.setattr(module, "is_named", lambda name, case: name == "PPO-1")
    right = ("order-1 at 9", NOW)
    monkeypatch.setattr(
        module, "statements", lambda case, at: Says(Named("order-1"), "same" if (case, at) == right else "")
    )
    if (rules, says) == ("ours", "other"):
        with pytest.raises(RecordError, match=r"API-FALSE.*does not follow from its entries"):
            ledger.order("PPO-1")
    else:
        assert ledger.order("PPO-1").id == "order-1"
    assert taken == [("order-1", head, "order-1", ["e"])]
    with pytest.raises(RecordError) as refused:
        ledger.order("PPO-2")
    assert refused.value.says == "the server shows order order-1, and its entries do not state the name 'PPO-2'"
    assert (refused.value.code, refused.value.hint) == ("API-FALSE", "give the id of the order")
