"""What two records of one log prove together, and which closed fields are erased: cases for the page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import pytest

from ledger.formats.selective_disclosure import veil
from ledger.tlog.note import MLDSA44
from ledger.tlog.tree import prove_consistency
from tests.browser.support.node import Page
from tests.support.hash_log import HashLog

pytestmark = pytest.mark.browser

LOG = HashLog(size=34)
PAIRS = [*combinations(range(1, 19), 2), (24, 33), (25, 34), (31, 32), (32, 33), (33, 34)]


def power_of_two(m: int) -> bool:
    return m & (m - 1) == 0


def grown(m: int, n: int) -> dict[str, Any]:
    path = prove_consistency(m, n, LOG.read)
    return {"m": m, "n": n, "rootM": LOG.root(m), "rootN": LOG.root(n), "path": path}


def test_a_consistency_proof_begins_with_the_root_of_the_smaller_tree_unless_its_size_is_a_power_of_two(
    node: Page,
) -> None:
    found = node.ask("beginnings", cases=[grown(m, n) for m, n in PAIRS])
    assert found == [None if power_of_two(m) else b64encode(LOG.root(m)).decode() for m, n in PAIRS]
    assert node.ask("beginnings", cases=[{"m": 3, "n": 4, "path": []}]) == [None]


def held_against(
    case: dict[str, Any], turned: bool = False, keys: Sequence[str] = ("k",), among: str = "ours"
) -> dict[str, Any]:
    """Return the question with two heads, the larger in the bundle unless turned, and a proof between them."""
    small, large = ({"size": case[size], "root": case[root]} for size, root in (("m", "rootM"), ("n", "rootN")))
    heads = {"here": small, "there": large} if turned else {"here": large, "there": small}
    proof = "".join(f"{b64encode(each).decode()}\n" for each in case["path"]).encode()
    return {**heads, "keys": keys, among: [(f"{case['m']}-{case['n']}", proof)]}


WAYS = [*product((False, True), ("ours", "theirs"))]
OTHER = LOG.fork(0, 34)


@pytest.mark.parametrize(("turned", "among"), WAYS)
def test_two_heads_are_a_split_view_where_a_true_proof_begins_with_another_root(
    node: Page, turned: bool, among: str
) -> None:
    honest = [grown(m, n) for m, n in PAIRS]
    forked = [{**case, "rootM": OTHER.root(case["m"])} for case in honest]
    apart = [["unproven-connected", str(n if turned else m)] for m, n in PAIRS]
    asked = [held_against(case, turned, among=among) for case in honest]
    assert node.ask("knownHeads", cases=asked) == [[]] * len(PAIRS)
    asked = [held_against(case, turned, among=among) for case in forked]
    said = [each if power_of_two(m) else "SPLIT-VIEW" for (m, _), each in zip(PAIRS, apart, strict=True)]
    assert node.ask("knownHeads", cases=asked) == said
    asked = [held_against(case, turned, ("other",), among) for case in forked]  # no key signed both
    assert node.ask("knownHeads", cases=asked) == apart
    for keys in (("k", "other"), ("other", "k")):  # one of two
        asked = [held_against(case, turned, keys, among) for case in forked]
        assert node.ask("knownHeads", cases=asked) == said
    asked = [{**held_against(case, turned, among=among), "type": MLDSA44} for case in forked]  # no exhibit names it
    assert node.ask("knownHeads", cases=asked) == apart


def test_a_proof_that_does_not_lead_to_the_larger_tree_contradicts_nothing_and_connects_nothing(node: Page) -> None:
    cases = []
    for m, n in PAIRS:
        case = {**grown(m, n), "rootM": OTHER.root(m)}
        cases += [
            {**case, "rootN": OTHER.root(n)},
            {**case, "path": case["path"][:-1]},
            {**case, "path": [*case["path"], bytes(32)]},
            {**case, "path": []},
            {**grown(m, n), "rootN": OTHER.root(n)},
        ]
    found = node.ask("knownHeads", cases=[held_against(case) for case in cases])
    assert found == [["unproven-connected", str(case["m"])] for case in cases]


def test_one_of_two_proofs_is_enough_to_connect_two_heads_and_one_that_is_no_proof_does_no_harm(node: Page) -> None:
    true = held_against(grown(5, 9))
    ((name, proof),) = true["ours"]
    rubbish = [(name, b"x")]
    cases = [
        {**true, "theirs": rubbish},
        {**true, "ours": rubbish, "theirs": [(name, proof)]},
        {**true, "ours": rubbish},
    ]
    assert node.ask("knownHeads", cases=cases) == [[], [], ["unproven-connected", "5"]]


def test_heads_of_one_size_have_one_root_and_an_empty_tree_is_connected_with_every_other(node: Page) -> None:
    def head(size: int, root: bytes) -> dict[str, Any]:
        return {"size": size, "root": root}

    one, other, empty = head(5, LOG.root(5)), head(5, OTHER.root(5)), head(0, LOG.root(0))
    cases = [(one, one), (one, other), (other, one), (one, empty), (empty, one), (one, head(7, LOG.root(7)))]
    found = node.ask("knownHeads", cases=[{"here": here, "there": there} for here, there in cases])
    assert found == [[], "SPLIT-VIEW", "SPLIT-VIEW", [], [], ["unproven-connected", "7"]]


def entry(index: int, leaf: str, prev: str, order: str = "register") -> dict[str, Any]:
    return {"index": index, "order": order, "leaf": leaf, "prev": prev}


AFTER = [
    ([], []),
    ([entry(4, "a", "last")], [4]),
    ([entry(4, "a", "last"), entry(6, "b", "a"), entry(9, "c", "b")], [4, 6, 9]),
    ([entry(19, "c", "b"), entry(6, "b", "a"), entry(4, "a", "last")], [4, 6, 19]),  # whatever their order is
    ([entry(4, "a", "last"), entry(9, "c", "b")], [4]),  # a gap
    ([entry(6, "b", "a"), entry(9, "c", "b")], []),
    ([entry(4, "a", "last", "case"), entry(6, "b", "a")], []),  # of another order
    ([entry(2, "last", "before"), entry(3, "x", "other"), entry(4, "a", "last")], [4]),
    ([entry(4, "a", "last"), entry(5, "x", "a", "case"), entry(6, "b", "a")], [4, 6]),
]


def test_the_register_goes_on_with_known_entries_up_to_the_first_gap(node: Page) -> None:
    assert node.ask("registers", cases=[known for known, _ in AFTER], last="last") == [after for _, after in AFTER]


SEALED = {name: veil(name, "x", bytes([n]) * 16) for n, name in enumerate(("account", "name", "reason"))}
DIGESTS = [each.digest for each in SEALED.values()]
CUSTODIAN = {"party": "XO", "role": "DPO", "actor": "lind"}


def erasure(
    opened: Sequence[str] = (), destroyed: Sequence[str] = (), claimed: Sequence[Any] = (), **more: Any
) -> dict[str, Any]:
    """Return the question for an entry with the fields of SEALED, some opened, some digests destroyed."""
    said = [{"index": 4, "field": each, "why": "erased"} if isinstance(each, str) else each for each in claimed]
    texts = [SEALED[name].text for name in opened]
    fields = {"sealed": [*SEALED], "sd": DIGESTS, "opened": texts, "destroyed": destroyed, "claimed": said}
    return {**fields, "signer": CUSTODIAN, **more}


def test_closed_fields_are_erased_if_all_digests_are_or_the_list_names_as_many(node: Page) -> None:
    cases, expected = [], []
    for opened, destroyed, claimed in product(subsets([*SEALED]), subsets(DIGESTS), subsets([*SEALED, "strange"])):
        cases.append(erasure(opened, destroyed, claimed))
        names = [name for name in SEALED if name not in opened]
        listed = [name for name in names if name in claimed]
        closed = {SEALED[name].digest for name in names}
        gone = closed & {*destroyed}
        erased = names if gone == closed else listed if len(listed) == len(gone) else []
        remarks = ["SD-ERASED"] * sum(SEALED[name].digest in destroyed for name in opened)
        expected.append((erased, remarks))
    found = node.ask("erased", cases=cases)
    for case, (erased, codes), wanted in zip(cases, found, expected, strict=True):
        assert (erased, [code for code in codes if code == "SD-ERASED"]) == wanted, case
    assert any(0 < len(erased) < 3 for erased, _ in expected)


def test_only_the_signer_of_a_value_or_a_custodian_of_the_registrars_party_erases_it(node: Page) -> None:
    signers = {
        "a custodian": (CUSTODIAN, True),
        "the issuer, who may keep keys": ({**CUSTODIAN, "role": "ISS"}, True),
        "another role": ({**CUSTODIAN, "role": "VAL"}, False),
        "another party": ({**CUSTODIAN, "party": "XV"}, False),
        "its signer": ({"party": "XV", "role": "SP", "actor": "ilves"}, True),
    }
    cases = [erasure((), DIGESTS, signer=signer) for signer, _ in signers.values()]
    found = node.ask("erased", cases=cases)
    for (name, (_, may)), (erased, codes) in zip(signers.items(), found, strict=True):
        assert (erased, codes) == (([*SEALED], []) if may else ([], ["SD-CUSTODIAN"])), name
    assert node.ask("erased", cases=[erasure((), DIGESTS, holds=False)]) == [[[], ["SD-CUSTODIAN"]]]


def test_the_list_says_which_of_two_fields_is_erased_for_its_entry_and_its_reason_alone(node: Page) -> None:
    def said(**more: Any) -> dict[str, Any]:
        return {"index": 4, "field": "name", "why": "erased", **more}

    claims = [[said()], [said(index=5)], [said(why="audience")], [said(), said(field="account")]]
    claims += [[said(why="audience", field="account"), said()], [said(index=5, field="account"), said()]]
    found = node.ask("erased", cases=[erasure((), DIGESTS[:1], claimed) for claimed in claims])
    assert [erased for erased, _ in found] == [["name"], [], [], [], ["name"], ["name"]]


def subsets(names: list[str]) -> list[list[str]]:
    return [list(some) for size in range(len(names) + 1) for some in combinations(names, size)]
