"""An entry of a client is placed behind the newest one, in the order and the way that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote import recording
from comity.remote.recording import _LAST, Permissions, RemoteRecorder, check_kind
from ledger.entries.envelope import Circumstances, EntryPlace
from ledger.entries.payload import Seen
from ledger.entries.placement import order_begun_by
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.tlog.note import note_digest

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
SAID = Circumstances(NOW, NOW)
FIELDS = {"addressee": "skylark", "channel": "mail"}
ENTRY = "ab" * 16
ORDER = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def recorder() -> Any:
    """Return a recorder that does not seal or send; `log` is what it was asked to do."""
    made: Any = RemoteRecorder.__new__(RemoteRecorder)
    made.log = []
    keyring = SimpleNamespace(registry="registry", offices={"ilves": SimpleNamespace(party="XO")})
    made._verifier = SimpleNamespace(
        origin="log.example", keyring=keyring, register=[], registrar=SimpleNamespace(actor="registrar"),
        receipt=lambda item: f"proof of {item.index} {item.already}".encode(),
    )  # fmt: skip
    made.signer = lambda kind, role: f"signer of {kind} as {role}"
    made.check_form = lambda fact, said, order, without: made.log.append(("form", order, without))
    made.recorded = lambda fact, order, signer, said, entry: made.log.append(("recorded", order, entry))
    made.begin = lambda fact, place, instrument, signer, *more: (place, instrument, signer, *more)
    made.add = lambda fact, place, signer, *more: (place, signer, *more)
    return made


SIGNER = "signer of order-transmitted as ISS"


def recorded(recorder: Any, order: str | None, entry: str | None, **fields: str) -> Any:
    without = Permissions(lookalike=True)
    return recorder.record("order-transmitted", {**FIELDS, **fields}, order, SAID, "ISS", without, entry)


def test_a_fact_begins_an_order_or_is_added_to_one(recorder: Any) -> None:
    order, signer, said, without, entry = recorded(recorder, ORDER, None)
    assert (order, signer, said, without) == (ORDER, SIGNER, SAID, Permissions(lookalike=True))
    assert len(bytes.fromhex(entry)) == 16
    assert recorder.log == [("form", ORDER, Permissions(lookalike=True))], "without an id nothing is looked for"
    begun, instrument, *_, other = recorded(recorder, None, None)
    assert (begun != ORDER, instrument, other != entry) == (True, None, True)


def test_an_entry_with_an_id_is_looked_for_first(recorder: Any) -> None:
    assert recorded(recorder, ORDER, ENTRY)[-1] == ENTRY
    begun = recorded(recorder, None, ENTRY)[0]
    assert begun == order_begun_by("log.example", ENTRY)
    assert [each for each in recorder.log if each[0] == "recorded"] == [
        ("recorded", ORDER, ENTRY),
        ("recorded", begun, ENTRY),
    ]
    recorder.recorded = lambda *given: "on record"
    recorder.again = lambda placed: f"again {placed}"
    assert recorded(recorder, ORDER, ENTRY) == "again on record"
    with pytest.raises((RecordError, ValueError)):
        recorded(recorder, ORDER, "no id")


def test_the_first_entry_of_an_order_has_the_number_one_and_its_instrument(
    recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    del recorder.begin
    monkeypatch.setattr(recording, "seal", lambda fact, place, signer, said, entry, random: (fact, place, entry))
    recorder._send = lambda sealed, place, entry, without: (sealed, place, entry, without)
    place = EntryPlace("log.example", ORDER, 1, None, "EPOC")
    given: Any = "fact", ORDER, "EPOC", "signer", SAID, Permissions(), ENTRY
    assert recorder.begin(*given) == (("fact", place, ENTRY), place, ENTRY, Permissions())


def test_an_entry_on_record_is_returned_with_its_receipt(recorder: Any) -> None:
    asked: list[str] = []

    def get(path: str, form: Any) -> Any:
        asked.append(path)
        return SimpleNamespace(proof="p")

    recorder._connection = SimpleNamespace(get=get)
    opened = SimpleNamespace(leaf="leaf", payload=SimpleNamespace(entry=ENTRY, order=ORDER, seq=3))
    found = recorder.again((7, opened))
    assert asked == ["/v1/entries/7"]
    assert (found.index, found.leaf, found.entry, found.order, found.seq) == (7, "leaf", ENTRY, ORDER, 3)
    assert (found.already, found.proof) == (True, b"proof of 7 True")


@pytest.mark.parametrize("instrument", ["", "EPOC"])
def test_a_draft_is_behind_every_entry_under_the_instrument_of_its_order(
    instrument: str, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "unsigned_entry", lambda fact, place, signer, said, index: (fact, place, index))
    case: Any = SimpleNamespace(order=ORDER, instrument=instrument)
    fact, place, index = recorder.draft("fact", case, "signer", SAID, "2AP-7")
    assert (fact, index) == ("fact", 2**53 - 1 if instrument else _LAST)
    assert place == EntryPlace("log.example", ORDER, 0, None, instrument or "2AP-7")
    monkeypatch.setattr(recording, "new_findings", lambda case, entry, at: (case.order, entry[0].kind, at))
    assert recorder.preview("order-transmitted", FIELDS, case, SAID, None) == (ORDER, "order-transmitted", NOW)


# -- the place of the next entry ---------------------------------------------------------------------------------------


class Following:
    """A server that shows an entry 2 as the newest one, and a verifier that has read up to entry `known`."""

    def __init__(self, recorder: Any, *known: bool, cosigned: bool = True, **changed: Any) -> None:
        self.answers, self.read = list(known), list[str]()
        shown = {"head": "head", "newest": "newest", "seq": 3, "prev": "leaf", "instrument": "EPOC", **changed}
        recorder._connection = SimpleNamespace(get=lambda path, form: SimpleNamespace(path=path, **shown))
        p = SimpleNamespace(log="log.example", order=ORDER, seq=2, instrument="EPOC")
        newest = SimpleNamespace(payload=p, leaf="leaf")
        head = SimpleNamespace(
            checkpoint=SimpleNamespace(size=9), note=b"note", cosignatures=("w",) if cosigned else ()
        )
        recorder._verifier.head = lambda stated: head
        recorder._verifier.entry = lambda proven, under: newest if under is head else None
        recorder._verifier.is_newest = lambda opened: self.answers.pop(0)
        recorder._reader = SimpleNamespace(
            case=lambda order: self.read.append(order), caller=lambda: self.read.append("register")
        )


@pytest.mark.parametrize("cosigned", [False, True])
def test_the_next_entry_is_behind_the_newest_and_names_a_head_that_a_witness_saw(cosigned: bool, recorder: Any) -> None:
    made = Following(recorder, True, cosigned=cosigned)
    seen = Seen("log.example", 9, note_digest(b"note")) if cosigned else None
    assert recorder._next(ORDER) == EntryPlace("log.example", ORDER, 3, "leaf", "EPOC", seen)
    assert made.read == []


def test_an_order_with_entries_that_were_not_verified_is_read_first(recorder: Any) -> None:
    made = Following(recorder, False, True)
    assert recorder._next(ORDER).seq == 3
    assert made.read == [ORDER]
    made = Following(recorder, False, False)
    with pytest.raises(RecordError) as raised:
        recorder._next(ORDER)
    assert (raised.value.code, raised.value.where) == ("API-FALSE", ORDER)
    assert raised.value.says == f"order {ORDER} is shown without its newest entry"
    recorder._read("registry")
    assert made.read == [ORDER, "register"]


@pytest.mark.parametrize("changed", [{"seq": 2}, {"seq": 4}, {"prev": "x"}, {"instrument": None}])
def test_a_place_that_is_not_behind_the_newest_entry_is_false(changed: dict[str, Any], recorder: Any) -> None:
    Following(recorder, True, **changed)
    with pytest.raises(RecordError, match=r"API-FALSE.*not behind the newest one"):
        recorder._next(ORDER)


def test_a_place_in_another_order_is_false(recorder: Any) -> None:
    Following(recorder, True)
    with pytest.raises(RecordError, match=r"API-FALSE.*not behind the newest one"):
        recorder._next("another")


# -- the form ----------------------------------------------------------------------------------------------------------


def test_the_form_is_checked_against_the_register_and_the_order(recorder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    del recorder.check_form
    register = [
        SimpleNamespace(kind="party-registered", public={"party": "XV"}),
        SimpleNamespace(kind="authority-registered", public={"party": "XX"}),
    ]
    recorder._verifier.register = [(n, SimpleNamespace(payload=p)) for n, p in enumerate(register)]
    recorder._reader = SimpleNamespace(case=lambda order: SimpleNamespace(entries=f"entries of {order}"))
    checked: list[Any] = []
    slips: list[RecordError] = []

    def checks(fact: Any, known: Any, at: datetime, *, whose: Any, named: Any, unregistered: bool) -> Any:
        checked.append((set(known.offices), set(known.parties), known.registrar, at, whose, named(), unregistered))
        return iter(slips)

    monkeypatch.setattr(recording, "slips", checks)
    monkeypatch.setattr(recording, "named_in", lambda entries: entries)
    monkeypatch.setattr(recording, "RegisteredNames", lambda *names: SimpleNamespace(
        offices=names[0], parties=names[1], registrar=names[2]))  # fmt: skip
    whose = Circumstances(NOW, NOW, whose="orn")
    recorder.check_form("fact", whose, ORDER, Permissions(unregistered=True))
    recorder.check_form("fact", SAID, None, Permissions())
    register_of = ({"ilves"}, {"XV", "XO"}, "registrar", NOW)
    assert checked == [(*register_of, "orn", f"entries of {ORDER}", True), (*register_of, None, (), False)]
    slips += [RecordError("FACT-FORM", "first"), RecordError("FACT-FORM", "second")]
    with pytest.raises(RecordError, match="first"):
        recorder.check_form("fact", SAID, None, Permissions())


def test_a_kind_with_a_limited_audience_is_recorded_where_the_ledger_is() -> None:
    refused = {}
    for name in KINDS:
        try:
            check_kind(name)
        except RecordError as error:
            refused[name] = error.code
    shown = {name for name, kind in KINDS.items() if kind.shown_to}
    assert {name for name, code in refused.items() if code == "API-KIND"} <= shown <= set(refused)
    assert "order-transmitted" not in refused
