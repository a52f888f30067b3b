"""An entry is the one that was sent if every statement of it is; a client sends again only what others came before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

pytest.importorskip("httpx", reason="needs the extra `server`")

from comity.remote import recording
from comity.remote.connection import Refused
from comity.remote.recording import (
    Permissions,
    RemoteRecorder,
    _asked,
    _fact,
    _instrument,
    _states,
    check_kind,
    circumstances,
)
from ledger.adapters.storage.entry_store import Conflict
from ledger.entries.envelope import Circumstances
from ledger.entries.payload import Condition
from ledger.errors import RecordError
from ledger.facts import WHY, kind_of
from server.documents import ReceiptItem

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=1)
FIELDS = {"addressee": "skylark", "channel": "mail"}
SAID = Circumstances(BEFORE, NOW)
SIGNER: Any = SimpleNamespace(actor="ilves", role="ISS")


def wire(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def payload(**changed: Any) -> Any:
    said: dict[str, Any] = {
        "kind": "order-transmitted", "public": {**FIELDS, "_sd": ["x"]}, "sealed": {}, "signer": SIGNER,
        "speaks": "act", "whose": None, "replaces": None, "unless": UNSET, "on": wire(BEFORE), "signed_at": wire(NOW),
    }  # fmt: skip
    return SimpleNamespace(**{**said, **changed})


def same(of: Any, said: Circumstances = SAID, kind: str = "order-transmitted", **fields: Any) -> bool:
    return _states(of, _fact(kind, {**FIELDS, **fields}), SIGNER, said)


def test_an_entry_that_says_all_that_was_stated_is_the_same() -> None:
    assert same(payload())
    assert same(payload(sealed={"more": "d"})), "what else it seals cannot be compared"


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "order-received"},
        {"public": {"addressee": "harbor", "channel": "mail"}},
        {"public": {"addressee": "skylark"}},
        {"signer": SimpleNamespace(actor="orn", role="ISS")},
        {"signer": SimpleNamespace(actor="ilves", role="CT")},
        {"speaks": "import"},
        {"whose": "orn"},
        {"replaces": "ab" * 32},
        {"unless": Condition(4, ["order-1"], ["order-closed"])},
        {"on": wire(NOW)},
    ],
)
def test_an_entry_that_says_something_else_is_another_one(changed: dict[str, Any]) -> None:
    assert not same(payload(**changed))


def test_what_is_sealed_is_compared_by_its_name() -> None:
    corrected = replace(SAID, replaces="ab" * 32, why="a slip")
    assert not same(payload(replaces="ab" * 32), corrected)
    assert same(payload(replaces="ab" * 32, sealed={WHY.name: "digest"}), corrected)


def test_an_act_of_the_present_moment_may_be_signed_again_later() -> None:
    now = Circumstances(NOW, NOW)
    later = payload(on=wire(BEFORE), signed_at=wire(BEFORE))
    assert same(later, now), "both times it was an act of the moment of signing"
    assert not same(payload(on=wire(BEFORE), signed_at=wire(NOW)), now)
    assert not same(later, Circumstances(NOW, NOW + timedelta(seconds=1)))


def test_the_position_of_a_condition_may_have_moved() -> None:
    one, moved = Condition(4, ["order-1"], ["order-closed"]), Condition(9, ["order-1"], ["order-closed"])
    assert same(payload(unless=one), replace(SAID, unless=moved))
    for other in (Condition(4, ["order-2"], ["order-closed"]), Condition(4, ["order-1"], ["order-issued"]), None):
        assert not same(payload(unless=one), replace(SAID, unless=other))
    assert (_asked(None), _asked(one)) == (None, (["order-1"], ["order-closed"]))


def test_the_moment_of_an_act_is_given_or_now() -> None:
    made = circumstances(BEFORE, speaks="import")
    assert (made.on, made.speaks) == (BEFORE, "import")
    assert made.signed_at.microsecond == 0
    assert circumstances(None).on == circumstances(None).on.replace(microsecond=0)


def test_a_kind_that_is_recorded_where_the_ledger_is_is_refused() -> None:
    check_kind("order-transmitted")
    with pytest.raises(RecordError):
        check_kind("record-accessed")
    assert [_instrument(each) for each in ({"instrument": "EPOC"}, {}, {"instrument": 3})] == ["EPOC", None, None]


# -- sending -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(recording, "time", SimpleNamespace(sleep=lambda seconds: None))
    made: Any = RemoteRecorder.__new__(RemoteRecorder)
    keyring = SimpleNamespace(registry="registry", keys={"key": SimpleNamespace(roles=("VAL", "ISS"))})
    made._verifier = SimpleNamespace(origin="log.example", keyring=keyring, register=[], receipt=lambda item: b"proof")
    made._key = SimpleNamespace(public=b"p", sign=None)
    return made


def caller(*roles: str, accepted: bool = True) -> Any:
    return lambda: SimpleNamespace(actor="ilves", roles=roles, accepted=accepted, key="key", party="XO")


@pytest.mark.parametrize(
    ("roles", "accepted", "role", "signs"),
    [
        (("ISS", "CT"), True, None, "ISS"),
        (("ISS", "CT"), True, "CT", "CT"),
        ((), False, None, "ISS"),  # it accepts itself, in the first role of its key that may
        (("CT",), True, None, None),
    ],
)
def test_the_holder_of_the_key_signs_in_the_role_that_fits(
    roles: tuple[str, ...], accepted: bool, role: str | None, signs: str | None, recorder: Any
) -> None:
    recorder._reader = SimpleNamespace(caller=caller(*roles, accepted=accepted))
    if signs is None:
        with pytest.raises(ValueError, match="ilves could sign order-issued as no role"):
            recorder.signer("order-issued", role)
        return
    found = recorder.signer("order-issued", role)
    assert (found.actor, found.role, found.party, found.public) == ("ilves", signs, "XO", b"p")


def test_a_new_key_accepts_itself_in_the_first_role_that_may(recorder: Any) -> None:
    fitting = [role for role in kind_of("key-accepted").signers if role in ("VAL", "ISS")]
    assert len(fitting) == 2
    recorder._reader = SimpleNamespace(caller=caller(accepted=False))
    assert recorder.signer("key-accepted", None).role == fitting[0]
    assert recorder.signer("key-accepted", fitting[1]).role == fitting[1]
    recorder._reader = SimpleNamespace(caller=caller("VAL", "ISS"))
    with pytest.raises(ValueError, match=f"ilves could sign key-accepted as {fitting[0]} or {fitting[1]}: role="):
        recorder.signer("key-accepted", None)


@pytest.mark.parametrize("code", ["CTX-CHAIN", "CONFLICT"])
def test_an_entry_that_others_came_before_is_sealed_again(
    code: str, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[int] = []

    def following(order: str) -> int:
        places.append(len(places))
        return places[-1]

    def send(refused: int, code: str) -> Any:
        def sends(sealed: Any, place: int, entry: str, without: Any) -> Any:
            if place < refused:
                raise RecordError(code, "others came first")
            return (sealed, place, entry, without)

        return sends

    monkeypatch.setattr(recording, "seal", lambda fact, place, *said: f"sealed at {place}")
    recorder._next = following
    given = ("fact", "order-1", "signer", "said", Permissions(), "id")
    recorder._send = send(recording._TRIES - 1, code)
    assert recorder.add(*given) == (f"sealed at {recording._TRIES - 1}", recording._TRIES - 1, "id", Permissions())
    places.clear()
    recorder._send = send(recording._TRIES, code)
    with pytest.raises(RecordError, match=code):
        recorder.add(*given)
    assert len(places) == recording._TRIES
    places.clear()
    recorder._send = send(1, "API-FALSE")
    with pytest.raises(RecordError, match="API-FALSE"):
        recorder.add(*given)
    assert len(places) == 1


def receipt(**changed: Any) -> Any:
    return ReceiptItem(
        **{
            "index": 9,
            "leaf": "leaf" * 4,
            "entry": "id",
            "order": "order-1",
            "seq": 3,
            "already": False,
            "proof": "p",
            **changed,
        }
    )


@pytest.mark.parametrize(
    ("receipts", "says"),
    [
        ([receipt()], None),
        ([receipt(already=True, index=4)], None),
        ([], "0 receipts for one entry"),
        ([receipt(), receipt()], "2 receipts for one entry"),
        *(
            ([receipt(**{name: value})], "of another entry")
            for name, value in (("leaf", "x"), ("entry", "x"), ("order", "x"), ("seq", 4))
        ),
    ],
)
def test_a_receipt_is_of_the_entry_that_was_sent(receipts: list[Any], says: str | None, recorder: Any) -> None:
    sent: list[Any] = []

    def post(path: str, form: Any, body: bytes, once: str) -> Any:
        sent.append((path, once))
        return SimpleNamespace(receipts=receipts)

    recorder._connection = SimpleNamespace(post=post)
    sealed: Any = SimpleNamespace(raw=b"raw", leaf="leaf" * 4, disclosures=[SimpleNamespace(text="t")])
    place: Any = SimpleNamespace(order="order-1", seq=3)
    if says is not None:
        with pytest.raises(RecordError, match=f"API-FALSE.*{says}"):
            recorder._send(sealed, place, "id", Permissions())
        return
    found = recorder._send(sealed, place, "id", Permissions())
    assert sent == [("/v1/entries", f"id-{'leaf' * 4}")]
    assert (found.index, found.leaf, found.already, found.proof) == (
        receipts[0].index, "leaf" * 4, receipts[0].already, b"proof",
    )  # fmt: skip


def placed(entry: str, **changed: Any) -> Any:
    return 7, SimpleNamespace(payload=SimpleNamespace(**{**vars(payload(**changed)), "entry": entry}))


def test_an_id_that_is_on_record_is_found_and_another_fact_under_it_is_a_conflict(recorder: Any) -> None:
    asked: list[str] = []

    def case(order: str) -> None:
        asked.append(order)
        if order == "gone":
            raise Refused("API-MISSING", "no")
        if order == "slow":
            raise Refused("API-SLOW", "later")

    mine, theirs = placed("mine"), placed("theirs", speaks="import")
    recorder._reader = SimpleNamespace(
        case=case, placed=lambda order: [mine, theirs], register=lambda: asked.append("register")
    )
    fact = _fact("order-transmitted", FIELDS)
    assert recorder.recorded(fact, "order-1", SIGNER, SAID, "mine") is mine
    assert recorder.recorded(fact, "order-1", SIGNER, SAID, "new") is None
    assert recorder.recorded(fact, "gone", SIGNER, SAID, "mine") is None
    with pytest.raises(Refused, match="API-SLOW"):
        recorder.recorded(fact, "slow", SIGNER, SAID, "mine")
    with pytest.raises(Conflict, match="stands for another fact"):
        recorder.recorded(fact, "order-1", SIGNER, SAID, "theirs")
    assert recorder.recorded(fact, "registry", SIGNER, SAID, "mine") is None
    recorder._verifier.register = [mine]
    assert recorder.recorded(fact, "registry", SIGNER, SAID, "mine") is mine
    assert asked == ["order-1", "order-1", "gone", "slow", "order-1", "register", "register"]
