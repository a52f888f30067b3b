"""What an arrival acknowledges, the draft that wraps it, and what it has to prove to count as its signer's act."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.received_files import FOREIGN
from ledger.application.foreign import receive
from ledger.application.foreign.receive import (
    Arrival,
    acknowledged,
    check_counts,
    check_instrument,
    draft_of,
    keep_alone,
    keep_files,
    place_of,
    wanted,
)
from ledger.entries.envelope import Circumstances, open_
from ledger.entries.placement import map_of, registry_of
from ledger.entries.wrapped_entry import KIND, PROOF, wrapper_id, wrapping
from ledger.errors import RecordError
from ledger.tlog.tree import leaf_hash
from ledger.verify.other_records.other_logs import NotProven
from tests.support.memory_ledger import ISSUED, NOW, ORDER, SEALED, Hand, Ledger, resealed, small

HERE, THERE = "ledger.test/xo/karsk", "ledger.test/xv"
ELSEWHERE = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def there() -> tuple[Ledger, Hand]:
    return small(origin=THERE)


def arrival(ledger: Ledger, index: int) -> Arrival:
    return Arrival(ledger.entries[index], ledger.proof(index), tuple(d.text for d in ledger.held.get(index, ())))


def stated(ours: Ledger, index: int, there: tuple[Ledger, Hand], **other: Any) -> Arrival:
    """Return an entry of another log that acknowledges an entry of ours."""
    leaf = ours.leaf(index) if index < ours.size else "ab" * 32
    said = {"origin": HERE, "index": index, "leaf": leaf, "envelope": "cd" * 32, "proof_check": "verifies", **other}
    return arrival(there[0], there[0].record(there[1], KIND, said, order=ORDER))


def code(do: Any, *given: Any, **more: Any) -> str:
    with pytest.raises(RecordError) as refused:
        do(*given, **more)
    return refused.value.code


# -- acknowledgements --------------------------------------------------------------------------------------------------


def test_an_acknowledgement_names_our_entry_and_is_wrapped_unless_that_is_one_itself(
    there: tuple[Ledger, Hand],
) -> None:
    ours, by = small()
    received = ours.record(
        by,
        KIND,
        {"origin": THERE, "index": 4, "leaf": "ab" * 32, "envelope": "cd" * 32, "proof_check": "verifies"},
        order=ORDER,
    )
    store: Any = SimpleNamespace(at=lambda index: ours.entries[index] if index < ours.size else None)
    sent, of_sent, of_received = arrival(there[0], 4), stated(ours, 4, there), stated(ours, received, there)
    assert acknowledged(open_(sent.raw), store, HERE) is None
    found = acknowledged(open_(of_sent.raw), store, HERE)
    assert found is not None
    assert (found.raw, found.payload.kind) == (ours.entries[4], "order-issued")
    assert wanted([sent, of_sent, of_received], store, HERE) == [sent, of_sent]
    assert wanted([of_received], store, "ledger.test/other") == [of_received]
    with pytest.raises(RecordError, match=f"{THERE} acknowledges entry 9, we have no such entry") as none:
        acknowledged(open_(stated(ours, 9, there).raw), store, HERE)
    with pytest.raises(RecordError, match=f"{THERE} acknowledges entry 4, we have another one") as other:
        wanted([stated(ours, 4, there, leaf="ab" * 32)], store, HERE)
    assert none.value.code == other.value.code == "ENT-MISMATCH"


def test_entries_are_kept_with_their_proofs_by_their_digests_and_one_for_this_log_alone(
    there: tuple[Ledger, Hand],
) -> None:
    kept: list[dict[str, bytes]] = []
    received: Any = SimpleNamespace(keep=kept.append)
    one, two = arrival(there[0], 3), arrival(there[0], 4)
    keep_files([one, two], received)
    keep_alone(one.raw, received)
    names = [f"{FOREIGN}/{sha256(each.raw).hexdigest()}" for each in (one, two)]
    proofs = {f"{names[0]}{PROOF}": one.proof, f"{names[1]}{PROOF}": two.proof}
    assert kept == [{names[0]: one.raw, names[1]: two.raw, **proofs}, {names[0]: one.raw}]


# -- drafts ------------------------------------------------------------------------------------------------------------


def drafted(there: tuple[Ledger, Hand], sent: Arrival, **more: Any) -> Any:
    return draft_of(sent, HERE, there[1].signer("ISS"), NOW, "verifies", **more)


def test_a_draft_wraps_the_bytes_with_their_place_their_values_and_their_instrument(there: tuple[Ledger, Hand]) -> None:
    sent = arrival(there[0], 4)
    draft = drafted(there, sent)
    fact, other = wrapping(sent.raw, sent.proof, "verifies")
    assert (draft.fact, draft.order, draft.said) == (fact, ORDER, Circumstances(NOW, NOW, other=other))
    assert (draft.entry, draft.wraps, draft.instrument) == (wrapper_id(THERE, 4), sent.raw, "2AP-7")
    assert draft.signer.actor == "ilves"
    assert (draft.carried, draft.reference) == (there[0].held[4], None)
    draft = drafted(there, sent, order=ELSEWHERE, backs="ef" * 32, entry="01" * 16)
    assert (draft.order, draft.entry) == (ELSEWHERE, "01" * 16)
    assert draft.fact == wrapping(sent.raw, sent.proof, "verifies", "ef" * 32)[0]
    bare = drafted(there, Arrival(sent.raw, sent.proof))
    assert bare.carried == ()


def test_the_reference_of_an_order_is_that_of_its_first_issue(there: tuple[Ledger, Hand]) -> None:
    ledger, ilves = there
    issued = {**ISSUED, "reference": "E-7"}
    first = ledger.record(ilves, "order-issued", issued, SEALED, order=ELSEWHERE)
    again = ledger.record(ilves, "order-issued", issued, SEALED, order=ELSEWHERE, replaces=ledger.leaf(first))
    sent = ledger.record(ilves, "order-transmitted", {"addressee": "sky", "channel": "mail"}, order=ELSEWHERE)
    references = [drafted(there, arrival(ledger, index)).reference for index in (first, again, sent, 4)]
    assert references == ["E-7", None, None, None]

    def change(payload: dict[str, Any]) -> None:
        payload["public"]["reference"] = 7 if payload["kind"] == "order-issued" else "E-7"

    for index in (first, sent):
        other = Arrival(resealed(ledger.entries[index], change, ilves), ledger.proof(index))
        assert drafted(there, other).reference is None


def test_an_entry_about_a_record_or_with_values_of_another_entry_is_not_wrapped(there: tuple[Ledger, Hand]) -> None:
    ledger, ilves = there
    sent = arrival(ledger, 4)
    for order in (registry_of(HERE), map_of(HERE), registry_of(THERE), map_of(THERE)):
        assert code(drafted, there, sent, order=order) == "CTX-ORDER"
    assert code(drafted, there, arrival(ledger, 0)) == "CTX-ORDER"
    assert code(drafted, there, arrival(ledger, 0), order=ELSEWHERE) == "CTX-ORDER"
    other = ledger.record(ilves, "order-issued", ISSUED, SEALED, order=ELSEWHERE)
    texts = tuple(d.text for d in ledger.held[other])
    assert code(drafted, there, Arrival(sent.raw, sent.proof, texts))[:2] == "SD"


def test_the_values_of_an_entry_have_the_form_of_its_kind(
    there: tuple[Ledger, Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[Any] = []
    monkeypatch.setattr(receive, "check_sealed", lambda payload, values: checked.append((payload.kind, values)))
    drafted(there, arrival(there[0], 4))
    ((kind, values),) = checked
    assert (kind, {name: values[name] for name in SEALED}) == ("order-issued", SEALED)


def forged(raw: bytes) -> bytes:
    """Return an entry with a signature of another one."""
    envelope, other = json.loads(raw), small()[0].entries[0]
    envelope["signatures"][0]["sig"] = json.loads(other)["signatures"][0]["sig"]
    return json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()


def test_the_signature_of_an_entry_is_verified_where_it_arrives_and_not_again(
    there: tuple[Ledger, Hand], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, by = small()
    sent = replace(arrival(there[0], 4), raw=forged(there[0].entries[4]))
    assert code(open_, sent.raw) == "SIG-BAD"
    ours.entries[4] = forged(ours.entries[4])
    leaf = leaf_hash(ours.entries[4]).hex()
    store: Any = SimpleNamespace(at=lambda index: ours.entries[index], by_entry=lambda entry: None)
    assert wanted([sent], store, HERE) == [sent]
    found = acknowledged(open_(stated(ours, 4, there, leaf=leaf).raw), store, HERE)
    assert found is not None
    assert found.raw == ours.entries[4]
    check_instrument(sent, "2AP-7")
    monkeypatch.setattr(receive, "checked_place", lambda *given: "state")
    monkeypatch.setattr(receive, "check_key", lambda *given: None)
    cases: Any = SimpleNamespace(other_logs=lambda: "logs", keyring=lambda: "keyring", by_leaf="by leaf")
    check_counts(sent, cases, 9)
    said = {"origin": THERE, "index": 4, "leaf": "ab" * 32, "envelope": sha256(sent.raw).hexdigest()}
    wrapper = forged(ours.entries[ours.record(by, KIND, {**said, "proof_check": "verifies"}, order=ORDER)])
    rows = {wrapper_id(THERE, 4): (17, wrapper)}
    here: Any = SimpleNamespace(
        by_entry=lambda entry: rows.get(entry.hex()),
        read=lambda path: sent.proof if path.endswith(PROOF) else sent.raw,
    )
    (key,) = there[0].trust().policy.logs
    assert place_of(sent, ORDER, here, key, here, tmp_path).index == 17


# -- what counts -------------------------------------------------------------------------------------------------------


def test_an_entry_counts_by_its_place_and_its_key_and_an_acknowledgement_by_its_place_alone(
    there: tuple[Ledger, Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    lacks: dict[str, NotProven | RecordError] = {}

    def place(opened: Any, proof: Any, index: int, where: str, logs: object) -> str:
        asked.append(("place", opened.payload.kind, proof.index, index, where, logs))
        if "place" in lacks:
            raise lacks["place"]
        return "state"

    def key(size: int, opened: Any, state: str, here: Any, logs: object) -> None:
        asked.append(("key", size, opened.payload.kind, state, here.keyring, here.entry, logs))
        assert not here.before(3, "2027-03-01T09:00:00Z"), "it is recorded now"
        if "key" in lacks:
            raise lacks["key"]

    monkeypatch.setattr(receive, "checked_place", place)
    monkeypatch.setattr(receive, "check_key", key)
    cases: Any = SimpleNamespace(other_logs=lambda: "logs", keyring=lambda: "keyring", by_leaf="by leaf")
    ours, _ = small()
    sent = arrival(there[0], 4)
    check_counts(sent, cases, 9)
    assert asked == [
        ("place", "order-issued", 4, 4, "", "logs"),
        ("key", 9, "order-issued", "state", "keyring", "by leaf", "logs"),
    ]
    asked.clear()
    for silent in (stated(ours, 4, there), arrival(there[0], 0)):
        check_counts(silent, cases, 9)
    assert [each[0] for each in asked] == ["place", "place"]
    for part in ("place", "key"):
        lacks = {part: NotProven("CP-QUORUM", "that enough witnesses saw it")}
        with pytest.raises(RecordError, match="not proven is that enough witnesses saw it") as unproven:
            check_counts(sent, cases, 9)
        assert unproven.value.code == "CP-QUORUM"
        assert unproven.value.hint.startswith("--anyway")
        lacks = {part: RecordError("KEY-ROLE", "false")}
        assert code(check_counts, sent, cases, 9) == "KEY-ROLE"


def test_an_entry_has_the_instrument_of_its_order_here_if_that_has_one(there: tuple[Ledger, Hand]) -> None:
    sent = arrival(there[0], 4)
    check_instrument(sent, None)
    check_instrument(sent, "2AP-7")
    assert code(check_instrument, sent, "EPOC") == "CTX-INSTRUMENT"
