"""Committed heads: an operator who leaves out or exchanges entries of an order is caught by the bundle alone."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.bundle.archive import pack, unpack
from ledger.bundle.layout import Arranged
from ledger.entries.envelope import open_
from ledger.entries.placement import committed_by, map_of, registry_of
from ledger.entries.split_view import Shown
from ledger.errors import RecordError
from ledger.tlog.map_of_heads import MapOfHeads, order_key
from ledger.tlog.note import EMPTY_ROOT
from ledger.tlog.tree import leaf_hash
from ledger.verify.completeness.committed_heads import check_commit, check_committed, check_head
from ledger.verify.earlier_bundles import hold_entry, known_of
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.progress import Contradiction
from ledger.verify.report import Report, Verdict
from tests.support.memory_ledger import (
    LINKED,
    ORDER,
    Hand,
    Ledger,
    changed,
    checked,
    ends,
    left_out,
    small,
    two_histories,
)
from tests.support.samples import examples

REGISTER = registry_of(Ledger().origin)
COMMIT = "map/heads-committed"


def committing(**more: Any) -> tuple[Ledger, Hand, Hand]:
    """Return a ledger with an order of two entries, its authority, and its own office, which commits heads."""
    ledger, ilves = small(**more)
    return ledger, ilves, ledger.enrol("ledger", "XO", "SYS")


def complete(report: Report) -> list[str]:
    """Return the statements on completeness that are not proven."""
    return [says for says in report.not_proven if says.startswith("CMP-")]


def sentences(report: Report) -> list[str]:
    """Return their first words."""
    return [says.partition(":")[0] for says in complete(report)]


# -- what is said ------------------------------------------------------------------------------------------------------


def test_an_order_whose_head_was_committed_last_has_no_other_entries_says_the_ledger() -> None:
    ledger, ilves, node = committing()
    at = ledger.commit(node)
    report = checked(ledger.bundle(ilves, commit=at), ledger)
    assert report.verdict is Verdict.PASSED
    assert report.committed is not None
    assert (report.committed.index, report.committed.size, report.committed.whole) == (at, at, True)
    assert report.committed.counts == {ORDER: 2, REGISTER: 6}
    assert sentences(report) == ["CMP-COMMITTED"], "nothing rests on the maker alone"
    assert (
        f"among the first {at} entries of the log this order has exactly 2 entries, and the register 6"
        in (complete(report)[0])
    )


def test_what_came_behind_the_committed_entries_rests_on_the_maker() -> None:
    ledger, ilves, node = committing()
    at = ledger.commit(node)
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    report = checked(ledger.bundle(ilves, commit=at), ledger)
    assert report.committed is not None
    assert report.committed.counts[ORDER] == 2
    assert not report.committed.whole
    assert sentences(report) == ["CMP-COMMITTED", "CMP-COMMITTED", "CMP-ORDER", "CMP-REGISTER"]
    assert "behind the first 8 entries" in complete(report)[1]


def test_a_bundle_without_committed_heads_says_so() -> None:
    ledger, ilves = small()
    report = checked(ledger.bundle(ilves), ledger)
    assert report.committed is None
    assert sentences(report) == ["CMP-NOT-COMMITTED", "CMP-ORDER", "CMP-REGISTER"]


def test_an_order_that_begins_behind_the_committed_entries_is_proven_absent_from_them() -> None:
    ledger, ilves, node = committing()
    at = ledger.commit(node)
    ledger.record(ilves, "order-issued", {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}, order=LINKED)
    report = checked(ledger.bundle(ilves, "CT", LINKED, commit=at), ledger)
    assert report.verdict is Verdict.PASSED
    assert report.committed is not None
    assert report.committed.counts == {ORDER: 2, LINKED: 0, REGISTER: 6}


def test_a_key_that_was_reported_later_makes_the_commit_doubtful() -> None:
    ledger, ilves, node = committing()
    at = ledger.commit(node)
    since = (ledger.clock - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ledger.record(ledger.keeper, "key-compromised", {"actor": "ledger", "suspected_since": since})
    report = checked(ledger.bundle(ilves, commit=at), ledger)
    assert ("KEY-SUSPECT", COMMIT) in [(r.code, r.where) for r in report.reasons]


# -- an operator who is not honest, and the bundle alone ---------------------------------------------------------------


def test_an_entry_that_is_left_out_has_another_head_than_the_committed_one() -> None:
    ledger, ilves, node = committing()
    hidden = ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    data = left_out(ledger, ilves, hidden, commit=ledger.commit(node))
    assert "first 2 entries" in ends(data, ledger, "MAP-HEAD", 17, f"map/{ORDER}.mptproof")


def test_the_other_of_two_entries_at_one_place_has_another_head_than_the_committed_one() -> None:
    ledger, ilves, (one, two) = two_histories()
    at = ledger.commit(ledger.enrol("ledger", "XO", "SYS"))
    for hidden in (one, two):  # committed are both, one behind the other
        ends(left_out(ledger, ilves, hidden, commit=at), ledger, "MAP-HEAD", 17)


def test_a_register_whose_tail_is_cut_has_another_head_than_the_committed_one() -> None:
    ledger, ilves, node = committing()
    late = ledger.enrol("late", "XO", "ISS")
    revoked = ledger.record(ledger.keeper, "key-revoked", {"actor": "late", "key": late.key, "cause": "compromised"})
    data = left_out(ledger, ilves, revoked, commit=ledger.commit(node))
    ends(data, ledger, "MAP-HEAD", 17, f"map/{REGISTER}.mptproof")


def test_a_proof_under_another_root_than_the_committed_one_proves_nothing() -> None:
    ledger, ilves, node = committing()
    hidden = ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    at = ledger.commit(node)
    rows = [(ORDER if n < 8 else LINKED, leaf_hash(raw)) for n, raw in enumerate(ledger.entries[:at])]
    tree = MapOfHeads(rows).tree  # a map that he made up

    def exchange(files: dict[str, bytes]) -> None:
        files[f"map/{ORDER}.mptproof"] = tree.prove(order_key(ORDER))

    data = changed(left_out(ledger, ilves, hidden, commit=at), exchange, ilves.signer("ISS"))
    ends(data, ledger, "MAP-PATH", 17, f"map/{ORDER}.mptproof")


def test_a_commit_says_nothing_about_entries_behind_itself() -> None:
    ledger, ilves, node = committing()
    at = ledger.commit(node, ledger.size + 1, EMPTY_ROOT)
    data = ledger.bundle(ilves, commit=at)
    assert f"it is entry {at}, and speaks of {at + 1} entries" in ends(data, ledger, "MAP-SIZE", 17, COMMIT)


def remade(change: Callable[[dict[str, bytes]], object]) -> tuple[bytes, Ledger]:
    ledger, ilves, node = committing()
    return changed(ledger.bundle(ilves, commit=ledger.commit(node)), change, ilves.signer("ISS")), ledger


@pytest.mark.parametrize(
    ("code", "where", "change"),
    [
        ("BND-MANIFEST", f"{COMMIT}.dsse.json", lambda files: files.pop(f"{COMMIT}.dsse.json")),
        ("BND-MANIFEST", f"{COMMIT}.tlog-proof", lambda files: files.pop(f"{COMMIT}.tlog-proof")),
        ("BND-MANIFEST", f"map/{ORDER}.mptproof", lambda files: files.pop(f"map/{ORDER}.mptproof")),
        ("BND-MANIFEST", f"map/{LINKED}.mptproof", lambda files: files.update({f"map/{LINKED}.mptproof": b"x"})),
        ("MAP-FORMAT", f"map/{ORDER}.mptproof", lambda files: files.update({f"map/{ORDER}.mptproof": b"mptproof"})),
        ("PRF-FORMAT", COMMIT, lambda files: files.update({f"{COMMIT}.tlog-proof": b"no proof\n"})),
        ("ENV-TYPE", COMMIT, lambda files: files.update({f"{COMMIT}.dsse.json": b"{}"})),
    ],
)
def test_a_part_that_is_missing_or_broken_is_refused(
    code: str, where: str, change: Callable[[dict[str, bytes]], object]
) -> None:
    data, ledger = remade(change)
    ends(data, ledger, code, 17, where)


def test_only_an_entry_of_the_map_order_commits_heads() -> None:
    ledger, ilves, _ = committing()
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    other = ledger.size - 1  # any entry of the log, shown as a commit

    def exchange(files: dict[str, bytes]) -> None:
        files[f"{COMMIT}.dsse.json"], files[f"{COMMIT}.tlog-proof"] = ledger.entries[other], ledger.proof(other)
        for order in (ORDER, REGISTER):
            files[f"map/{order}.mptproof"] = ledger.map_at(other).tree.prove(order_key(order))

    data = changed(ledger.bundle(ilves), exchange, ilves.signer("ISS"))
    assert "commits no heads" in ends(data, ledger, "CTX-ORDER", 17, COMMIT)


@pytest.mark.parametrize("roles", [("SP",), ("SYS", "SP"), ("ADM",)])
def test_a_role_that_may_not_sign_the_kind_commits_no_heads_though_it_is_held(roles: tuple[str, ...]) -> None:
    ledger, ilves = small()
    skylark = ledger.enrol("skylark", "XO", *roles)
    fact = {"size": ledger.size, "map_root": ledger.map_at(ledger.size).tree.root().hex()}
    at = ledger.record(skylark, "heads-committed", fact, order=map_of(ledger.origin), role=roles[-1])
    says = ends(ledger.bundle(ilves, commit=at), ledger, "KEY-ROLE", 17, COMMIT)
    assert f"skylark may not sign heads-committed as {roles[-1]}" in says
    assert committed_by(open_(ledger.entries[at]).payload) is None


def test_only_a_key_in_the_role_of_the_ledger_commits_heads() -> None:
    ledger, ilves = small()
    at = ledger.record(
        ilves,
        "heads-committed",
        {"size": ledger.size, "map_root": ledger.map_at(ledger.size).tree.root().hex()},
        order=map_of(ledger.origin),
        role="SYS",
    )
    ends(ledger.bundle(ilves, commit=at), ledger, "KEY-ROLE", 17, COMMIT)
    stranger, _, node = committing()
    at = stranger.commit(Hand(node.actor, node.party, bytes(32)))
    ends(stranger.bundle(ilves, commit=at), stranger, "KEY-UNKNOWN", 17, COMMIT)


def test_a_commit_whose_signature_is_another_entrys_is_refused() -> None:
    ledger, ilves, node = committing()
    at = ledger.commit(node)
    raw = ledger.entries[at]
    cut = raw.replace(raw[-10:-6], b"AAAA")
    assert cut != raw

    def exchange(files: dict[str, bytes]) -> None:
        files[f"{COMMIT}.dsse.json"] = cut

    data = changed(ledger.bundle(ilves, commit=at), exchange, ilves.signer("ISS"))
    report = checked(data, ledger)
    assert report.verdict is Verdict.FAILED
    assert report.reasons[0].where == COMMIT


@examples(60)
@given(st.data())
def test_no_changed_byte_of_the_map_passes(data: st.DataObject) -> None:
    ledger, ilves, node = committing()
    bundle = ledger.bundle(ilves, commit=ledger.commit(node))
    files = sorted(path for path in unpack(bundle) if path.startswith("map/"))
    path = data.draw(st.sampled_from(files))
    content = unpack(bundle)[path]
    at, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))

    def flip(files: dict[str, bytes]) -> None:
        files[path] = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]

    assert checked(changed(bundle, flip, ilves.signer("ISS")), ledger).verdict is Verdict.FAILED


def test_the_packed_bundle_has_the_commit_and_a_proof_of_each_order() -> None:
    ledger, ilves, node = committing()
    contents = ledger.contents(commit=ledger.commit(node))
    files = [path for path in unpack(pack(contents, ilves.signer("ISS"))) if path.startswith("map/")]
    assert files == sorted(
        [f"{COMMIT}.dsse.json", f"{COMMIT}.tlog-proof"] + [f"map/{o}.mptproof" for o in (ORDER, REGISTER)]
    )


# -- two bundles of one log --------------------------------------------------------------------------------------------


def test_two_roots_over_the_same_entries_convict_the_log() -> None:
    ledger, ilves, node = committing()
    size = ledger.size
    one = ledger.commit(node, size)
    two = ledger.commit(node, size, ledger.map_at(size - 1).tree.root())
    first = ledger.bundle(ilves, commit=one)
    known = known_of(first, ledger.trust())
    kept = ledger.contents(commit=one)
    other = replace(kept, commit=(ledger.entries[two], ledger.proof(two, kept.checkpoint)))
    assert checked(first, ledger).verdict is Verdict.PASSED
    failed = checked(pack(other, ilves.signer("ISS")), ledger, elsewhere=known)
    assert failed.reasons[0].code == "MAP-PATH", "no proof leads to the root that he made up"
    with pytest.raises(Contradiction, match="two roots over the heads of its first 8 entries") as convicted:
        hold_entry(Shown(ledger.entries[two], ledger.proof(two), ledger.trust().policy.logs[0]), known)
    exhibit = verify_exhibit(convicted.value.exhibit or b"", ledger.trust())
    assert [(r.code, exhibit.verdict) for r in exhibit.reasons] == [("MAP-SPLIT", Verdict.FAILED)]


def test_a_second_bundle_with_another_commit_at_the_same_place_convicts_the_log() -> None:
    ledger, ilves, node = committing()
    fork = deepcopy(ledger)
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    bundles = [one.bundle(ilves, commit=one.commit(node)) for one in (ledger, fork)]
    report = checked(bundles[0], ledger, elsewhere=known_of(bundles[1], ledger.trust()))
    assert report.verdict is Verdict.FAILED
    assert report.exhibit is not None


# -- each rule on its own ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commit", "proofs", "path"),
    [
        ((None, None), {ORDER: b""}, "heads-committed.dsse.json"),
        ((None, b"proof"), {ORDER: b""}, "heads-committed.dsse.json"),
        ((b"entry", None), {ORDER: b""}, "heads-committed.tlog-proof"),
        ((b"entry", b"proof"), {}, f"{ORDER}.mptproof"),
        ((b"entry", b"proof"), {ORDER: b"", LINKED: b""}, f"{LINKED}.mptproof"),
    ],
)
def test_committed_heads_are_whole_or_absent(commit: Any, proofs: dict[str, bytes], path: str) -> None:
    manifest, nothing = SimpleNamespace(heads={ORDER: None}), None

    def check(parts: Arranged) -> Any:
        return check_committed(parts, {}, manifest, nothing, nothing, nothing)  # type: ignore[arg-type]

    assert check(Arranged()) is None
    with pytest.raises(RecordError, match="BND-MANIFEST") as refused:
        check(Arranged(commit=commit, map_proofs=proofs))
    assert refused.value.where == f"map/{path}"


def test_an_entry_commits_its_own_log_to_a_size_up_to_its_place() -> None:
    ledger, _, node = committing()
    at = ledger.commit(node)
    opened, keyring = open_(ledger.entries[at]), SimpleNamespace(check=lambda *_: None, check_role=lambda *_: None)

    def check(index: int = at, origin: str = ledger.origin, **more: Any) -> Any:
        public = {**opened.payload.public, **more.pop("public", {})}
        changed = replace(opened, payload=replace(opened.payload, public=public, **more))
        return check_commit(changed, index, origin, keyring)  # type: ignore[arg-type]

    root = bytes.fromhex(opened.payload.public["map_root"])
    assert check() == (at, root)
    assert check(public={"size": 0}) == (0, root)
    for refused, code in (
        ({"origin": "ledger.test/y"}, "CTX-LOG"),
        ({"public": {"size": "7"}}, "FACT"),
        ({"instrument": "2AP-7"}, "CTX-ORDER"),
        ({"order": ORDER}, "CTX-ORDER"),
        ({"kind": "order-transmitted"}, "(CTX-ORDER|FACT)"),
        ({"index": at - 1}, "MAP-SIZE"),
    ):
        with pytest.raises(RecordError, match=code):
            check(**refused)


def test_a_committed_head_is_that_of_the_entries_below_its_size() -> None:
    ledger, _ = small()
    opened = {index: open_(raw) for index, raw in enumerate(ledger.entries)}
    for size, own in ((5, 2), (4, 1), (3, 0)):
        tree = ledger.map_at(size).tree
        assert check_head(ORDER, tree.prove(order_key(ORDER)), opened, size, tree.root()) == own
    for size, others, has in ((4, opened, "another head"), (3, opened, "no such order")):
        tree = ledger.map_at(size).tree
        with pytest.raises(RecordError, match=f"MAP-HEAD.*with the first 2 entries here order .* committed: {has}"):
            check_head(ORDER, tree.prove(order_key(ORDER)), others, 5, tree.root())
