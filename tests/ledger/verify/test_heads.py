"""The states of a log in a record: who signed and saw them, that they are one log, and what anchors them."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle.layout import Arranged
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import (
    MLDSA44,
    Vkey,
    b64,
    format_line,
    log_vkey,
    note_digest,
    parse_checkpoint,
    parse_vkey,
    sign_note,
    split_note,
    unb64,
)
from ledger.tlog.policy import Policy
from ledger.tlog.tree import prove_consistency
from ledger.trust.held import Came, ComparedRoots, HeldCheckpoint, parse_held
from ledger.trust.trust_folder import Sizes, Trust
from ledger.verify import heads as step
from ledger.verify.heads import (
    Heads,
    check_current,
    check_quorum,
    check_sizes,
    choose_policy,
    hashes,
    open_heads,
)
from ledger.verify.history.anchors import NOT_SIGNED, check_anchored, opened_anchor
from ledger.verify.history.consistency import check_history
from ledger.verify.progress import Contradiction, Undecided, VerificationLog
from tests.support.memory_ledger import NOW, ORIGIN, Ledger, small

LEDGER, _ = small()
LOG = Ledger(witnesses=2)
for _number in range(5):
    LOG.append(b"entry %d" % _number)
POST_QUANTUM = [Vkey.of(ORIGIN, MLDSA44, bytes([n]) * 1312) for n in (1, 2)]


@pytest.mark.parametrize(
    ("places", "where"),
    [
        ({}, f"{LEDGER.folder}/heads/"),
        ({"here": "log"}, "log/heads/"),
        ({"kept": "heads.db/"}, "heads.db/"),
        ({"here": "log", "kept": "heads.db/"}, "heads.db/"),
    ],
)
def test_a_note_under_another_digest_is_refused_at_its_place(places: dict[str, str], where: str) -> None:
    parts = Arranged(checkpoint=LEDGER.checkpoint(), heads={"ab" * 32: LEDGER.checkpoint(3)})
    with pytest.raises(RecordError, match="CP-FORMAT") as refused:
        open_heads(parts, LEDGER.origin, LEDGER.trust().policy, VerificationLog(), None, **places)  # type: ignore[arg-type]
    assert refused.value.where == f"{where}{'ab' * 32}"


def test_a_record_of_a_log_that_its_own_policy_does_not_know_is_refused() -> None:
    parts = Arranged(checkpoint=LEDGER.checkpoint())
    for places, where in (({}, "logs/"), ({"here": "log"}, "log/checkpoint")):
        with pytest.raises(RecordError, match="CP-ORIGIN") as refused:
            open_heads(parts, "ledger.test/x", LEDGER.trust().policy, VerificationLog(), None, own=True, **places)
        assert refused.value.where.startswith(where)
        assert not isinstance(refused.value, Undecided)


@pytest.mark.parametrize(("of", "noun"), [("bundle", "bundle"), ("folder", "record"), ("proof", "record")])
def test_a_record_of_a_log_that_the_policy_of_the_reader_does_not_know_is_not_judged(of: str, noun: str) -> None:
    parts = Arranged(checkpoint=LEDGER.checkpoint())
    with pytest.raises(Undecided, match="CP-ORIGIN") as refused:
        open_heads(parts, "ledger.test/x", LEDGER.trust().policy, VerificationLog(of=of), None)
    assert refused.value.says == f"You gave the trust of {LEDGER.origin}. This {noun} is of ledger.test/x."


def keys_of(*names: str) -> list[Vkey]:
    return [parse_vkey(log_vkey("ledger.test/xo/karsk", public_key(name.encode() * 32))) for name in names]


def signed_heads(*signed: tuple[int, tuple[Vkey, ...]]) -> Any:
    every = {str(size): SimpleNamespace(checkpoint=SimpleNamespace(size=size)) for size, _ in signed}
    by = {str(size): frozenset(keys) for size, keys in signed}
    return SimpleNamespace(all=every, signed_by=by, where=lambda digest: f"heads/{digest}")


def test_each_note_is_signed_by_a_key_for_its_size_and_others_may_sign_too() -> None:
    old, new = keys_of("a", "b")
    trust: Any = SimpleNamespace(sizes={old.text: 1}, signs=lambda key, size: (size < 5) == (key is old))
    check_sizes(signed_heads((4, (old,)), (5, (new,)), (3, (old, new)), (9, (old, new))), trust)
    for wrong in ((5, (old,)), (4, (new,)), (4, ())):
        with pytest.raises(RecordError, match="CP-KEY") as refused:
            check_sizes(signed_heads((3, (old,)), wrong), trust)
        assert refused.value.where == f"heads/{wrong[0]}"
    check_sizes(signed_heads((5, (old,))), None)
    check_sizes(signed_heads((5, (old,))), SimpleNamespace(sizes={}, signs=lambda key, size: False))  # type: ignore[arg-type]


# -- the policy that is used -------------------------------------------------------------------------------------------


def test_the_report_says_whether_the_enclosed_policy_is_the_one_of_the_verifier() -> None:
    trust = LOG.trust()
    for copy, says in ((trust.raw, "is the same"), (trust.raw + b"#\n", "differs and is not used")):
        book = VerificationLog()
        assert choose_policy(trust, copy, book) is trust.policy
        assert book.detail == f"yours; the copy in the bundle {says}"
        assert book.not_proven == []


def test_an_enclosed_policy_proves_nothing_and_is_refused_at_its_place() -> None:
    book = VerificationLog(of="folder")
    assert choose_policy(None, LOG.policy(), book) == LOG.trust().policy
    assert book.detail == "the folder's own copy, which proves nothing"
    (sentence,) = book.not_proven
    assert "the keys were taken from the folder itself" in sentence
    for copy, code, where in ((None, "BND-MANIFEST", "policy"), (b"quorum x\n", "POL-NAME", "policy line 1")):
        with pytest.raises(RecordError, match=code) as refused:
            choose_policy(None, copy, VerificationLog())
        assert refused.value.where == where


@pytest.mark.parametrize(("seconds", "says"), [(-1, True), (0, True), (1, False), (None, False)])
def test_a_policy_has_expired_from_the_moment_on_that_it_names(seconds: int | None, says: bool) -> None:
    until = None if seconds is None else NOW + timedelta(seconds=seconds)
    book = VerificationLog()
    check_current(replace(LOG.trust(), until=until), NOW, book)
    check_current(None, NOW, book)
    assert [line.startswith("POL-EXPIRED") for line in book.not_proven] == [True] * says


# -- the notes ---------------------------------------------------------------------------------------------------------


def opened(
    *notes: bytes,
    head: bytes | None = None,
    policy: Policy | None = None,
    book: Any = None,
    mldsa: Any = None,
    **more: Any,
) -> Heads:
    parts = Arranged(checkpoint=head or LOG.checkpoint(), heads={note_digest(note): note for note in notes})
    return open_heads(parts, ORIGIN, policy or LOG.trust().policy, book or VerificationLog(), mldsa, **more)


def policy_of(*logs: Vkey, **witnesses: Vkey) -> Policy:
    return replace(LOG.trust().policy, logs=logs, **({"witnesses": witnesses} if witnesses else {}))


MINE = LOG.trust().policy.logs[0]


def test_keys_of_other_logs_in_the_policy_sign_nothing_here() -> None:
    other = parse_vkey(log_vkey("other.test/x", public_key(b"a" * 32)))
    heads = opened(policy=policy_of(other, MINE))
    assert list(heads.signed_by.values()) == [frozenset({MINE})]
    with pytest.raises(RecordError, match="CP-ORIGIN"):
        opened(policy=policy_of(other))


def test_every_line_of_a_log_key_is_read_and_every_signer_is_named() -> None:
    second = Ledger(log=replace_seed(b"2"))
    key = second.trust().policy.logs[0]
    text, _ = split_note(LOG.checkpoint())
    both = LOG.checkpoint() + sign_note(text, ORIGIN, second.log.seed).partition("\n\n")[2].encode()
    assert opened(head=both, policy=policy_of(MINE, key)).signed_by == {note_digest(both): frozenset({MINE, key})}
    forged = LOG.checkpoint() + format_line(key, bytes(64)).encode()
    with pytest.raises(RecordError, match="CP-SIG") as refused:
        opened(head=forged, policy=policy_of(MINE, key))
    assert refused.value.where.endswith("/checkpoint")


def replace_seed(letter: bytes) -> Any:
    return SimpleNamespace(seed=letter * 32)


def test_a_line_that_this_verifier_cannot_check_is_a_doubt_and_the_key_is_counted() -> None:
    book = VerificationLog()
    opened(policy=policy_of(MINE, POST_QUANTUM[0]), book=book)
    assert book.not_proven == ["Signatures of type ML-DSA-44 of 1 key of the policy were not read."]
    assert book.doubts == []
    book = VerificationLog()
    signed = LOG.checkpoint() + format_line(POST_QUANTUM[0], bytes(2428)).encode()
    witness = Vkey.of("w.test", MLDSA44, bytes([9]) * 1312)
    signed += format_line(witness, bytes(2428)).encode()
    heads = opened(head=signed, policy=policy_of(MINE, POST_QUANTUM[0], w=witness), book=book)
    assert book.not_proven == ["Signatures of type ML-DSA-44 of 2 keys of the policy were not read."]
    assert [(doubt.code, doubt.where.partition(" ")[2]) for doubt in book.doubts] == [
        ("CP-SIG", POST_QUANTUM[0].id),
        ("CP-SIG", witness.id),
    ]
    assert heads.head.cosignatures == ()
    book = VerificationLog()
    heads = opened(
        head=signed, policy=policy_of(MINE, POST_QUANTUM[0], w=witness), book=book, mldsa=lambda *_: len(_) == 3
    )
    assert (book.not_proven, book.doubts) == ([], [])
    opened(book=book)
    assert (book.not_proven, book.doubts) == ([], [])


def test_a_log_of_which_no_key_can_be_checked_is_refused() -> None:
    text, _ = split_note(LOG.checkpoint())
    head = f"{text}\n{format_line(POST_QUANTUM[0], bytes(2428))}".encode()
    with pytest.raises(RecordError, match="CP-KEY"):
        opened(head=head, policy=policy_of(POST_QUANTUM[0]))


@pytest.mark.parametrize(
    ("most", "own", "cosigned"),
    [
        (0, True, [1, 0, 0, 1]),
        (1, True, [1, 0, 0, 1]),
        (2, True, [1, 1, 0, 1]),
        (6, True, [1] * 4),
        (0, False, [1] * 4),
    ],
)
def test_a_record_under_its_own_policy_has_only_so_many_lines_read(
    monkeypatch: pytest.MonkeyPatch, most: int, own: bool, cosigned: list[int]
) -> None:
    monkeypatch.setattr(step, "READ", most)
    notes = [LOG.checkpoint(size, NOW) for size in (1, 2, 3, 5)]
    book = VerificationLog()
    heads = opened(*notes[:3], head=notes[3], own=own, book=book)
    assert [len(heads.all[note_digest(note)].cosignatures) for note in notes] == cosigned
    said = [f"Cosignatures of notes behind the first {most} lines were not read."]
    assert book.not_proven == (said if own else [])
    assert book.detail == f"4 notes of {ORIGIN}"


def test_beyond_that_number_one_line_of_the_log_is_read_and_a_note_without_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(step, "READ", 0)
    key = parse_vkey(log_vkey(ORIGIN, public_key(b"2" * 32)))
    policy = policy_of(MINE, key)
    false = LOG.checkpoint(2) + format_line(key, bytes(64)).encode()
    heads = opened(LOG.checkpoint(1), false, policy=policy, own=True)
    assert heads.signed_by[note_digest(false)] == {MINE, key}
    foreign = sign_note(split_note(LOG.checkpoint(3))[0], ORIGIN, b"3" * 32).encode()
    for wrong in (LOG.checkpoint(2)[:-9] + b"AAAAAA==\n", foreign):
        with pytest.raises(RecordError, match="CP-SIG"):
            opened(LOG.checkpoint(1), wrong, policy=policy, own=True)


def test_under_a_policy_of_the_verifier_all_lines_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "READ", 0)
    notes, book = [LOG.checkpoint(size, NOW) for size in (1, 2)], VerificationLog()
    heads = opened(*notes, book=book)
    assert [len(heads.all[note_digest(note)].cosignatures) for note in notes] == [1, 1]
    assert book.not_proven == []


def test_all_lines_may_be_read_that_are_as_many_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "READ", 2)
    book = VerificationLog()
    opened(LOG.checkpoint(1), own=True, book=book)
    assert book.not_proven == []
    opened(LOG.checkpoint(1), LOG.checkpoint(2), own=True, book=book)
    assert book.not_proven == ["Cosignatures of notes behind the first 2 lines were not read."]


def test_a_note_is_named_by_its_path() -> None:
    first = LOG.checkpoint(1)
    for kept in ("", "heads.db/"):
        heads = opened(first, kept=kept)
        assert heads.where(note_digest(first)) == f"{kept or LOG.folder + '/heads/'}{note_digest(first)}"
        assert heads.where(note_digest(heads.head.note)) == f"{LOG.folder}/checkpoint"


# -- witnesses ---------------------------------------------------------------------------------------------------------


def quorum(*seconds: float, policy: bytes | None = None, now: Any = NOW) -> tuple[Heads, VerificationLog]:
    """Check a head that the first witnesses saw so many seconds after now."""
    head = LOG.checkpoint(None, *(NOW + timedelta(seconds=each) for each in seconds))
    book, chosen = VerificationLog(), LOG.trust(policy).policy
    return check_quorum(opened(head=head, policy=chosen), chosen, now, book), book


def test_a_witness_may_be_five_minutes_ahead_and_no_second_more() -> None:
    heads, book = quorum(300, 299)
    assert (book.doubts, book.detail) == ([], "2 of 2 saw the head")
    heads, book = quorum(301, 300)
    assert [(doubt.code, doubt.where) for doubt in book.doubts] == [
        (code, f"{LOG.folder}/checkpoint") for code in ("CP-FUTURE", "CP-QUORUM")
    ]
    assert book.doubts[0].says == "witness.test/1 says it saw this 301 s from now"
    assert [key.name for key, _ in heads.head.cosignatures] == ["witness.test/2"]
    assert heads.all[note_digest(heads.head.note)] is heads.head


def test_a_quorum_that_is_missed_says_how_many_voters_saw_the_head() -> None:
    assert quorum(0)[1].doubts[0].says == "1 of 2 witnesses saw the head, which is not the quorum 'every'"
    one = LOG.policy("w2")
    assert quorum(0, policy=one)[1].doubts[0].says == "0 of 1 witness saw the head, which is not the quorum 'w2'"
    assert quorum(0, 0, policy=one)[1].doubts == []


def test_a_policy_without_a_quorum_leaves_the_step_open_and_says_so_first() -> None:
    _, book = quorum(0, 0, policy=LOG.policy("none"))
    assert (book.doubts, book.ran, book.detail) == ([], False, "the policy asks for none")
    assert [line.partition(":")[0] for line in book.gravest] == ["NO-WITNESS"]
    _, book = quorum(0, 0)
    assert (book.gravest, book.ran) == ([], True)


# -- one history -------------------------------------------------------------------------------------------------------


def proof(m: int, n: int) -> bytes:
    return "".join(f"{b64(each)}\n" for each in prove_consistency(m, n, LOG.read)).encode()


def held(size: int, *, origin: str = ORIGIN, root: bytes | None = None, typed: bool = False) -> HeldCheckpoint:
    checkpoint = parse_checkpoint(split_note(LOG.checkpoint(size))[0])
    return HeldCheckpoint(replace(checkpoint, origin=origin, root=root or checkpoint.root), confirmed=not typed)


def history(*sizes: int, proofs: Any = (), anchor: Any = None, parts: bool = True, size: int = 4) -> VerificationLog:
    book = VerificationLog()
    heads = opened(*(LOG.checkpoint(each) for each in sizes), head=LOG.checkpoint(size))
    check_history(heads, Arranged(consistency=dict(proofs)) if parts else None, anchor, book)
    return book


def test_every_earlier_state_needs_a_proof_and_a_wrong_one_fails() -> None:
    book = history(1, 3, proofs={(1, 4): proof(1, 4)})
    assert [(doubt.code, doubt.says) for doubt in book.doubts] == [
        ("CP-CONSISTENCY", "nothing proves that the trees of 3 and 4 entries are one log")
    ]
    assert book.doubts[0].where == f"{LOG.folder}/heads/{note_digest(LOG.checkpoint(3))}"
    assert book.detail == "3 states of the log, 1 proof that it only grew"
    book = history(0, 1, 3, proofs={(1, 4): proof(1, 4), (3, 4): proof(3, 4)})
    assert (book.doubts, book.detail) == ([], "4 states of the log, 2 proofs that it only grew")
    with pytest.raises(RecordError, match="CP-CONSISTENCY") as refused:
        history(1, 3, proofs={(1, 4): proof(1, 4), (3, 4): proof(1, 4)})
    assert refused.value.where == f"{LOG.folder}/consistency/3-4"


def test_a_later_state_needs_a_proof_from_the_head() -> None:
    assert history(5, proofs={(4, 5): proof(4, 5)}).doubts == []
    assert [doubt.code for doubt in history(5).doubts] == ["CP-CONSISTENCY"]


def test_a_proof_that_concerns_the_held_checkpoint_is_named_after_it() -> None:
    for size in (2, 5):
        (doubt,) = history(anchor=held(size)).doubts
        assert (doubt.code, doubt.where) == ("ANCHOR-MISMATCH", "anchor")
        m, n = sorted((size, 4))
        assert history(anchor=held(size), proofs={(m, n): proof(m, n)}).doubts == []
        with pytest.raises(RecordError, match="ANCHOR-MISMATCH"):
            history(anchor=held(size), proofs={(m, n): b""})


def test_a_held_checkpoint_of_another_root_contradicts_the_record() -> None:
    assert history(anchor=held(4)).doubts == []
    with pytest.raises(RecordError, match="ANCHOR-MISMATCH") as refused:
        history(anchor=held(4, root=bytes(32)))
    assert refused.value.where == "anchor"
    says = f"at size 4 the checkpoint you hold has another root than {LOG.folder}/checkpoint"
    assert refused.value.says.startswith(says)


@pytest.mark.parametrize("typed", [True, False])
def test_a_checkpoint_of_another_log_says_nothing_of_this_one(typed: bool) -> None:
    (doubt,) = history(anchor=held(4, origin="other.test/x", typed=typed)).doubts
    says = f"You gave a checkpoint of other.test/x. This bundle is of {ORIGIN}."
    assert (doubt.code, doubt.where, doubt.says) == ("CP-ORIGIN", "anchor", says)


def test_a_typed_root_that_differs_is_to_be_compared_letter_by_letter() -> None:
    right = held(4).checkpoint.root
    wrong = unb64(b64(right)[:16] + ("A" if b64(right)[16] != "A" else "B") + b64(right)[17:])
    book = history(anchor=held(4, root=wrong, typed=True))
    (doubt,) = book.doubts
    assert (doubt.code, doubt.where) == ("ANCHOR-TYPED", "anchor")
    assert doubt.says.startswith("compare letter 17 of the root that you typed with your paper")
    assert book.compared == ComparedRoots(4, b64(wrong), b64(right), (17,))
    with pytest.raises(RecordError, match="ANCHOR-MISMATCH"):
        history(anchor=held(4, root=wrong))


def test_a_proof_from_a_typed_root_that_does_not_hold_is_no_failure_before_it_was_compared() -> None:
    book = history(anchor=held(2, root=bytes(32), typed=True), proofs={(2, 4): proof(2, 4)})
    assert [doubt.code for doubt in book.doubts] == ["ANCHOR-TYPED"]
    with pytest.raises(RecordError, match="ANCHOR-MISMATCH"):
        history(anchor=held(2, root=bytes(32)), proofs={(2, 4): proof(2, 4)})


def test_a_signed_checkpoint_of_another_root_is_a_failure_at_once_with_both_notes_as_the_exhibit() -> None:
    note = LOG.checkpoint(4, root=bytes(32))
    checkpoint = parse_held(note)
    assert checkpoint is not None
    assert not checkpoint.typed
    with pytest.raises(Contradiction, match="ANCHOR-MISMATCH") as refused:
        history(anchor=checkpoint)
    assert refused.value.exhibit is not None
    shown = parse_split(refused.value.exhibit)
    assert {note.decode(), LOG.checkpoint(4).decode()} == shown


def test_a_signed_checkpoint_whose_signature_does_not_hold_proves_nothing() -> None:
    right, other = LOG.checkpoint(4), LOG.checkpoint(4, root=bytes(32))
    note = other.partition(b"\n\n")[0] + b"\n\n" + right.partition(b"\n\n")[2]
    (doubt,) = history(anchor=opened_anchor(parse_held(note), LOG.trust().policy, LOG.trust())).doubts
    assert (doubt.code, doubt.where, doubt.says) == ("ANCHOR-MISMATCH", "anchor", NOT_SIGNED)


def test_a_checkpoint_that_a_key_of_no_log_of_the_policy_signed_proves_nothing() -> None:
    text = split_note(LOG.checkpoint(4, root=bytes(32)))[0]
    note = sign_note(text, ORIGIN, bytes(32)).encode()
    held_note = opened_anchor(parse_held(note), LOG.trust().policy, LOG.trust())
    (doubt,) = history(anchor=held_note).doubts
    assert (doubt.code, doubt.where, doubt.says) == ("ANCHOR-MISMATCH", "anchor", NOT_SIGNED)


def test_a_key_that_does_not_sign_this_size_by_a_signed_policy_proves_nothing() -> None:
    note = LOG.checkpoint(4, root=bytes(32))
    key = LOG.trust().policy.logs[0]
    for sizes, doubts in ((Sizes(5, None), 1), (Sizes(0, 4), 1), (Sizes(0, 5), 0)):
        trust = replace(LOG.trust(), sizes={key.text: sizes})
        opened = opened_anchor(parse_held(note), trust.policy, trust)
        assert opened is not None
        assert opened.weak == bool(doubts)


def test_a_proof_from_a_checkpoint_that_nobody_of_the_log_signed_is_no_failure() -> None:
    text = split_note(LOG.checkpoint(2, root=bytes(32)))[0]
    note = sign_note(text, ORIGIN, bytes(32)).encode()
    held_note = opened_anchor(parse_held(note), LOG.trust().policy, LOG.trust())
    book = history(anchor=held_note, proofs={(2, 4): proof(2, 4)})
    assert [(doubt.code, doubt.says) for doubt in book.doubts] == [("ANCHOR-MISMATCH", NOT_SIGNED)]


def parse_split(exhibit: bytes) -> set[str]:
    document = json.loads(exhibit)
    return {document["one"], document["two"]}


def test_two_trees_of_one_size_are_a_split_view_and_both_notes_are_named() -> None:
    other = LOG.checkpoint(4, root=bytes(32))
    with pytest.raises(RecordError, match="SPLIT-VIEW") as refused:
        check_history(opened(other, head=LOG.checkpoint(4)), Arranged(), None, VerificationLog())
    assert refused.value.where == f"{LOG.folder}/heads/{note_digest(other)} and {LOG.folder}/checkpoint"


def test_a_record_with_all_entries_needs_no_proofs() -> None:
    book = history(1, 3, parts=False)
    assert (book.doubts, book.detail) == ([], "3 states of the log, each to be held against the entries")


def test_a_proof_that_nothing_needs_has_the_form_of_one() -> None:
    assert history(proofs={(1, 2): proof(1, 2)}).detail == "1 state of the log, 0 proofs that it only grew"
    with pytest.raises(RecordError, match="CP-CONSISTENCY") as refused:
        history(proofs={(1, 2): b"x"})
    assert refused.value.where == f"{LOG.folder}/consistency/1-2"


def test_a_file_of_a_proof_has_one_hash_a_line_and_at_most_8192_bytes() -> None:
    line = f"{b64(bytes(32))}\n".encode()
    assert hashes(b"") == []
    assert hashes(line * 182) == [bytes(32)] * 182
    for wrong in (line[:-1], line + b"A", b"\xff\n", b"A\n"):
        with pytest.raises(RecordError, match="CP-CONSISTENCY: not one base64 hash a line"):
            hashes(wrong)
    for size, says in ((8_192, "not one base64 hash"), (8_193, "8193 bytes are more")):
        with pytest.raises(RecordError, match=f"CP-CONSISTENCY: {says}"):
            hashes(b"x" * size)


# -- what anchors a record ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("anchor", "trusted", "pins", "lack"),
    [
        (4, "no", True, None),
        (4, "no", False, "the checkpoint you hold says which entries these are"),
        (3, "no", True, "the head is another state than the checkpoint you hold"),
        (None, "no", True, "nothing from outside the bundle was given"),
        (None, "no", False, "nothing from outside the bundle was given"),
        (None, "registrar", True, None),
        (3, "registrar", False, None),
        (None, "policy", True, "the policy names the log"),
        (3, "policy", True, "the policy names the log"),
        (4, "policy", False, "the policy names the log"),
        (4, "policy", True, None),
    ],
)
def test_a_record_is_anchored_by_a_registrar_or_by_a_checkpoint_that_is_its_head(
    anchor: int | None, trusted: str, pins: bool, lack: str | None
) -> None:
    trust: Trust | None = LOG.trust() if trusted != "no" else None
    if trust is not None and trusted == "policy":
        trust = replace(trust, registrar=None)
    checkpoint = None if anchor is None else held(anchor)
    book = VerificationLog()
    book.doubt("CP-QUORUM", "")
    check_anchored(opened(head=LOG.checkpoint(4)), checkpoint, trust, book, pins=pins)
    assert [doubt.code for doubt in book.doubts] == ["NO_TRUST_ANCHOR"] * (lack is not None) + ["CP-QUORUM"]
    assert lack is None or book.doubts[0].says.startswith(lack)


def test_a_checkpoint_that_is_the_head_anchors_a_record_unless_it_is_said_that_it_does_not() -> None:
    book = VerificationLog()
    check_anchored(opened(head=LOG.checkpoint(4)), held(4), None, book)
    assert book.doubts == []


@pytest.mark.parametrize("came", [Came.WITH, Came.BESIDE, Came.UNSAID])
def test_what_came_with_the_record_vouches_for_nothing(came: Came) -> None:
    for trust, checkpoint in ((LOG.trust(), None), (None, held(4)), (LOG.trust(), held(4))):
        book = VerificationLog()
        check_anchored(opened(head=LOG.checkpoint(4)), checkpoint, trust, book, came=came)
        (doubt,) = book.doubts
        assert doubt.code == "NO_TRUST_ANCHOR"
        assert doubt.says.startswith("it is consistent in itself; whose it is was not shown")


@pytest.mark.parametrize(("size", "codes"), [(4, []), (2, ["NO_TRUST_ANCHOR"])])
def test_enclosed_trust_does_not_vouch_where_the_checkpoint_from_elsewhere_is_not_the_head(
    size: int, codes: list[str]
) -> None:
    book = VerificationLog()
    check_anchored(opened(head=LOG.checkpoint(4)), held(size), LOG.trust(), book, came=Came.TRUST_BESIDE)
    assert [doubt.code for doubt in book.doubts] == codes


@pytest.mark.parametrize("came", [Came.APART, Came.VOICE])
def test_what_came_apart_vouches_as_before(came: Came) -> None:
    book = VerificationLog()
    check_anchored(opened(head=LOG.checkpoint(4)), None, LOG.trust(), book, came=came)
    assert book.doubts == []


def test_a_checkpoint_anchors_nothing_where_no_head_could_be_read() -> None:
    book = VerificationLog()
    check_anchored(None, held(4), None, book)
    assert [doubt.code for doubt in book.doubts] == ["NO_TRUST_ANCHOR"]
