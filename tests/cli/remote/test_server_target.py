"""What a command has recorded at a server counts in the same command, and who signs is who the register says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")

from cli.exit_codes import Exit, Stop
from cli.remote import server_target
from cli.remote.server_target import ServerTarget, _held, _instrument
from ledger.application.record_fact import RecordPlan
from ledger.entries.envelope import Circumstances
from ledger.errors import LedgerError
from tests.support.story_files import cases

CASE = cases("S1")["main"]
LAST = CASE.entries[-1]
KEY = b"\xab" * 32
NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


class Keyring:
    def __init__(self) -> None:
        self.checked: list[Any] = []
        self.offices = {
            "ilves": SimpleNamespace(roles=("ISS", "CT"), party="XO"),
            "skylark": SimpleNamespace(roles=("SP",), party="XV"),
        }
        self.keys: dict[str, Any] = {
            KEY.hex(): SimpleNamespace(actor="ilves", public=KEY.hex(), accepted=4, roles=("ISS",))
        }

    def check_key(self, signed: Any, size: int, *, accepts: bool) -> None:
        self.checked.append((signed.actor, signed.role, signed.party, size, accepts))

    def check_role(self, signed: Any, size: int) -> None:
        self.checked.append(("role", signed.role))


class Reader:
    url, origin = "https://office.example", "log.example"

    def __init__(self) -> None:
        self.known = Keyring()
        self.ledger = SimpleNamespace(
            recorder=SimpleNamespace(), key=SimpleNamespace(public=KEY, sign=lambda text: b"s"),
            reader=SimpleNamespace(registry="registry", verifier=SimpleNamespace(size=40)),
        )  # fmt: skip

    def keyring(self) -> Keyring:
        return self.known

    def case(self, order: str) -> Any:
        assert order == CASE.order
        return CASE

    def register(self) -> Any:
        return CASE.registry

    def orders_read(self) -> set[str]:
        return {CASE.order}

    def placed(self, order: str) -> list[Any]:
        return []

    def now(self) -> datetime:
        return NOW


@pytest.fixture
def target() -> Any:
    reader: Any = Reader()
    return ServerTarget(reader)


def entry(leaf: str, seq: int, order: str = CASE.order) -> Any:
    from msgspec.structs import replace

    return replace(LAST, leaf=leaf, seq=seq, order=order)


def test_an_entry_that_was_just_recorded_is_in_its_order_once(target: Any) -> None:
    assert target.case(CASE.order) is CASE
    target._stored = entry("new", 9)
    assert [e.leaf for e in target.case(CASE.order).entries] == [*(e.leaf for e in CASE.entries), "new"]
    target._stored = LAST
    assert target.case(CASE.order) is CASE, "the server shows it already"
    target._stored = entry("first", 1)
    assert [e.leaf for e in target.case(CASE.order).entries] == ["first"], "the server does not know the order yet"
    target._stored = entry("elsewhere", 1, "order-2")
    assert target.case(CASE.order) is CASE


def test_an_entry_of_the_register_is_in_it_once(target: Any) -> None:
    assert target.register() == CASE.registry
    target._stored = entry("new", 9)
    assert target.register() == CASE.registry
    target._stored = entry("new", 9, "registry")
    assert [e.leaf for e in target.register()] == [*(e.leaf for e in CASE.registry), "new"]
    target._stored = entry(CASE.registry[0].leaf, 1, "registry")
    assert target.register() == CASE.registry


@pytest.mark.parametrize(
    ("kind", "actor", "role", "signs"),
    [
        ("order-issued", None, None, ("ilves", "ISS", "XO")),
        ("order-issued", "ilves", "CT", ("ilves", "CT", "XO")),
        ("order-received", "skylark", None, ("skylark", "SP", "XV")),
        ("no-such-kind", "skylark", None, ("skylark", "SP", "XV")),
    ],
)
def test_the_office_of_the_key_signs_in_the_role_that_fits(
    kind: str, actor: str | None, role: str | None, signs: tuple[str, ...], target: Any
) -> None:
    found = target.signer(kind, actor, role, None)
    assert (found.actor, found.role, found.party, found.public) == (*signs, KEY)
    assert target.reader.known.checked == [(*signs, 40, False), ("role", signs[1])]


def test_an_office_that_is_not_registered_or_could_sign_in_two_roles_is_refused(target: Any) -> None:
    with pytest.raises(Stop, match="no office 'lind' in the register") as stopped:
        target.signer("order-issued", "lind", None, None)
    assert stopped.value.hint == "there are ilves, skylark"
    with pytest.raises(Stop, match="ilves could sign no-such-kind as ISS or CT"):
        target.signer("no-such-kind", None, None, None)
    target.reader.known.keys.clear()
    with pytest.raises(Stop, match="no office '' in the register"):
        target.signer("order-issued", None, None, None)


def test_a_key_that_waits_is_accepted_by_its_holder(target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "record", lambda plan: plan)
    with pytest.raises(Stop, match="no key of ilves waits to be accepted"):
        target.accept("ilves")
    target.reader.known.keys = {
        "cd" * 32: SimpleNamespace(actor="ilves", public="cd" * 32, accepted=None, roles=("CT",))
    }
    with pytest.raises(Stop, match="is not the one that was enrolled for ilves") as stopped:
        target.accept("ilves")
    assert stopped.value.code is Exit.REFUSED
    target.reader.known.keys[KEY.hex()] = SimpleNamespace(
        actor="ilves", public=KEY.hex(), accepted=None, roles=("CT", "ISS")
    )
    draft = target.accept("ilves").draft
    assert (draft.fact.kind, draft.order, draft.signer.role) == ("key-accepted", "registry", "CT")
    assert target.reader.known.checked[0] == ("ilves", "CT", "XO", 40, True)
    with pytest.raises(Stop, match="no key of skylark waits"):
        target.accept("skylark")


# -- checked before it is signed ---------------------------------------------------------------------------------------


@pytest.fixture
def checked(target: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what was checked of drafts, in its order."""
    asked: list[Any] = []

    def findings(fact: Any, case: Any, *more: Any) -> tuple[str]:
        asked.append(("law", case.order, len(case.entries)))
        return ("found",)

    target._recorder.check_form = lambda fact, said, order, without: asked.append(("form", order, without))
    target._recorder.findings = findings
    target._recorder.recorded = lambda *said: "placed" if said[-1] == "ab" * 16 else None
    monkeypatch.setattr(
        server_target, "check_unsigned", lambda fact, place, *more: asked.append(("place", place.order))
    )
    monkeypatch.setattr(server_target, "public_of", lambda fact: {})
    return asked


