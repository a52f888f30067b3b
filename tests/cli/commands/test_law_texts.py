"""What is printed about the rules: their editions, what differs between two, and the articles that have none."""

from __future__ import annotations

import csv
import json
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import law_editions
from cli.exit_codes import Exit
from ledger.law.editions import Difference, FieldChange, RuleChange, RuleName
from tests.ledger.law.test_editions import other, without, written
from tests.support.cli import reply, run

NOW = datetime(2027, 3, 10, tzinfo=UTC)


def test_every_order_is_judged_under_a_changed_rule_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Any = SimpleNamespace(added=(), changed=("rule",))
    reports: list[tuple[int, int]] = []
    cases = ["one", "two", "three"]
    reader = SimpleNamespace(cases=SimpleNamespace(orders=lambda: cases), all=lambda: cases, now=lambda: NOW)
    names = {"one": ("KA-1", "main"), "two": (None, "second"), "three": (None, None)}

    def view(case: str, _: Any) -> Any:
        ref, label = names[case]
        return SimpleNamespace(order=f"{case}-567890", ref=ref, label=label)

    bearing = {"one": ("R1", "R2"), "two": ("R1",), "three": ("R3",)}
    monkeypatch.setattr("cli.session.ledger_choice.has_ledger", lambda: True)
    monkeypatch.setattr("cli.session.ledger_choice.ledger_folder", lambda: "ledger")
    monkeypatch.setattr("cli.session.ledger_reader.reading", lambda: nullcontext(reader))
    monkeypatch.setattr(
        "cli.terminal.prompts.progress", lambda _: nullcontext(lambda done, of: reports.append((done, of)))
    )
    monkeypatch.setattr(law_editions, "judge", lambda case, moment: (case, moment))
    monkeypatch.setattr(law_editions, "touched", lambda case, judgement, _: bearing.get(case, ()))
    monkeypatch.setattr("projections.views.state.view", view)
    items = law_editions._touched(found)
    assert items is not None
    assert [(item.order, item.name, item.rules) for item in items] == [
        ("one-567890", "KA-1", ["R1", "R2"]),
        ("two-567890", "second", ["R1"]),
        ("three-567890", "three-56", ["R3"]),
    ]
    assert reports == [(1, 3), (2, 3), (3, 3)]
    del bearing["two"]
    items = law_editions._touched(found)
    assert [item.name for item in items or ()] == ["KA-1", "three-56"]
    only_added: Any = SimpleNamespace(added=("rule",), changed=())
    assert law_editions._touched(only_added) == items
    only_removed: Any = SimpleNamespace(added=(), changed=())
    assert law_editions._touched(only_removed) == []


def test_two_editions_are_compared_outside_of_a_ledger_without_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.session.ledger_choice.has_ledger", lambda: False)
    found: Any = SimpleNamespace(added=("rule",), changed=("rule",))
    assert law_editions._touched(found) is None


