"""An exhibit convicts a log for every holder of the log's key, and proves nothing to others."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.envelope import EntryPlace
from ledger.entries.exhibits import claimed_logs, form_of
from ledger.entries.split_view import (
    Shown,
    check_omission,
    check_order,
    prove_omission,
    prove_order,
    prove_split,
    write_exhibit,
)
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import MLDSA44, Vkey, log_vkey, parse_vkey
from ledger.tlog.policy import Policy
from ledger.tlog.tree import format_proof, leaf_hash, prove_inclusion
from ledger.trust.trust_folder import Sizes, Trust, parse_trust
from ledger.verify import exhibits
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.report import Report, Verdict
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import ORDER, Ledger, resealed, small, two_histories

TRUE = HashLog(size=20)
FORK = TRUE.fork(5, 9)
SPLIT = prove_split(TRUE.key, TRUE.note(7), FORK.note(7))
LARGER = prove_split(TRUE.key, TRUE.note(7), FORK.note(9), FORK.prove(7, 9), FORK.root(7))


def trust(*keys: Vkey) -> Trust:
    return parse_trust({"policy": "".join(f"log {key.text}\n" for key in keys).encode() + b"quorum none\n"})


def omitted(index: int = 6, one: int = 8, two: int = 9, instead: HashLog = FORK, place: int | None = None) -> bytes:
    at = index if place is None else place
    other = instead.receipt(at, two)
    return prove_omission(
        TRUE.key, TRUE.entries[index], TRUE.receipt(index, one), leaf_hash(instead.entries[at]), other
    )


def said(report: Report) -> tuple[Verdict, list[str]]:
    return report.verdict, [reason.code for reason in report.reasons]


@pytest.mark.parametrize("exhibit", [SPLIT, LARGER, omitted()])
def test_a_log_is_convicted_before_whoever_holds_its_key(exhibit: bytes) -> None:
    report = verify_exhibit(exhibit, trust(TRUE.key))
    assert said(report) == (Verdict.FAILED, ["SPLIT-VIEW"])
    assert report.reasons[0].says == json.loads(exhibit)["says"]
    assert report.signatures == 2


@pytest.mark.parametrize("exhibit", [SPLIT, omitted()])
def test_an_exhibit_vouches_for_no_key_of_its_own(exhibit: bytes) -> None:
    assert said(verify_exhibit(exhibit, None)) == (Verdict.INDETERMINATE, ["NO_TRUST_ANCHOR", "SPLIT-VIEW"])
    stranger = trust(HashLog(seed=bytes(32)).key)
    assert said(verify_exhibit(exhibit, stranger)) == (Verdict.INDETERMINATE, ["CP-ORIGIN", "SPLIT-VIEW"])


def sized(first: int, end: int | None, *keys: Vkey) -> Trust:
    """Return a trust in the log's key for these sizes alone, as a signed policy gives it."""
    return replace(trust(*keys or (TRUE.key,)), sizes={TRUE.key.text: Sizes(first, end)})


@pytest.mark.parametrize("exhibit", [SPLIT, LARGER, omitted()])
def test_a_key_convicts_its_log_only_at_the_sizes_that_it_signs(exhibit: bytes) -> None:
    """Outside the sizes of a signed policy a thief may sign anything with an old key."""
    for sizes in (sized(0, 5), sized(20, None), sized(8, 9)):
        report = verify_exhibit(exhibit, sizes)
        assert said(report) == (Verdict.INDETERMINATE, ["CP-KEY", "SPLIT-VIEW"])
    assert said(verify_exhibit(exhibit, sized(0, 10))) == (Verdict.FAILED, ["SPLIT-VIEW"])


def changed(exhibit: bytes, **members: Any) -> bytes:
    return json.dumps(json.loads(exhibit) | members).encode()


