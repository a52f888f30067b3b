"""Checks of the page that no other test covers, each with the input that needs it."""

from __future__ import annotations

import zlib

import pytest
from msgspec.structs import replace

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import cosign, open_checkpoint, parse_vkey, witness_vkey
from ledger.tlog.tree import check_consistency, check_inclusion, leaf_hash, node_hash
from ledger.trust.trust_folder import Sizes, parse_trust
from tests.browser.check.test_conformance import differences
from tests.browser.rows.records import ROWS
from tests.browser.support.node import Page, Refusal
from tests.browser.support.recorder import question, report_fields
from tests.ledger.bundle.test_pdf_attachment import paper
from tests.ledger.verify.other_records.test_received_entries import World, acts
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import NOW, checked, hand, resealed, small

pytestmark = pytest.mark.browser

LOG = HashLog(size=13)
MIB = 2**20


@pytest.mark.parametrize(("first", "end", "signs"), [(0, 5, False), (0, 6, True), (5, None, True), (6, None, False)])
def test_a_key_signs_the_first_of_its_sizes_and_not_the_first_of_the_next(
    first: int, end: int | None, signs: bool, node: Page
) -> None:
    ledger, ilves = small()
    assert ledger.size == 5
    trust = ledger.trust()
    trust = replace(trust, sizes={key.text: Sizes(first, end) for key in trust.policy.logs})
    wanted = report_fields(checked(data := ledger.bundle(ilves), ledger, trust=trust))
    ours = node.ask("verify", **question(data, trust, None, NOW))
    assert not differences(ours, wanted)
    assert (ours["verdict"] == "TOTAL-PASSED") is signs


@pytest.mark.parametrize("length", [31, 33])
@pytest.mark.parametrize("place", range(3))
def test_one_hash_of_another_length_among_good_ones_is_refused(place: int, length: int, node: Page) -> None:
    path = LOG.prove(6, 13)
    path[place] = (path[place] + b"\0")[:length]
    old, new = LOG.root(6), LOG.root(13)
    with pytest.raises(Refusal) as refusal:
        node.ask("consistency", m=6, n=13, rootM=old, rootN=new, path=path)
    with pytest.raises(RecordError) as refused:
        check_consistency(6, 13, old, new, path)
    assert refusal.value.code == refused.value.code == "CP-CONSISTENCY"
    with pytest.raises(Refusal) as refusal:
        node.ask("inclusion", index=1, size=13, leaf=old, path=path, root=new)
    with pytest.raises(RecordError) as refused:
        check_inclusion(1, 13, old, path, new)
    assert refusal.value.code == refused.value.code == "PRF-PATH"


def test_a_byte_does_not_move_from_one_hash_into_its_neighbour_on_the_page_either(node: Page) -> None:
    leaf, other = leaf_hash(b"one"), leaf_hash(b"two")
    root, short, long = node_hash(leaf, other), leaf[:31], leaf[31:] + other
    assert node_hash(short, long) == root
    node.ask("inclusion", index=0, size=2, leaf=leaf, path=[other], root=root)
    node.ask("consistency", m=1, n=2, rootM=leaf, rootN=root, path=[other])
    with pytest.raises(Refusal) as refusal:
        node.ask("inclusion", index=0, size=2, leaf=short, path=[long], root=root)
    assert refusal.value.code == "PRF-PATH"
    with pytest.raises(Refusal) as refusal:
        node.ask("consistency", m=1, n=2, rootM=short, rootN=root, path=[long])
    assert refusal.value.code == "CP-CONSISTENCY"


def test_a_pdf_that_unfolds_into_more_than_is_read_carries_no_bundle(node: Page) -> None:
    small_one = zlib.compress(b"PK" + bytes(MIB))
    assert node.ask("inside", data=paper(small_one, more="/Filter/FlateDecode")) is not None
    bomb = zlib.compress(b"PK" + bytes(513 * MIB))
    assert node.ask("inside", data=paper(bomb, more="/Filter/FlateDecode")) is None


def test_a_stream_is_unfolded_no_further_than_what_is_left(node: Page) -> None:
    packed = zlib.compress(bytes(64 * MIB))
    content, size = node.ask("unfolded", data=packed, left=MIB)
    assert content is None
    assert MIB < size < 6 * MIB, "a piece of four kibibytes unfolds into four mebibytes and a little"
    assert node.ask("unfolded", data=packed, left=64 * MIB) == [64 * MIB, 64 * MIB]
    assert node.ask("unfolded", data=packed, left=64 * MIB - 1)[0] is None


def test_a_log_does_not_sign_with_the_key_of_a_witness(node: Page) -> None:
    seed, body = bytes(range(32)), LOG.note(5).partition(b"\n\n")[0] + b"\n\n"
    key = witness_vkey(LOG.origin, public_key(seed))
    note = body + cosign(LOG.note(5), LOG.origin, seed, int(NOW.timestamp())).encode()
    with pytest.raises(Refusal) as refusal:
        node.ask("head", note=note, origin=LOG.origin, log=key)
    with pytest.raises(RecordError) as refused:
        open_checkpoint(note, LOG.origin, parse_vkey(key), ())
    assert refusal.value.code == refused.value.code == "CP-KEY"
    assert node.ask("head", note=LOG.note(5), origin=LOG.origin, log=LOG.key.text) == [LOG.origin, "5"]


@pytest.mark.parametrize("name", ["a further digest in a value", "a further digest in an array"])
def test_no_further_digest_hides_inside_a_value_on_the_page_either(name: str, node: Page) -> None:
    case = ROWS["S1"][name]()
    asked = question(case.data, parse_trust(case.held), None, NOW)
    assert [reason["code"] for reason in node.ask("verify", **asked)["reasons"]] == ["SD-NAME"]


@pytest.mark.parametrize(
    ("public", "code"),
    [
        ({}, None),
        ({"of": "a later version"}, None),
        ({"map_root": None}, "FACT"),
        ({"map_root": "AB" * 32}, "CTX-ORDER"),
        ({"size": -1}, "MAP-SIZE"),
        ({"size": 99}, "MAP-SIZE"),
    ],
)
def test_what_commits_the_heads_has_the_form_of_its_kind_on_the_page_too(
    public: dict[str, object], code: str | None, node: Page
) -> None:
    ledger, ilves = small()
    ledger_office = ledger.enrol("ledger", "XO", "SYS")
    raw = ledger.entries[ledger.commit(ledger_office)]
    ledger.committed = ledger.append(resealed(raw, lambda payload: payload["public"].update(public), ledger_office))
    data = ledger.bundle(ilves, commit=ledger.committed)
    wanted = report_fields(checked(data, ledger))
    ours = node.ask("verify", **question(data, ledger.trust(), None, NOW))
    assert not differences(ours, wanted)
    assert [reason["code"] for reason in ours["reasons"]] == ([code] if code else [])


def test_a_received_entry_that_counts_is_an_act_on_the_page_too(node: Page) -> None:
    world = World()
    world.arrives(world.says())
    world.arrives(world.says(by=hand("ncco", "XV"), role="NOT", kind="notification-received", public={}))
    data = world.here.bundle(
        world.ilves, foreign=world.foreign, others={world.there.origin: world.there.register(world.there.checkpoint())}
    )
    report = checked(data, world.here, trust=world.trust())
    ours = node.ask("verify", **question(data, world.trust(), None, NOW))
    assert not differences(ours, report_fields(report))
    assert ours["acts"] == [list(act) for act in acts(report)] == [["order-received", "skylark"]]