def test_the_text_of_a_difference_counts_and_names_what_was_added_removed_and_changed(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(written(other("E-10-2", mark="known")))
    new.write_bytes(written(without("E-10-3")))
    forward = run("law", "diff", str(old), str(new)).stdout.splitlines()
    assert forward[:2] == ["Added: 0", "Removed: 1"]
    assert forward[2].startswith("    E-10-3 (deadline) ")
    at = forward.index("Changed: 1")
    assert forward[at + 1].startswith("  E-10-2 (")
    assert forward[at + 2] == "      mark: known -> text"
    assert not any(line.startswith("Orders on which") for line in forward)
    assert max(map(len, forward)) <= 80
    back = run("law", "diff", str(new), str(old)).stdout.splitlines()
    assert (back[0], "Removed: 0" in back) == ("Added: 1", True)
    rows = list(csv.reader(run("law", "diff", str(old), str(new), "--format", "csv").stdout.splitlines()))
    assert rows[0] == ["what", "kind", "id", "field", "before", "after"]
    assert [row[0] for row in rows[1:]] == ["removed", "changed"]
    assert rows[2][1:] == [rows[2][1], "E-10-2", "mark", "known", "text"]
    assert rows[1][3:] == ["", rows[1][4], ""]
    added = list(csv.reader(run("law", "diff", str(new), str(old), "--format", "csv").stdout.splitlines()))[1]
    assert (added[0], added[3:5], bool(added[5])) == ("added", ["", ""], True)
    colours = run("law", "diff", str(old), str(new), "--color", "always").stdout
    assert "\x1b[1mRemoved: 1\x1b[0m" in colours
    assert "\x1b[1mChanged: 1\x1b[0m" in colours


def test_an_edition_and_a_book_say_how_many_rules_they_have(tmp_path: Path) -> None:
    edition = tmp_path / "rules.json"
    told = run("law", "--edition", str(edition)).stderr
    document = json.loads(edition.read_text("utf-8"))
    assert told == f"{len(document['rules'])} rules written to {edition}, digest {document['digest']}\n"
    assert edition.read_bytes().endswith(b"}\n")
    for name in ("rules.txt", "rules.html"):
        assert run("law", "--edition", str(tmp_path / name)).exit_code == Exit.USAGE
    page, gaps = tmp_path / "all.html", tmp_path / "all-not-modelled.html"
    first, second = run("law", "--html", str(page)).stderr.splitlines()
    assert first == f"{len(document['rules'])} rules written to {page}"
    assert second.endswith(f" articles, and why some have no rule, written to {gaps}")
    assert run("law", "--html", str(tmp_path / "all.txt")).exit_code == Exit.USAGE
    page.unlink()
    assert run("law", "--html", str(page)).exit_code == Exit.USAGE, "the second page is there"
    assert not page.exists()
    one = run("law", "EPOC", "--html", str(tmp_path / "epoc.html")).stderr.splitlines()
    assert len(one) == 1
    assert "not-modelled" not in (tmp_path / "epoc.html").read_text("utf-8")


def test_articles_are_listed_under_the_name_of_their_act_with_rules_and_gaps() -> None:
    answer = reply("law", "--not-modelled")
    done = run("law", "--not-modelled", "--color", "always")
    lines = done.stdout.splitlines()
    acts = list(dict.fromkeys(a["act"] for a in answer["articles"]))
    heads = [line for line in lines if line.startswith("\x1b[1m")]
    assert heads == [f"\x1b[1m{act}\x1b[0m" for act in acts]
    assert lines[0] == heads[0]
    assert [lines[lines.index(head) - 1] for head in heads[1:]] == [""] * (len(acts) - 1)
    bare = sum(not a["rules"] for a in answer["articles"])
    assert lines[-2:] == ["", f"{len(answer['articles'])} articles, {bare} of them without a rule"]
    starts = [line.strip().partition(":")[0] for line in lines if line.startswith("     ")]
    also = starts.count("also without a rule")
    assert also == sum(bool(a["rules"] and a["without"]) for a in answer["articles"])
    assert starts.count("no rule") == sum(bool(not a["rules"] and a["without"]) for a in answer["articles"])
    assert starts.count("rules") == len(answer["articles"]) - bare
    assert max(map(len, run("law", "--not-modelled").stdout.splitlines())) <= 80


def test_the_orders_on_which_a_change_bears_are_named_with_its_rules() -> None:
    found: Any = SimpleNamespace(added=(), removed=(), changed=(), unseen=True, any=True)
    orders = [law_editions.TouchedItem("one", "KA-1", ["R1", "R2"]), law_editions.TouchedItem("two", "main", ["R1"])]
    head = ["Added: 0", "Removed: 0", "Changed: 0"]
    unseen = "The rules find something else while their words stay: the number of the edition differs."
    text = law_editions._text(found, orders).splitlines()
    assert text[:4] == [*head, unseen]
    assert text[4] == "Orders on which they bear: 2"
    assert [line.strip() for line in text[5:]] == ["KA-1: R1, R2", "main: R1"]
    found.unseen = False
    assert law_editions._text(found, []).splitlines() == [*head, "Orders on which they bear: 0"]
    assert law_editions._text(found, None).splitlines() == head
    found.any = False
    assert law_editions._text(found, None) == "The two editions are the same."


def test_an_article_is_a_line_with_its_title_and_what_it_has_is_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        ("Act one", "art. 1", "Scope", ("R1", "R2"), ""),
        ("Act one", "art. 2", "Terms", (), "it binds nobody"),
        ("Act two", "art. 1", "Aim", ("R3",), "the second sentence"),
        ("Act one", "art. 9", "End", (), ""),
    ]
    names = ("act", "article", "title", "rules", "without")
    articles = [SimpleNamespace(kinds=(), **dict(zip(names, row, strict=True))) for row in rows]
    monkeypatch.setattr("projections.views.rulebook.coverage", lambda: articles)
    assert run("law", "--not-modelled").stdout.splitlines() == [
        "Act one",
        "  art. 1 Scope",
        "      rules: R1, R2",
        "  art. 2 Terms",
        "      no rule: it binds nobody",
        "",
        "Act two",
        "  art. 1 Aim",
        "      rules: R3",
        "      also without a rule: the second sentence",
        "",
        "Act one",
        "  art. 9 End",
        "",
        "4 articles, 2 of them without a rule",
    ]


@pytest.mark.parametrize("part", ["title", "rules", "without"])
def test_a_line_on_an_article_has_up_to_eighty_columns(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = set()
    for n in range(1, 16):
        text = f"{'x' * n} " + "and so on " * 12
        said: dict[str, Any] = {
            "act": "Act",
            "article": "art. 1",
            "title": "T",
            "rules": (),
            "without": "",
            "kinds": (),
        }
        said[part] = (text,) if part == "rules" else text
        monkeypatch.setattr("projections.views.rulebook.coverage", lambda said=said: [SimpleNamespace(**said)])
        longest.add(max(map(len, run("law", "--not-modelled").stdout.splitlines())))
    assert max(longest) == 80


@pytest.mark.parametrize("part", ["added", "removed", "changed", "orders"])
def test_a_line_on_a_difference_has_up_to_eighty_columns(part: str) -> None:
    longest = set()
    for n in range(1, 16):
        text = f"{'x' * n} " + "and so on " * 12
        named = (RuleName("rule", "R1", text),)
        changed = (RuleChange("rule", "R1", (FieldChange("says", text, ""),)),)
        found = Difference(
            named if part == "added" else (),
            named if part == "removed" else (),
            changed if part == "changed" else (),
            unseen=part == "orders",
        )
        lines = law_editions._text(found, [law_editions.TouchedItem("o", text, ["R1"])] if part == "orders" else None)
        longest.add(max(len(line) for line in lines.splitlines() if "while their words" not in line))
    assert max(longest) == 80


def test_a_field_without_a_value_is_nothing_in_a_difference() -> None:
    fields = (FieldChange("until", "", "2030"), FieldChange("since", "2026", ""))
    found = Difference((), (), (RuleChange("rule", "R1", fields),), unseen=False)
    assert law_editions._text(found, None).splitlines()[-3:] == [
        "  R1 (rule)",
        "      until: nothing -> 2030",
        "      since: 2026 -> nothing",
    ]
