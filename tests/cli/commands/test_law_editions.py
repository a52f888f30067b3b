"""`comity law --html`, `--not-modelled`, `--edition` and `comity law diff` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.law.provisions import RULES, rules_digest
from projections.views.rulebook import coverage
from tests.ledger.law.test_editions import other, without, written
from tests.support.cli import check_document, ledger_of, reply, run

ALTERED = json.dumps(other("E-10-2", says="x")).encode()


def test_the_book_of_all_rules_comes_with_the_page_of_what_has_none(tmp_path: Path) -> None:
    page, gaps = tmp_path / "rules.html", tmp_path / "rules-not-modelled.html"
    assert run("law", "--html", str(page)).exit_code == Exit.DONE
    assert 'href="rules-not-modelled.html"' in page.read_text("utf-8")
    assert 'href="rules.html#' in gaps.read_text("utf-8")


def test_the_book_of_one_instrument_is_one_page(tmp_path: Path) -> None:
    assert run("law", "EPOC", "--html", str(tmp_path / "epoc.html")).exit_code == Exit.DONE
    assert [file.name for file in tmp_path.iterdir()] == ["epoc.html"]


def test_what_has_no_rule_is_told_by_article() -> None:
    answer = reply("law", "--not-modelled")
    check_document(answer)
    assert [(a["act"], a["article"]) for a in answer["articles"]] == [(a.act, a.article) for a in coverage()]
    text = run("law", "--not-modelled").stdout
    assert "no rule: Penalties are laid down" in " ".join(text.split())


def test_one_rule_is_printed_with_the_words_it_rests_on() -> None:
    assert '"at the latest within 10 days following receipt of the EPOC"' in run("law", "E-10-3").stdout
    (rule,) = reply("law", "E-10-3")["rules"]
    assert rule["words"] == ["at the latest within 10 days following receipt of the EPOC"]
    assert rule["until"] is None


def test_an_edition_is_written_once_and_is_the_same_as_the_rules_in_force(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    assert run("law", "--edition", str(file)).exit_code == Exit.DONE
    document = json.loads(file.read_text("utf-8"))
    check_document(document)
    assert (document["digest"], len(document["rules"])) == (rules_digest(), len(RULES))
    assert run("law", "--edition", str(file)).exit_code == Exit.USAGE
    same = run("law", "diff", str(file))
    assert (same.exit_code, same.stdout.strip()) == (Exit.DONE, "The two editions are the same.")


def test_a_difference_is_exit_3_and_names_each_rule(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(written(other("E-10-2", mark="known")))
    new.write_bytes(written(without("E-10-3")))
    result = run("law", "diff", str(old), str(new), "--json")
    answer = json.loads(result.stdout)
    check_document(answer)
    assert result.exit_code == Exit.FINDINGS
    assert [r["id"] for r in answer["removed"]] == ["E-10-3"]
    (change,) = answer["changed"]
    assert change["fields"] == [{"field": "mark", "before": "known", "after": "text"}]
    assert answer["orders"] is None
    text = run("law", "diff", str(old), str(new)).stdout
    assert "mark: known -> text" in text
    assert "E-10-3 (deadline)" in text


def test_in_a_ledger_the_orders_are_named_on_which_a_changed_rule_bears(tmp_path: Path) -> None:
    ledger = ledger_of("S6", tmp_path)
    old = tmp_path / "old.json"
    old.write_bytes(written(other("EPOC", says="an older name")))
    result = run("law", "diff", str(old), "--json", ledger=ledger)
    answer = json.loads(result.stdout)
    assert result.exit_code == Exit.FINDINGS
    assert [(o["name"], o["rules"]) for o in answer["orders"]] == [("main", ["EPOC"])]
    old.write_bytes(written(other("2AP-7 providers", says="otherwise")))
    assert json.loads(run("law", "diff", str(old), "--json", ledger=ledger).stdout)["orders"] == []


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"no json", Exit.UNDECIDABLE), (b"{}", Exit.UNDECIDABLE), (ALTERED, Exit.PROVED_BAD)],
)
def test_a_file_that_is_no_edition_or_was_changed_is_refused(data: bytes, code: Exit, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(data)
    result = run("law", "diff", str(file))
    assert result.exit_code == code
    assert str(file) in result.stderr


def test_a_file_that_is_not_there_is_undecidable(tmp_path: Path) -> None:
    assert run("law", "diff", str(tmp_path / "none.json")).exit_code == Exit.UNDECIDABLE
