"""What is believed of another log: what its trusted keys, its witnesses and its register prove, and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.names import origin_hash
from ledger.tlog.note import (
    ED25519,
    MLDSA44,
    Checkpoint,
    Head,
    Vkey,
    format_checkpoint,
    format_line,
    log_vkey,
    sign_note,
)
from ledger.tlog.tree import format_proof, parse_proof
from ledger.verify.heads import DRIFT
from ledger.verify.other_records.other_logs import NotProven, OtherLogs, State
from tests.support.memory_ledger import NOW, ORDER, Ledger, hand, resealed, small

THERE = "ledger.test/xv/skylark"
BEFORE = datetime(2027, 5, 1, tzinfo=UTC)


def there(**more: Any) -> Ledger:
    return small(origin=THERE, **more)[0]


def logs(ledger: Ledger, register: Any = None, **trust: Any) -> OtherLogs:
    register = ledger.register() if register is None else register
    return OtherLogs([replace(ledger.trust(), **trust)], {origin_hash(THERE): register}, NOW)


def lacks(call: Any, *given: Any) -> str:
    with pytest.raises(NotProven) as raised:
        call(*given)
    return f"{raised.value.code} {raised.value.says}"


def wrong(call: Any, *given: Any) -> str:
    with pytest.raises(RecordError) as raised:
        call(*given)
    return raised.value.code


def test_a_checkpoint_is_believed_that_a_trusted_key_signed_and_enough_witnesses_saw_in_time() -> None:
    ledger = there(witnesses=2)
    seen = ledger.checkpoint(None, BEFORE, BEFORE)
    state = logs(ledger).state(THERE, seen)
    assert (state.head.checkpoint.size, len(state.head.cosignatures)) == (ledger.size, 2)
    assert "1 of 2 witnesses did" in lacks(logs(ledger).state, THERE, ledger.checkpoint(None, BEFORE))
    late = NOW + timedelta(days=1)
    assert "1 of 2 witnesses did" in lacks(logs(ledger).state, THERE, ledger.checkpoint(None, BEFORE, late))
    unread = ledger.trust(ledger.policy("none")).policy
    assert logs(ledger, policy=unread).state(THERE, ledger.checkpoint()).head.cosignatures == ()


@pytest.mark.parametrize(
    ("quorum", "minutes", "by"),
    [
        ("every", {1: 9, 2: 4, 3: 6}, 9),  # of three witnesses two may lie
        ("every", {1: 9, 2: 4}, None),
        ("every", {1: 4, 2: 6, 3: 9}, 9),
        ("every", {}, None),
        ("w2", {1: 4, 2: 6, 3: 5}, 6),  # what the others say counts for nothing
        ("w2", {1: 4, 3: 5}, None),
        ("none", {1: 4, 2: 6, 3: 9}, None),
    ],
)
def test_a_state_existed_by_the_earliest_time_that_an_honest_witness_said(
    quorum: str, minutes: dict[int, int], by: int | None
) -> None:
    policy = there(witnesses=3).trust(there(witnesses=3).policy(quorum)).policy
    cosignatures = tuple(
        (policy.witnesses[f"w{n}"], int((BEFORE + timedelta(minutes=each)).timestamp())) for n, each in minutes.items()
    )
    state = State(Head(Checkpoint(THERE, 1, bytes(32)), b"", cosignatures), policy)
    assert state.by == (None if by is None else BEFORE + timedelta(minutes=by))


@pytest.mark.parametrize(("late", "cosigners"), [(timedelta(), 2), (DRIFT, 2), (DRIFT + timedelta(seconds=1), 1)])
def test_a_time_counts_that_is_at_most_as_late_as_honest_clocks_differ(late: timedelta, cosigners: int) -> None:
    ledger = there(witnesses=2)
    one = ledger.trust(ledger.policy("w1")).policy
    head = logs(ledger, policy=one).state(THERE, ledger.checkpoint(None, BEFORE, NOW + late)).head
    assert len(head.cosignatures) == cosigners
    none = ledger.trust(ledger.policy("none")).policy
    head = logs(ledger, policy=none).state(THERE, ledger.checkpoint(None, BEFORE, NOW + late)).head
    assert len(head.cosignatures) == cosigners


def test_a_registrar_is_that_of_a_trust_which_names_a_key_of_the_log() -> None:
    ledger, other = there(), small(origin="ledger.test/xw/fjord", keeper=hand("another-keeper"))[0]
    both = replace(ledger.trust().policy, logs=(*other.trust().policy.logs, *ledger.trust().policy.logs))
    register = {origin_hash(THERE): ledger.register()}
    for trusts in ([other.trust(), ledger.trust()], [replace(ledger.trust(), policy=both)]):
        assert "ilves" in OtherLogs(trusts, register, NOW).keyring(THERE).offices
    assert lacks(OtherLogs([other.trust()], register, NOW).keyring, THERE).startswith("NO_TRUST_ANCHOR")
    keeperless = [replace(ledger.trust(), registrar=None), ledger.trust()]
    assert "ilves" in OtherLogs(keeperless, register, NOW).keyring(THERE).offices


def test_a_register_entry_counts_that_is_in_the_tree_of_its_checkpoint() -> None:
    ledger = there()
    register = ledger.register()
    first = min(register)
    parsed = parse_proof(register[first][1])
    path = [bytes(32), *parsed.path[1:]]
    moved = {**register, first: (register[first][0], format_proof(first, path, parsed.note))}
    assert "its register fails, PRF-PATH" in lacks(logs(ledger, moved).keyring, THERE)


def test_a_missing_proof_is_said_with_its_code() -> None:
    assert str(NotProven("CP-KEY", "that it signed")) == "CP-KEY that it signed"


def test_without_a_trusted_key_of_the_log_nothing_says_who_signed() -> None:
    ledger, other = there(), small(origin="ledger.test/xw/fjord", log=hand("another log"))[0]
    assert "no key of it is trusted" in lacks(logs(other).state, THERE, ledger.checkpoint())
    changed = there(log=hand("a stolen key"))
    assert wrong(logs(ledger).state, THERE, changed.checkpoint()).startswith("CP-")
    two = OtherLogs([other.trust(), changed.trust(), ledger.trust()], {}, NOW)
    assert two.state(THERE, ledger.checkpoint()).policy == ledger.trust().policy
    assert wrong(two.state, THERE, other.checkpoint()) == "CP-ORIGIN"


def test_a_state_is_opened_once_and_says_the_same_each_time() -> None:
    ledger = there()
    known = logs(ledger)
    note, bad = ledger.checkpoint(), small(origin="ledger.test/xw")[0].checkpoint()
    assert known.state(THERE, note) is known.state(THERE, note)
    unseen = there(witnesses=1)
    for asked, given in ((known, bad), (logs(unseen), unseen.checkpoint())):
        raised = []
        for _ in range(2):
            with pytest.raises((RecordError, NotProven)) as again:
                asked.state(THERE, given)
            raised.append(again.value)
        assert raised[0] is raised[1]


def test_a_checkpoint_of_another_log_is_no_state_of_this_one_whatever_is_trusted() -> None:
    other = small(origin="ledger.test/xw")[0]
    for known in (logs(there()), logs(other), OtherLogs([], {}, NOW)):
        assert wrong(known.state, THERE, other.checkpoint()) == "CP-ORIGIN"


QUANTUM = Vkey.of(THERE, MLDSA44, b"q" * 1312)
WITNESS = Vkey.of("witness.test/q", MLDSA44, b"w" * 1312)
SECONDS = int(BEFORE.timestamp()).to_bytes(8, "big")


def signed(note: bytes, *keys: Vkey) -> bytes:
    """Add lines of these ML-DSA keys, which `holds` takes and `fails` refuses."""
    return note + "".join(format_line(key, SECONDS + bytes(2420)) for key in keys).encode()


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    return True


def fails(public: bytes, message: bytes, signature: bytes) -> bool:
    return False


def test_a_line_of_a_second_algorithm_is_checked_where_it_can_be() -> None:
    ledger = there()
    trust = replace(ledger.trust(), policy=replace(ledger.trust().policy, logs=(*ledger.trust().policy.logs, QUANTUM)))
    both = signed(ledger.checkpoint(), QUANTUM)
    for mldsa, note in ((None, both), (holds, both), (holds, ledger.checkpoint()), (None, ledger.checkpoint())):
        assert OtherLogs([trust], {}, NOW, mldsa).state(THERE, note).head.checkpoint.size == ledger.size
    assert wrong(OtherLogs([trust], {}, NOW, fails).state, THERE, both) == "CP-SIG"
    alone = replace(trust, policy=replace(trust.policy, logs=(QUANTUM,)))
    assert OtherLogs([alone], {}, NOW, holds).state(THERE, both).head.checkpoint.size == ledger.size
    assert wrong(OtherLogs([alone], {}, NOW).state, THERE, both) == "CP-KEY"


def test_a_witness_of_a_second_algorithm_counts_where_it_can_be_checked() -> None:
    ledger = there()
    policy = replace(ledger.trust().policy, witnesses={"q": WITNESS}, quorum="q")
    trust, note = replace(ledger.trust(), policy=policy), signed(ledger.checkpoint(), WITNESS)
    assert OtherLogs([trust], {}, NOW, holds).state(THERE, note).by == BEFORE
    assert "0 of 1 witness did" in lacks(OtherLogs([trust], {}, NOW).state, THERE, note)
    assert wrong(OtherLogs([trust], {}, NOW, fails).state, THERE, note) == "CP-SIG"


def test_two_trees_of_one_size_prove_that_the_log_has_two_histories_and_nothing_else() -> None:
    ledger = there()
    known = logs(ledger)
    known.state(THERE, ledger.checkpoint())
    body = format_checkpoint(Checkpoint(THERE, ledger.size, bytes(32)))
    second = sign_note(body, THERE, ledger.log.seed).encode()
    assert lacks(known.state, THERE, second).startswith("SPLIT-VIEW")
    assert logs(ledger).state(THERE, second).head.checkpoint.root == bytes(32)
    assert known.state(THERE, ledger.checkpoint(ledger.size - 1)).head.checkpoint.size == ledger.size - 1


def test_keys_are_those_of_a_register_that_is_whole_and_whose_keeper_is_trusted() -> None:
    ledger = there()
    known = logs(ledger)
    assert set(known.keyring(THERE).offices) >= {"ilves"}
    assert known.keyring(THERE) is known.keyring(THERE)
    assert known.register_size(THERE) == len(ledger.register())
    turned = dict(sorted(ledger.register().items(), reverse=True))
    assert logs(ledger, turned).keyring(THERE).offices == known.keyring(THERE).offices
    assert known.register_size("ledger.test/none") == 0
    assert "its register is not here" in lacks(logs(ledger, {}).keyring, THERE)
    assert lacks(logs(ledger, registrar=None).keyring, THERE).startswith("NO_TRUST_ANCHOR")


def test_of_a_register_that_fails_no_key_is_believed_and_it_is_said_why() -> None:
    ledger = there()
    register = ledger.register()
    first, second, *_ = sorted(register)
    order = ledger.size - 1
    assert order not in register
    foreign = {**register, order: (ledger.entries[order], ledger.proof(order))}
    swapped = {**register, second: (register[second][0], register[first][1])}
    gap = {index: pair for index, pair in register.items() if index != first}
    damaged = {**register, second: (register[second][0][:-1], register[second][1])}
    for given, code in ((foreign, "CTX-ORDER"), (swapped, "PRF-INDEX"), (gap, "CTX-"), (damaged, "ENV-")):
        known = logs(ledger, given)
        for _ in range(2):
            said = lacks(known.keyring, THERE)
            assert said.startswith("KEY-UNKNOWN"), said
            assert f"its register fails, {code}" in said, said
    assert ORDER


def test_the_keys_of_a_log_follow_each_other_as_in_its_register_in_whatever_order_its_files_are_handed_over() -> None:
    ledger = there()
    keys = [log_vkey(THERE, public_key(hand("log", key=f"{n}").seed)) for n in range(3)]
    for n, size in ((1, 20), (2, 40)):
        said = {"old_key": keys[n - 1], "new_key": keys[n], "from_size": size}
        ledger.record(ledger.keeper, "log-key-rotated", said)
    register = ledger.register()
    newer = resealed(ledger.entries[-1], lambda said: said.update(schema=99, public={"key": "x"}), ledger.keeper)
    later = {"old_key": keys[2], "new_key": keys[0], "from_size": 60}
    formless: list[dict[str, Any]] = [
        {"key": "x"},
        {**later, "new_key": 5},
        {**later, "from_size": [60]},
        {**later, "from_size": "60"},
    ]

    def stating(public: dict[str, Any]) -> bytes:
        return resealed(ledger.entries[-1], lambda said: said.update(public=public), ledger.keeper)

    damaged = register | {
        ledger.size + n: (raw, b"")
        for n, raw in enumerate((b"no entry", newer, *(stating(public) for public in formless)))
    }
    for given in (register, dict(sorted(register.items(), reverse=True)), damaged):
        known = logs(ledger, given)
        assert known._key_starts(THERE)[ED25519] == {0: keys[0], 20: keys[1], 40: keys[2]}
        assert known._key_starts(THERE) is known._key_starts(THERE)
    assert logs(there())._key_starts(THERE)[ED25519] == {}
    assert logs(ledger)._key_starts("ledger.test/none")[ED25519] == {}