NOTHING = [
    (changed(SPLIT, two=TRUE.note(7).decode()), "SPLIT-UNPROVEN"),
    (changed(SPLIT, two=TRUE.note(9).decode()), "SPLIT-UNPROVEN"),
    (changed(SPLIT, two=HashLog(seed=bytes(32)).grow(7, "x").note(7).decode()), "CP-SIG"),
    (changed(SPLIT, two=3), "SPLIT-FORMAT"),
    (changed(SPLIT, log="nobody"), "SPLIT-FORMAT"),
    (changed(SPLIT, log=Vkey.of(TRUE.origin, MLDSA44, bytes(1312)).text), "CP-KEY"),
    (changed(LARGER, path=[]), "SPLIT-UNPROVEN"),
    (changed(LARGER, path=[7]), "SPLIT-FORMAT"),
    (changed(LARGER, began="zz"), "SPLIT-FORMAT"),
    (b'{"format": "comity.split-view/1"', "SPLIT-FORMAT"),
    (changed(omitted(), entry="another"), "PRF-PATH"),
    (changed(omitted(), leaf="00"), "SPLIT-FORMAT"),
    (changed(omitted(), leaf=leaf_hash(b"x").hex()), "PRF-PATH"),
    (
        changed(omitted(), instead=FORK.receipt(7, 9).decode(), leaf=leaf_hash(FORK.entries[7]).hex()),
        "SPLIT-UNPROVEN",
    ),
    (
        changed(omitted(), instead=TRUE.receipt(6, 12).decode(), leaf=leaf_hash(TRUE.entries[6]).hex()),
        "SPLIT-UNPROVEN",
    ),
    (changed(omitted(), instead="c2sp.org/tlog-proof@v1\nindex 1\n"), "PRF-FORMAT"),
    (changed(omitted(), proof=None), "SPLIT-FORMAT"),
]


@pytest.mark.parametrize(("exhibit", "code"), NOTHING)
def test_what_proves_nothing_leaves_the_log_alone(exhibit: bytes, code: str) -> None:
    assert said(verify_exhibit(exhibit, trust(TRUE.key))) == (Verdict.INDETERMINATE, [code])


@pytest.mark.parametrize(("one", "two"), [(8, 9), (9, 8), (20, 9), (7, 9), (8, 8)])
def test_an_omission_is_proven_whichever_head_is_the_larger(one: int, two: int) -> None:
    found = check_omission(omitted(6, one, two), TRUE.key)
    assert (found.index, found.one.size, found.two.size) == (6, one, two)


def test_a_head_too_small_to_hold_the_entry_convicts_nobody() -> None:
    with pytest.raises(RecordError, match="PRF-INDEX"):
        omitted(6, 8, 5)


def test_an_exhibit_has_at_most_262144_bytes() -> None:
    exhibit = omitted()
    largest = exhibit + b"\n" * (262_144 - len(exhibit))
    assert check_omission(largest, TRUE.key) == check_omission(exhibit, TRUE.key)
    with pytest.raises(RecordError, match="SPLIT-FORMAT"):
        check_omission(largest + b"\n", TRUE.key)
    assert (claimed_logs(largest), claimed_logs(largest + b"\n")) == ((TRUE.key.text,), ())


def test_the_same_entry_in_a_larger_tree_is_what_honest_logs_show() -> None:
    with pytest.raises(RecordError, match="SPLIT-UNPROVEN"):
        omitted(3, 8, 20, TRUE)


# -- two entries that no log may both hold -----------------------------------------------------------------------------

FORKED, ILVES, (ONE, TWO) = two_histories()
KEY = parse_vkey(log_vkey(FORKED.origin, public_key(FORKED.log.seed)))
TRANSMITTED = {"addressee": "skylark", "channel": "post"}


def shown(index: int, size: int | None = None, ledger: Ledger = FORKED) -> Shown:
    """Return an entry of a ledger as a bundle shows it, under the head of this size."""
    size = size or ledger.size
    proof = format_proof(index, prove_inclusion(index, size, ledger.read), ledger.checkpoint(size))
    return Shown(ledger.entries[index], proof, KEY)


SPLIT_ORDER = prove_order(shown(ONE), shown(TWO))


def test_two_entries_at_one_place_of_an_order_convict_the_log_whichever_heads_cover_them() -> None:
    assert prove_order(shown(TWO), shown(ONE)) == SPLIT_ORDER
    for exhibit in (SPLIT_ORDER, prove_order(shown(ONE, ONE + 1), shown(TWO))):
        report = verify_exhibit(exhibit, trust(KEY))
        assert said(report) == (Verdict.FAILED, ["SPLIT-ORDER"])
        assert report.reasons[0].says == json.loads(exhibit)["says"]
        assert report.signatures == 4
        assert any("Which of the two entries is true" in says for says in report.not_proven)
    assert f"two entries 3 of order {ORDER}" in json.loads(SPLIT_ORDER)["says"]


