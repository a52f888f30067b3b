"""Validators of other projects check our exports: CASE's own two checkers read graphs with and without opened files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.interop.conftest import Ask
from tests.support.cli import ledger_of, run

pytestmark = pytest.mark.interop

REVEAL = ("--reveal", "--because", "interop", "--as", "ilves")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("case"))


def graph(ledger: Path, order: str, *args: str) -> Path:
    file = ledger.parent / f"{order}.jsonld"
    file.unlink(missing_ok=True)
    done = run("export", order, "--format", "case", "-o", str(file), *args, ledger=ledger)
    assert done.exit_code == 0, done.output
    return file


def conforms(ask: Ask, file: Path) -> str:
    """Return the objections of `case_validate`, by its exit status: it prints "Conforms: True" for misspelt names."""
    said = ask("case_validate", "--built-version", "case-1.5.0", file)
    return "" if said.agrees else said.text


def provenance(ask: Ask, file: Path) -> str:
    """Return the objections of `case_prov_check` to the PROV graph that `case_prov_rdf` derives; its warnings count."""
    derived = file.with_suffix(".ttl")
    made = ask("case_prov_rdf", "--allow-empty-results", derived, file)
    assert made.agrees, made.text
    said = ask("case_prov_check", derived)
    return "" if said.agrees else said.text


@pytest.mark.parametrize("args", [(), REVEAL], ids=["sealed", "revealed"])
def test_a_graph_conforms_and_its_provenance_is_whole(ask: Ask, ledger: Path, args: tuple[str, ...]) -> None:
    file = graph(ledger, "main", *args)
    assert conforms(ask, file) == ""
    assert provenance(ask, file) == ""


def test_custody_from_hand_to_hand_conforms(ask: Ask, tmp_path: Path) -> None:
    other = ledger_of("hand-to-hand", tmp_path)
    listed = json.loads(run("orders", "--json", ledger=other).stdout)["orders"]
    file = graph(other, listed[0]["label"])
    assert conforms(ask, file) == ""
    assert provenance(ask, file) == ""


def test_the_validator_would_have_noticed(ask: Ask, ledger: Path, tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(graph(ledger, "main").read_bytes())
    action = next(n for n in document["@graph"] if n["@type"].endswith("InvestigativeAction"))
    action["uco-action:startTime"]["@value"] = "the day before yesterday"
    bad = tmp_path / "bad.jsonld"
    bad.write_text(json.dumps(document))
    assert "startTime" in conforms(ask, bad)


def test_an_action_cut_from_the_chain_passes_the_validator_and_not_the_provenance_check(
    ask: Ask, ledger: Path, tmp_path: Path
) -> None:
    document: dict[str, Any] = json.loads(graph(ledger, "main").read_bytes())
    for node in document["@graph"]:
        node.pop("case-investigation:wasInformedBy", None)
    cut = tmp_path / "cut.jsonld"
    cut.write_text(json.dumps(document))
    assert conforms(ask, cut) == ""
    assert provenance(ask, cut) != ""
