"""A replacing entry: what it must state, checked when it is recorded, and who may read its reason."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from ledger.bundle.audience import readable
from ledger.entries.envelope import entry_of, open_
from ledger.entries.payload import Payload
from ledger.entries.replacement import (
    check_own,
    check_reason,
    check_replacement,
    contradicts,
    dropped,
    has_strong_digest,
    is_broken,
    readers,
    stated,
)
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.facts.vocabulary import ROLES
from projections.sentences.quotation import NO_REASON
from projections.views.replaced import replaced
from projections.views.timeline import timeline
from tests.support.memory_ledger import ORDER, small
from tests.support.scenarios import given, issued, leaf, received

A, B = "a" * 64, "b" * 64
WHY = {"why": "A slip of the pen."}


def payload(kind: str, *sealed: str, role: str | None = None, **more: Any) -> Payload:
    """Make a payload of a kind with these sealed fields."""
    ledger, _ = small()
    model = open_(ledger.entries[4]).payload
    signer = msgspec.structs.replace(model.signer, role=role or KINDS[kind].signers[0])
    changed = {"kind": kind, "sealed": sorted(sealed), "signer": signer, "audience": UNSET, **more}
    return msgspec.structs.replace(model, **changed)


def refused(old: dict[str, Any], new: dict[str, Any], kind: str = "evidence-received", **more: Any) -> str:
    """Return the code that refuses a replacement; empty if it is accepted."""
    before = payload("evidence-received" if "manifest" in old else "custody-transferred", *old)
    after = payload(kind, *new, replaces=A, **more)
    try:
        check_replacement(after, new, before, old)
    except RecordError as wrong:
        return wrong.code
    return ""


def manifest(*files: tuple[str, str, str]) -> dict[str, Any]:
    """Make a manifest of files by name, algorithm, digest."""
    listed = [{"name": name, "size": 1, algorithm: digest} for name, algorithm, digest in files]
    return {"manifest": {"elements": ["name"], "files": listed}}


ONE = manifest(("x", "sha256", A))


def test_a_digest_is_replaced_by_a_digest() -> None:
    assert refused(ONE, {**WHY, **manifest(("x", "sha256", B))}) == ""
    assert refused(ONE, WHY) == "FORM-DIGEST"
    assert refused(ONE, {**WHY, **manifest()}) == "FORM-DIGEST"
    assert refused(ONE, {**WHY, **manifest(("x", "sha512", B * 2))}) == "FORM-DIGEST"
    assert refused(ONE, WHY, "use-restricted") == "FORM-DIGEST"
    assert refused({"digest_before": A}, {**WHY, "digest_after": A}, "custody-transferred") == "FORM-DIGEST"
    assert refused({"digest_before": A}, {**WHY, "digest_before": B}, "custody-transferred") == ""
    assert refused({"digest_before": A}, {**WHY, **ONE}, "evidence-received") == "", "it has no such field"
    assert refused({"digest_before": A}, {**WHY, "digest_after": A}, "of-tomorrow", role="RET") == ""
    assert refused({"digest_before": A, "digest_after": B}, {**WHY, "digest_after": B}, "custody-transferred") == (
        "FORM-DIGEST"
    )


def test_a_file_that_was_never_handed_over_may_be_left_out() -> None:
    two = manifest(("x", "sha256", A), ("y", "sha256", B))
    assert refused(two, {**WHY, **ONE}) == ""


def test_what_cannot_be_read_here_is_asked_for_by_name() -> None:
    before, after = payload("evidence-received", "manifest"), payload("evidence-received", "why", replaces=A)
    with pytest.raises(RecordError, match="FORM-DIGEST"):
        check_replacement(after, {}, before, {})
    check_replacement(payload("evidence-received", "why", "manifest", replaces=A), {}, before, {})
    with pytest.raises(RecordError, match="FORM-WHY"):
        check_replacement(payload("evidence-received", "manifest", replaces=A), {}, before, {})


def test_where_it_can_be_read_that_no_digest_was_stated_none_is_asked_for() -> None:
    assert refused({"manifest": None}, WHY) == ""
    assert refused({"manifest": None}, {**WHY, "manifest": None}) == ""
    assert refused({"manifest": None}, {**WHY, **manifest()}) == ""


def test_an_entry_of_another_order_or_of_none_is_not_replaced() -> None:
    other = "00000000-0000-4000-8000-000000000009"
    assert refused(ONE, {**WHY, **ONE}, order=other) == "FORM-REPLACES"
    with pytest.raises(RecordError, match="FORM-REPLACES"):
        check_replacement(payload("evidence-received", "why", replaces=A), WHY, None, {})


def test_of_another_signer_no_digest_is_asked_since_nothing_is_replaced() -> None:
    signer = msgspec.structs.replace(payload("evidence-received").signer, actor="somebody")
    assert refused(ONE, WHY, signer=signer) == ""


@pytest.mark.parametrize("why", ["", " ", "\u3164", "\uffa0", "\u115f\u1160", "...", "\u200b"])
def test_a_reason_that_nobody_sees_is_none(why: str) -> None:
    assert refused(ONE, {**ONE, "why": why}) == "FORM-WHY"


def test_a_reason_without_a_replacement_is_refused() -> None:
    check_replacement(payload("evidence-received", "manifest"), ONE, None, {})
    with pytest.raises(RecordError, match="FORM-WHY"):
        check_replacement(payload("evidence-received", "why"), WHY, None, {})


# -- readers of the reason ---------------------------------------------------------------------------------------------


def test_who_may_read_all_that_was_sealed_may_read_why() -> None:
    fields = KINDS["order-issued"].fields()
    roles = readers(payload("order-issued", "summary_of_facts", "identifiers"))
    shared = set(fields["summary_of_facts"].audience) & set(fields["identifiers"].audience)
    assert set(roles) == shared | {"ISS"}
    assert "SP" not in roles, "the summary of facts is never for the provider"


def test_the_audience_that_an_entry_names_counts_here_too() -> None:
    roles = readers(payload("evidence-received", "manifest", role="RET", audience={"manifest": ["CT"]}))
    assert roles == ["RET", "CT"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_why_is_for_nobody_who_may_not_know_of_the_entry(kind: str) -> None:
    fact = KINDS[kind]
    roles = set(readers(payload(kind)))
    assert fact.signers[0] in roles
    assert roles <= set(fact.shown_to or ROLES) | {fact.signers[0]}


@pytest.mark.parametrize("kind", sorted(name for name, each in KINDS.items() if each.shown_to))
def test_no_audience_that_an_entry_names_opens_its_reason_to_who_may_not_know_of_it(kind: str) -> None:
    fact = KINDS[kind]
    own = {name: list(ROLES) for name, field in fact.fields().items() if field.sealed}
    roles = {*readers(payload(kind, *own, audience=own))}
    assert roles == {*fact.shown_to, fact.signers[0]} < {*ROLES}


def test_of_a_kind_of_a_later_version_everybody_may_know_and_only_its_signer_reads_what_it_seals() -> None:
    assert readers(payload("of-tomorrow", role="CT")) == list(ROLES)
    assert readers(payload("of-tomorrow", "field", role="CT")) == ["CT"]


def test_an_entry_that_seals_nothing_is_put_right_before_everybody() -> None:
    assert readers(payload("evidence-sealed")) == list(ROLES)


def test_a_bundle_opens_the_reason_to_its_audience_alone() -> None:
    ledger, ilves = small()
    sent = {"addressee": "skylark", "channel": "mail"}
    old = ledger.leaf(ledger.record(ilves, "order-transmitted", sent, order=ORDER))
    said: dict[str, Any] = {"replaces": old, "why": "Another desk.", "audience": {"why": ["CT"]}}
    index = ledger.record(ilves, "order-transmitted", sent, order=ORDER, **said)
    entry = entry_of(open_(ledger.entries[index]), index)
    assert "why" in readable(entry, "CT")
    assert "why" in readable(entry, "ISS")  # the signer of the entry
    assert "why" not in readable(entry, "SP")
    assert KINDS["order-transmitted"].fields().keys().isdisjoint({"why"})


def test_no_kind_has_a_field_of_this_name() -> None:
    assert [name for name, kind in KINDS.items() if "why" in kind.fields()] == []


def test_an_entry_of_before_is_shown_without_a_reason() -> None:
    story = given(
        issued("2027-03-01T09:00Z"),
        received("2027-03-02T08:30Z"),
        received("2027-03-02T10:00Z", "again", replaces="receipt"),
    )
    gone = replaced(story.case)
    assert gone[leaf("receipt")].why == NO_REASON
    assert [line.replaced and line.replaced.entry.leaf for line in timeline(story.case)] == [None, leaf("again"), None]


def test_only_its_signer_replaces_an_entry() -> None:
    check_own("ilves", "ilves")
    with pytest.raises(RecordError, match="the entry is ilves's, and only its signer replaces it") as refused:
        check_own("ilves", "skylark")
    assert refused.value.code == "FORM-REPLACES"


# -- digests -----------------------------------------------------------------------------------------------------------


def test_every_digest_that_an_entry_states_is_read_with_its_field_its_file_and_its_algorithm() -> None:
    file = {"name": "x", "size": 1, "sha256": A, "digest": "md5:00"}
    values = {
        "digest_after": B,
        "manifest": {"files": [file, {"name": "y", "sha512": B * 2}, {"name": "z"}]},
        "other": A,
    }
    assert list(stated(values)) == [
        ("manifest", "x", "sha256", A),
        ("manifest", "x", "digest", "md5:00"),
        ("manifest", "y", "sha512", B * 2),
        ("digest_after", "", "sha256", B),
    ]
    nothings: tuple[dict[str, Any], ...] = (
        {},
        {"digest_before": ""},
        {"digest_before": None},
        {"digest_before": 7},
        {"manifest": {}},
        {"manifest": {"files": None}},
    )
    assert [list(stated(nothing)) for nothing in nothings] == [[]] * len(nothings)


@pytest.mark.parametrize("name", ["crc32", "md5", "sha1", "sha-1", "md-5", "sha0"])
def test_a_digest_by_a_broken_algorithm_proves_no_file(name: str) -> None:
    assert is_broken(f"{name}:00")
    assert not has_strong_digest({"name": "x", "digest": f"{name}:00"})
    assert has_strong_digest({"name": "x", "digest": f"{name}:00", "sha256": A})


@pytest.mark.parametrize("digest", ["sha3-512:00", "sha256:00", "blake2b:00", A])
def test_a_digest_by_another_algorithm_is_strong(digest: str) -> None:
    assert not is_broken(digest)
    assert has_strong_digest({"name": "x", "digest": digest})
    assert not has_strong_digest({"name": "x", "size": 1, "digest": None, "sha256": ""})


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        (A, A, False),
        (A, B, True),
        ("md5:00", "md5:01", True),
        ("md5:00", "md5:00", False),
        ("md5:00", "sha1:01", False),
    ],
)
def test_two_digests_contradict_only_if_they_are_by_one_algorithm(one: str, other: str, contradict: bool) -> None:
    assert contradicts(one, other) is contradicts(other, one) is contradict


def test_a_digest_is_dropped_if_neither_it_nor_another_in_its_place_is_stated() -> None:
    old = manifest(("x", "sha256", A), ("y", "sha256", B))
    assert dropped(old, old) == []
    assert dropped(old, manifest(("x", "sha256", B), ("y", "sha256", B))) == []
    assert dropped(old, manifest(("z", "sha256", A), ("y", "sha256", B))) == [], "a file may have another name"
    assert dropped(old, manifest(("x", "sha512", A * 2), ("y", "sha256", B))) == [("manifest", "x", "sha256", A)]
    assert dropped(old, {}) == [("manifest", "x", "sha256", A), ("manifest", "y", "sha256", B)]
    assert dropped({}, old) == []


# -- the reason --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", [None, 7, ["text"], "", "...", "\u200b"])
def test_a_reason_is_a_text_with_a_letter_or_a_digit(why: object) -> None:
    check_reason("A slip of the pen.")
    check_reason("7")
    with pytest.raises(RecordError, match="FORM-WHY evidence-received: an entry that replaces another says why"):
        check_reason(why, "evidence-received")


@pytest.mark.parametrize("why", ["a\tb", "a\u202eb", "e\u0301"])
def test_a_reason_has_the_form_of_a_text(why: str) -> None:
    with pytest.raises(RecordError, match="FORM-WHY: expected a string, ") as refused:
        check_reason(why)
    assert refused.value.where == ""