def test_heads_of_which_one_tree_denies_the_other_convict_it_too() -> None:
    ledger, ilves = small()
    other, _ = small()
    for each, way in ((ledger, "mail"), (other, "courier")):
        each.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": way}, order=ORDER)
    found = check_order(prove_order(shown(5, None, ledger), shown(5, None, other)), [KEY])
    assert (found.code, found.places) == ("SPLIT-ORDER", (5, 5))


def broken_chain() -> Ledger:
    """Make a log with an entry 4 that names a false entry 3 as its predecessor."""
    ledger, ilves = small()
    ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER)
    place = EntryPlace(ledger.origin, ORDER, 4, "00" * 32, "2AP-7")
    ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER, place=place)
    return ledger


def used_again() -> Ledger:
    """Make a log that has one entry id in two orders."""
    ledger, ilves = small()

    def moved(payload: dict[str, Any]) -> None:
        payload.update(order="22222222-2222-4333-8444-555555555555", seq=1, prev=None)

    ledger.append(resealed(ledger.entries[4], moved, ilves))
    return ledger


BROKEN, AGAIN = broken_chain(), used_again()
BREAK = prove_order(shown(5, None, BROKEN), shown(6, None, BROKEN))
TWICE = prove_order(shown(4, None, AGAIN), shown(5, None, AGAIN))


def test_a_chain_that_breaks_and_an_id_used_twice_convict_the_log() -> None:
    for exhibit, code, words in (
        (BREAK, "SPLIT-ORDER", "an entry 4 of order"),
        (TWICE, "CTX-REPLAY", "two entries with the id"),
    ):
        report = verify_exhibit(exhibit, trust(KEY))
        assert said(report) == (Verdict.FAILED, [code])
        assert words in report.reasons[0].says


def test_an_exhibit_of_entries_vouches_for_no_key_of_its_own() -> None:
    assert said(verify_exhibit(SPLIT_ORDER, None)) == (Verdict.INDETERMINATE, ["NO_TRUST_ANCHOR", "SPLIT-ORDER"])
    stranger = verify_exhibit(changed(SPLIT_ORDER, other_log=TRUE.key.text), trust(KEY))
    assert said(stranger) == (Verdict.INDETERMINATE, ["CP-ORIGIN"])


def elsewhere() -> bytes:
    """Make a document of two entries of one log that were sealed for another log."""
    ledger, ilves = small()
    for way in ("mail", "courier"):
        place = EntryPlace("ledger.test/else", ORDER, 3, ledger.leaf(4), "2AP-7")
        public = {"addressee": "skylark", "channel": way}
        ledger.record(ilves, "order-transmitted", public, order=ORDER, place=place)
    one, two = shown(5, None, ledger), shown(6, None, ledger)
    return document(one, two)


def document(one: Shown, two: Shown) -> bytes:
    proofs = {"one_proof": one.proof.decode(), "two_proof": two.proof.decode()}
    return changed(SPLIT_ORDER, one=one.raw.decode(), two=two.raw.decode(), **proofs)


ORDER_NOTHING = [
    (document(shown(ONE - 1), shown(ONE)), "SPLIT-UNPROVEN"),  # one follows the other
    (document(shown(ONE), shown(ONE)), "SPLIT-UNPROVEN"),  # one entry, twice
    (document(shown(ONE), shown(ONE, ONE + 1)), "SPLIT-UNPROVEN"),  # one entry under two heads
    (document(shown(0), shown(ONE)), "SPLIT-UNPROVEN"),  # of different orders
    (elsewhere(), "SPLIT-UNPROVEN"),
    (changed(SPLIT_ORDER, two_proof=shown(ONE).proof.decode()), "PRF-PATH"),
    (changed(SPLIT_ORDER, two=shown(0).raw.decode()), "PRF-PATH"),
    (changed(SPLIT_ORDER, one=None), "SPLIT-FORMAT"),
    (changed(SPLIT_ORDER, other_log=None), "SPLIT-FORMAT"),
    (changed(SPLIT_ORDER, one_proof="x"), "PRF-FORMAT"),
    (changed(SPLIT_ORDER, log=TRUE.key.text), "CP-ORIGIN"),
]


