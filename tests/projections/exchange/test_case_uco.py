"""A case as a CASE/UCO graph: what is sealed stays closed unless the caller says otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.law import judge
from projections.exchange.case_uco import SignedEntry, case_uco
from tests.projections.views.evidence_files import A, B, arrives, hands_over, moves
from tests.support.scenarios import Fact, disclosed, given, issued

MANIFEST = {"elements": ["name"], "files": [{"name": "return-4471.json", "size": 1, "sha256": "5a" * 32}]}


def test_a_file_is_one_node_for_its_name_and_its_digest_of_any_algorithm() -> None:
    digests = ({"sha256": "5a" * 32}, {"sha512": "5a" * 64}, {"digest": "sha3-512:5a"}, {"digest": "sha3-512:5b"})
    files = [{"name": "return.json", "size": 1, **digest} for digest in (*digests, digests[-1])]
    case = given(
        issued("2027-03-01T09:00Z"), disclosed("2027-03-10T09:00Z", manifest={"elements": ["name"], "files": files})
    ).case
    signed = {e.leaf: SignedEntry("ab" * 32, 1) for e in case.entries}
    raw = case_uco(case, judge(case, case.entries[-1].at), signed, "ledger.example/xo", "comity 0", reveal=True)
    nodes = [node["@id"] for node in json.loads(raw)["@graph"] if node["@type"] == "uco-observable:File"]
    assert len({*nodes}) == len(digests)


def test_files_are_counted_and_named_only_where_they_are_revealed() -> None:
    case = given(issued("2027-03-01T09:00Z"), disclosed("2027-03-10T09:00Z", manifest=MANIFEST)).case
    signed = {e.leaf: SignedEntry("ab" * 32, 1) for e in case.entries}
    judgement = judge(case, case.entries[-1].at)
    closed = case_uco(case, judgement, signed, "ledger.example/xo", "comity 0")
    opened = case_uco(case, judgement, signed, "ledger.example/xo", "comity 0", reveal=True)
    for value in (b"return-4471.json", b"5a" * 32):
        assert (value in closed, value in opened) == (False, True)


def test_a_step_of_custody_is_about_its_files_and_without_any_about_its_entry() -> None:
    for held in (MANIFEST["files"], []):
        case = given(
            issued("2027-03-01T09:00Z"), disclosed("2027-03-10T09:00Z", manifest={"elements": ["name"], "files": held})
        ).case
        signed = {e.leaf: SignedEntry("ab" * 32, 1) for e in case.entries}
        raw = case_uco(case, judge(case, case.entries[-1].at), signed, "ledger.example/xo", "comity 0", reveal=True)
        graph = json.loads(raw)["@graph"]
        (record,) = [node for node in graph if node["@type"] == "case-investigation:ProvenanceRecord"]
        files = [node["@id"] for node in graph if node["@type"] == "uco-observable:File"]
        about = [each["@id"] for each in record["uco-core:object"]]
        assert len(about) == 1
        assert about == files if held else about[0].startswith("kb:entry-")


def test_each_version_of_an_order_is_an_authorization_by_its_number_and_moment_and_no_other_entry_is() -> None:
    case = given(
        issued("2027-03-01T09:00Z", reference="KA-7"),
        issued("2027-03-02T09:00Z", label="second", replaces="issued"),
        disclosed("2027-03-10T09:00Z", manifest=MANIFEST),
    ).case
    signed = {e.leaf: SignedEntry("ab" * 32, 1) for e in case.entries}
    raw = case_uco(case, judge(case, case.entries[-1].at), signed, "ledger.example/xo", "comity 0")
    investigation, *nodes = json.loads(raw)["@graph"]
    orders = [node for node in nodes if node["@type"] == "case-investigation:Authorization"]
    assert [node["case-investigation:authorizationIdentifier"] for node in orders] == ["KA-7", case.order]
    assert [node["uco-core:startTime"]["@value"] for node in orders] == ["2027-03-01T09:00:00Z", "2027-03-02T09:00:00Z"]
    assert {node["case-investigation:authorizationType"] for node in orders} == {case.instrument}
    assert investigation["case-investigation:relevantAuthorization"] == [{"@id": node["@id"]} for node in orders]


def graph(*facts: Fact, reveal: bool = True) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the nodes of an order, and the names of its files by node."""
    case = given(issued("2027-03-01T09:00Z"), *facts).case
    signed = {e.leaf: SignedEntry("ab" * 32, 1) for e in case.entries}
    raw = case_uco(case, judge(case, case.entries[-1].at), signed, "ledger.example/xo", "comity 0", reveal=reveal)
    nodes = json.loads(raw)["@graph"]
    files = [node for node in nodes if node["@type"] == "uco-observable:File"]
    names = {
        node["@id"]: facet["uco-observable:fileName"]
        for node in files
        for facet in node["uco-core:hasFacet"]
        if facet["@type"] == "uco-observable:FileFacet"
    }
    return nodes, names


def test_a_step_that_brings_files_results_in_them_and_a_later_step_is_about_them() -> None:
    nodes, names = graph(
        hands_over("one", 5, ("a.zip", A)),
        arrives("got", 6, "EX-A", ("a.zip", A)),
        moves("out", 8, "EX-A", A),
        moves("changed", 9, "EX-A", B),
    )
    actions = [n for n in nodes if n["@type"] == "case-investigation:InvestigativeAction"]
    files = {n["@id"] for n in nodes if n["@type"] == "uco-observable:File"}
    about = [[o["@id"] for o in n.get("uco-action:object", ())] for n in actions]
    made = [[o["@id"] for o in n["uco-action:result"] if o["@id"] in files] for n in actions]
    (a,) = (id for id, name in names.items() if name == "a.zip")
    assert [n["uco-core:name"] for n in actions][1:3] == ["data-disclosed", "evidence-received"]
    assert (about[0], made[0]) == ([], [])
    assert (about[1], made[1]) == ([], [a])
    assert {*about[3], *about[4]} <= files
    assert len(made[4]) == 1, "its digest is another: another file"
    assert made[4] != made[3]
    assert [n.get("case-investigation:wasInformedBy", {}).get("@id") for n in actions] == [
        None,
        *(n["@id"] for n in actions[:-1]),
    ]


@pytest.mark.parametrize(
    ("digest", "hashes"),
    [
        ({"sha256": "5a" * 32}, {"SHA256": "5a" * 32}),
        ({"sha512": "5a" * 64}, {"SHA512": "5a" * 64}),
        ({"digest": "sha3-512:5b"}, {"SHA3-512": "5b"}),
        ({"sha256": "5a" * 32, "digest": "sha3-512:5b"}, {"SHA256": "5a" * 32, "SHA3-512": "5b"}),
    ],
)
def test_a_file_has_its_size_and_each_digest_under_the_name_of_its_algorithm(
    digest: dict[str, str], hashes: dict[str, str]
) -> None:
    stated = {"elements": ["name"], "files": [{"name": "a.zip", "size": 7, **digest}]}
    nodes, names = graph(disclosed("2027-03-10T09:00Z", manifest=stated))
    (file,) = [n for n in nodes if n["@type"] == "uco-observable:File"]
    (content,) = [f for f in file["uco-core:hasFacet"] if f["@type"] == "uco-observable:ContentDataFacet"]
    found = {h["uco-types:hashMethod"]: h["uco-types:hashValue"]["@value"] for h in content["uco-observable:hash"]}
    assert (found, content["uco-observable:sizeInBytes"], [*names.values()]) == (hashes, 7, ["a.zip"])
    assert "uco-observable:mimeType" not in content