def prepared(target: Any, case: Any, order: str = CASE.order, given: str | None = None, **more: Any) -> Any:
    made = draft(order, given)
    made.subjects = more.pop("subjects", {})
    made.said = SimpleNamespace(why=None, replaces=None, audience=None, on=NOW, signed_at=NOW)
    return target.prepare(made, case, **{"unregistered": False, "lookalike": False, **more})


def test_the_names_of_a_draft_may_be_those_of_its_order_and_a_new_order_has_none(
    target: Any, checked: list[Any]
) -> None:
    from comity.remote.recording import Permissions

    plan = prepared(target, CASE, lookalike=True)
    assert (tuple(plan.findings), plan.recorded) == (("found",), False)
    law = ("law", CASE.order, len(CASE.entries))
    assert checked == [("form", CASE.order, Permissions(False, True)), ("place", CASE.order), law]
    checked.clear()
    prepared(target, None, "new", unregistered=True)
    assert checked == [("form", None, Permissions(True, False)), ("place", "new"), ("law", "new", 0)]


def test_the_law_finds_nothing_in_the_register_and_nothing_is_checked_of_what_is_on_record(
    target: Any, checked: list[Any]
) -> None:
    assert tuple(prepared(target, None, "registry").findings) == ()
    assert [what for what, *_ in checked] == ["form", "place"]
    checked.clear()
    assert prepared(target, CASE, given="ab" * 16).recorded
    assert checked == []
    assert not prepared(target, CASE, given="cd" * 16).recorded


def test_whose_data_they_are_is_said_where_the_keys_are(target: Any, checked: list[Any]) -> None:
    with pytest.raises(LedgerError, match="FOLDER-ONLY: --subject"):
        prepared(target, CASE, subjects={"identifiers": "witness 5"})
    assert checked == []