@pytest.mark.parametrize(("exhibit", "code"), ORDER_NOTHING)
def test_entries_that_a_log_may_hold_both_leave_it_alone(exhibit: bytes, code: str) -> None:
    assert said(verify_exhibit(exhibit, trust(KEY))) == (Verdict.INDETERMINATE, [code])


def test_only_what_says_that_it_is_an_exhibit_is_read_as_one() -> None:
    assert form_of(SPLIT) == "comity.split-view/1"
    assert form_of(omitted()) == "comity.omission/1"
    assert form_of(SPLIT_ORDER) == "comity.split-order/1"
    assert form_of(b"PK\x03\x04") is None
    assert form_of(b'{"payload":"comity.split-view/2"') is None


FIRST_KEY, SECOND_KEY = (parse_vkey(log_vkey("ledger.test/x", public_key(letter * 32))) for letter in (b"1", b"2"))


def of_keys(*keys: Vkey, others: tuple[Trust, ...] = (), **sizes: Sizes) -> Trust:
    """Return the trust of a verifier who knows these keys of a log; `first` and `second` sign these sizes only."""
    named = {"first": FIRST_KEY.text, "second": SECOND_KEY.text}
    policy = Policy(keys, {}, {}, "none")
    return Trust(policy, b"", None, others=others, sizes={named[name]: each for name, each in sizes.items()})


BOTH_KEYS = (FIRST_KEY, SECOND_KEY)


@pytest.mark.parametrize(
    ("trust", "codes"),
    [
        (of_keys(*BOTH_KEYS), ["SPLIT-VIEW"]),
        (of_keys(*BOTH_KEYS, first=Sizes(0, 4), second=Sizes(4)), ["SPLIT-VIEW"]),
        (of_keys(*BOTH_KEYS, first=Sizes(4)), ["CP-KEY", "SPLIT-VIEW"]),
        (of_keys(*BOTH_KEYS, second=Sizes(6)), ["CP-KEY", "SPLIT-VIEW"]),
        (of_keys(FIRST_KEY, others=(of_keys(SECOND_KEY),)), ["SPLIT-VIEW"]),
        (of_keys(FIRST_KEY, others=(of_keys(SECOND_KEY),), first=Sizes(4)), ["CP-KEY", "SPLIT-VIEW"]),
        (of_keys(FIRST_KEY), ["CP-ORIGIN", "SPLIT-VIEW"]),
    ],
)
def test_each_state_in_an_exhibit_is_signed_by_a_key_that_the_verifier_trusts_for_its_size(
    monkeypatch: pytest.MonkeyPatch, trust: Trust, codes: list[str]
) -> None:
    shown = SimpleNamespace(code="SPLIT-VIEW", log=SECOND_KEY, sizes=(3, 5))
    monkeypatch.setattr(exhibits, "_claimed", lambda data: BOTH_KEYS)
    monkeypatch.setattr(exhibits, "check_exhibit", lambda data, logs: shown)
    monkeypatch.setattr(exhibits, "is_as_written", lambda data, found: True)
    report = verify_exhibit(b"", trust)
    assert [reason.code for reason in report.reasons] == codes
    assert report.verdict is (Verdict.FAILED if len(codes) == 1 else Verdict.INDETERMINATE)
    assert (report.entries, report.signatures) == (0, 2)


def reworded(exhibit: bytes) -> list[bytes]:
    """Return an exhibit with another sentence, with one more member, with two sentences, and in another form."""
    whole = json.loads(exhibit)
    says = {**whole, "says": "the log is honest (verified by the registrar)"}
    twice = exhibit.replace(b'"says":', b'"says": "the log is honest",\n  "says":', 1)
    more = {**whole, "verified_by": "Supreme Court"}
    return [write_exhibit(says), write_exhibit(more), twice, json.dumps(whole).encode()]


@pytest.mark.parametrize("exhibit", [SPLIT, LARGER, omitted(), SPLIT_ORDER, TWICE], ids=range(5))
def test_an_exhibit_with_other_words_than_those_of_the_program_is_a_finding(exhibit: bytes) -> None:
    held = trust(TRUE.key, KEY)
    assert verify_exhibit(exhibit, held).procedure == ()
    for data in reworded(exhibit):
        for given in (held, None):
            report = verify_exhibit(data, given)
            assert report.reasons == verify_exhibit(exhibit, given).reasons
            assert [remark.code for remark in report.procedure] == ["CMP-SAYS"]
