"""A case as a CASE/UCO graph: what is sealed stays closed unless the caller says otherwise."""

from __future__ import annotations

import json

from ledger.law import judge
from projections.exchange.case_uco import SignedEntry, case_uco
from tests.support.scenarios import disclosed, given, issued

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