# -- sending -----------------------------------------------------------------------------------------------------------


def draft(order: str = CASE.order, given: str | None = None) -> Any:
    said = SimpleNamespace(why=None, replaces=None, audience=None)
    fact = SimpleNamespace(kind="order-received")
    return SimpleNamespace(order=order, entry=given, fact=fact, said=said, signer="signer", instrument="EPOC")


@pytest.fixture
def sending(target: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what was sent; the server answers with a receipt, or with what `target.fault` is."""
    sent: list[Any] = []
    receipt = SimpleNamespace(leaf="leaf", index=41, seq=9, order=CASE.order)

    def answer(*said: Any) -> Any:
        sent.append(said)
        if getattr(target, "fault", None):
            raise target.fault
        return receipt

    target._recorder.add = lambda *said: answer("add", *said[1:3], said[5])
    target._recorder.begin = lambda *said: answer("begin", said[1], said[2], said[6])
    target._recorder.again = lambda placed: answer("again", placed)
    monkeypatch.setattr(target, "preview", lambda of: LAST)
    monkeypatch.setattr(server_target, "public_of", lambda fact: {})
    return sent


@pytest.mark.parametrize(
    ("order", "given", "sent"),
    [
        (CASE.order, "my id", ("add", CASE.order, "signer", "my id")),
        ("registry", "my id", ("add", "registry", "signer", "my id")),
        ("new", "my id", ("begin", "new", "EPOC", "my id")),
    ],
)
def test_a_draft_is_added_to_an_order_that_was_read_or_begins_one(
    order: str, given: str, sent: tuple[str, ...], target: Any, sending: list[Any]
) -> None:
    assert target.record(RecordPlan(draft(order, given))).index == 41
    assert sending == [sent]
    assert (target._stored.leaf, target._stored.seq, target._stored.index) == ("leaf", 9, 41)


WHO = {"why": ["ISS"], "identifiers": ["CT"]}


@pytest.mark.parametrize(
    ("why", "replaces", "audience", "completed"),
    [
        pytest.param("a slip", "old", None, {"why": ["EA"]}, id="replaces-with-a-reason"),
        pytest.param("a slip", "old", {"identifiers": ["CT"]}, {"identifiers": ["CT"], "why": ["EA"]}, id="adds"),
        pytest.param("a slip", "old", WHO, WHO, id="readers-were-named"),
        pytest.param("a slip", None, None, None, id="replaces-nothing"),
        pytest.param(None, "old", None, None, id="without-a-reason"),
        pytest.param("a slip", "unknown", {"identifiers": ["CT"]}, {"identifiers": ["CT"]}, id="not-in-the-order"),
    ],
)
def test_who_may_read_why_an_entry_is_replaced_is_added_where_nobody_was_named(
    why: str | None, replaces: str | None, audience: Any, completed: Any, target: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = [(n, SimpleNamespace(leaf=leaf, payload=f"payload of {leaf}")) for n, leaf in enumerate(("first", "old"))]
    monkeypatch.setattr(target.reader, "placed", lambda order: placed if order == CASE.order else [])
    monkeypatch.setattr(server_target, "readers", lambda payload: {"payload of old": ["EA"]}[payload])
    made = draft()
    made.said = Circumstances(NOW, NOW, why=why, replaces=replaces, audience=audience)
    found = target._complete(made)
    assert (found.audience, found.why, found.replaces, found.on) == (completed, why, replaces, NOW)


def test_without_an_answer_the_id_is_named_by_which_it_is_repeated(target: Any, sending: list[Any]) -> None:
    target.fault = LedgerError("HTTP-SILENT", "it is silent", "its hint")
    with pytest.raises(LedgerError) as found:
        target.record(RecordPlan(draft()))
    assert f"--id {target.entry_id()} records it once" in found.value.hint
    target.fault = LedgerError("NO-HTTP", "no extra", "its hint")
    with pytest.raises(LedgerError) as found:
        target.record(RecordPlan(draft()))
    assert found.value.hint == "its hint"
    assert target._stored is None


def test_what_is_on_record_is_not_sent_again(target: Any, sending: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_on_record", lambda of: "placed")
    target.record(RecordPlan(draft(), recorded=True))
    assert sending == [("again", "placed")]
    assert target._stored is None
    sending.clear()
    target.record(RecordPlan(draft()))
    assert sending[0][0] == "add"


def test_the_instrument_is_that_of_the_fact_else_the_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for public, instrument in (({"instrument": "2AP-7"}, "2AP-7"), ({}, "EPOC")):
        monkeypatch.setattr(server_target, "public_of", lambda fact, said=public: said)
        assert _instrument(draft()) == instrument


@pytest.mark.parametrize(("here", "current"), [(True, True), (False, True), (True, False)])
def test_the_key_of_an_office_is_the_one_here_that_may_sign(
    here: bool, current: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    monkeypatch.setattr(server_target, "Home", SimpleNamespace(user=lambda: SimpleNamespace(keys=Path("keys"))))
    monkeypatch.setattr(server_target, "listed", lambda folder: {"a": b"\xcd" * 32} | ({"mine": KEY} if here else {}))
    monkeypatch.setattr(server_target, "open_key", lambda path, secret: f"opened {path}")
    keys = [SimpleNamespace(public=KEY.hex())] if current else []
    keyring: Any = SimpleNamespace(current=lambda actor: keys)
    secret: Any = None
    if here and current:
        found: Any = _held(keyring, "ilves", secret)
        assert found == "opened keys/mine"
        return
    with pytest.raises(Stop) as stopped:
        _held(keyring, "ilves", secret)
    lacks = "no key here (keys)" if current else "no key that may sign now"
    assert (stopped.value.message, stopped.value.code) == (f"ilves has {lacks}", Exit.UNDECIDABLE)


@pytest.mark.parametrize(
    ("key_file", "actor", "asking", "keys"),
    [
        pytest.param(None, None, "ilves", [None], id="nobody-is-named"),
        pytest.param(None, "ilves", "ilves", [None], id="the-key-of-the-office-asks"),
        pytest.param(None, "ilves", "skylark", [None, "key of ilves"], id="the-key-of-another-office-asks"),
        pytest.param(None, "ilves", None, [None, "key of ilves"], id="the-key-of-no-office-asks"),
        pytest.param(None, "lind", "ilves", [None], id="no-such-office"),
        pytest.param(None, "lind", None, [None], id="no-such-office-and-no-key"),
        pytest.param("my.key", "ilves", "skylark", ["my.key"], id="the-key-is-named"),
    ],
)
def test_the_key_of_the_named_office_signs_unless_a_file_is_named(
    key_file: str | None, actor: str | None, asking: str | None, keys: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    @contextmanager
    def connected(url: str, secret: Any, key: Any, actor: str | None = None) -> Iterator[Any]:
        opened.append(key)
        yield SimpleNamespace(
            n=len(opened), key=SimpleNamespace(public=KEY), recorder=None, reader=SimpleNamespace(registry="r")
        )
        opened.append("closed")

    known: Any = Keyring()
    known.keys = {KEY.hex(): SimpleNamespace(actor=asking)} if asking else {}

    class Read:
        origin = "log.example"

        def __init__(self, url: str, ledger: Any) -> None:
            self.url, self.ledger = url, ledger

        def keyring(self) -> Any:
            return known

    monkeypatch.setattr(server_target, "connected", connected)
    monkeypatch.setattr(server_target, "RemoteReader", Read)
    monkeypatch.setattr(server_target, "_held", lambda keyring, actor, secret: f"key of {actor}")
    secret: Any = None
    with server_target.recording_served("https://office.example", secret, actor, key_file) as found:
        assert opened == keys
        assert found.reader.ledger.n == len(keys), "the last connection is used"  # type: ignore[attr-defined]
    assert opened == [*keys, *["closed"] * len(keys)]


def test_names_of_stories_and_of_data_subjects_stay_in_the_folder(target: Any) -> None:
    assert (target.entry_labels("main"), target.newest_foreign("order", None)) == ({}, None)
    assert (target.same_subjects(draft()), target.similar_subjects(draft())) == ([], [])
    assert (target.now(), target.origin, target.registry) == (NOW, "log.example", "registry")
    assert len(target.entry_id()) == 32
    assert target.entry_id() == target.entry_id() != ServerTarget(target.reader).entry_id()
