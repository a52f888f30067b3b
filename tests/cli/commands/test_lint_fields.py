"""A field of an order is checked where it belongs, sealed or public, and each that has not its form is a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import lint
from cli.commands.lint import _order_fields, _register
from cli.exit_codes import Exit
from tests.support.cli import run

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
PUBLIC = {"instrument": "EPOC", "from_party": "XO", "to_party": "XV", "providers": ["skylark"]}
SEALED = {"summary_of_facts": "a fraud", "necessity_grounds": "no other way"}


def fields(tmp_path: Path, **given: Any) -> Any:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(given), "utf-8")
    return _order_fields(str(file))


@pytest.mark.parametrize("given", [{"public": PUBLIC, "sealed": SEALED}, {**PUBLIC, **SEALED}])
def test_public_and_sealed_fields_are_kept_apart(given: dict[str, Any], tmp_path: Path) -> None:
    assert fields(tmp_path, **given) == (PUBLIC, SEALED, [])


@pytest.mark.parametrize(
    ("changed", "public", "sealed"),
    [
        ({"providers": 3}, {k: v for k, v in PUBLIC.items() if k != "providers"}, SEALED),
        ({"summary_of_facts": 3}, PUBLIC, {"necessity_grounds": "no other way"}),
        ({"instrument": "XX-1"}, {k: v for k, v in PUBLIC.items() if k != "instrument"}, SEALED),
    ],
)
def test_a_field_without_its_form_is_left_out_and_named(
    changed: dict[str, Any], public: dict[str, Any], sealed: dict[str, Any], tmp_path: Path
) -> None:
    good, closed, (row,) = fields(tmp_path, **{**PUBLIC, **SEALED, **changed})
    assert (good, closed) == (public, sealed)
    assert (row.level, row.cite, row.commands) == ("form", "", [])
    assert next(iter(changed)) in row.says


@pytest.mark.parametrize(
    ("offices", "issuer"),
    [
        ({"ilves": ("XO", "ISS")}, "ilves"),
        ({"ilves": ("XO", "ISS"), "lind": ("XO", "ISS")}, "issuer"),
        ({"ilves": ("XO", "ISS"), "orn": ("XV", "ISS"), "court": ("XO", "CT")}, "ilves"),
        ({}, "issuer"),
    ],
)
def test_in_a_ledger_the_order_is_of_its_party_and_its_only_issuer(
    offices: dict[str, tuple[str, str]], issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def reading(*, describe: bool) -> Iterator[Any]:
        assert not describe
        known = {a: SimpleNamespace(actor=a, party=p, roles=(r,)) for a, (p, r) in offices.items()}
        yield SimpleNamespace(
            party=lambda: "XO",
            keyring=lambda: SimpleNamespace(offices=known),
            register=lambda: ["e"],
            now=lambda: "now",
        )

    monkeypatch.setattr("cli.session.ledger_reader.reading_anywhere", reading)
    monkeypatch.setattr(lint, "ledger_choice", SimpleNamespace(has_ledger=lambda: True))
    found: Any = _register()
    assert found == (("e",), "now", {"from_party": "XO", "issuing_authority": issuer})


def test_without_a_ledger_real_parties_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint, "ledger_choice", SimpleNamespace(has_ledger=lambda: False, now=lambda: "now"))
    monkeypatch.setattr(lint, "known_register", lambda moment: f"known at {moment}")
    found: Any = _register()
    assert found == ("known at now", "now", {"issuing_authority": "issuer"})


# -- what is printed ---------------------------------------------------------------------------------------------------


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that prints given findings and advice on an order; it returns the text and the exit code."""

    def ask(findings: list[Any], advice: list[Any], **fields: Any) -> tuple[str, int]:
        seen: list[str] = []
        monkeypatch.setattr(lint, "_register", lambda: ((), NOON, {"from_party": "XO"}))
        monkeypatch.setattr(lint, "look", lambda *_: findings)
        monkeypatch.setattr(lint, "before_sending", lambda *_: advice)
        monkeypatch.setattr(lint.output, "emit", lambda *_, text: seen.append(text()))  # type: ignore[attr-defined]
        file = tmp_path / "order.json"
        file.write_text(json.dumps(fields or {"instrument": "2AP-7", "to_party": "XV"}), "utf-8")
        done = run("lint", str(file))
        return seen[0], done.exit_code

    return ask


def finding(code: str = "2AP-PROVIDER", level: str = "V", cite: str = "2AP:7(3)", **more: Any) -> Any:
    said = {"says": "It lacks a provider.", "add": "providers", "commands": ("comity a", "comity b"), **more}
    return SimpleNamespace(code=code, level=level, cite=cite, **said)


def advice(says: str = "Say why.", **more: Any) -> Any:
    said = {"about": "necessity", "add": "a reason", "cite": "SIRIUS 2024", "mark": "practice", **more}
    return SimpleNamespace(says=says, **said)


def test_each_finding_has_its_citation_what_to_add_and_the_commands_that_do(printed: Any) -> None:
    assert printed([finding(), finding("W-X", "W", "", add="", commands=())], []) == (
        "violation 2AP-PROVIDER It lacks a provider. (2AP:7(3))\n"
        "  add: providers\n  comity a\n  comity b\n"
        "remark W-X It lacks a provider.",
        Exit.FINDINGS,
    )
    assert printed([], []) == ("No finding: nothing that this instrument asks of an order is missing.", Exit.DONE)


def test_good_practice_is_apart_with_each_source_once_and_changes_no_exit_code(printed: Any) -> None:
    other = advice("Name a person.", cite="EJCN", about="contact")
    assert printed([], [advice(), other, advice("Once more.")]) == (
        "No finding: nothing that this instrument asks of an order is missing.\n"
        "\nGood practice, which binds nobody\n"
        "- necessity: Say why. [practice]\n  add: a reason\n"
        "- contact: Name a person. [practice]\n  add: a reason\n"
        "- necessity: Once more. [practice]\n  add: a reason\n"
        "  SIRIUS 2024\n  EJCN",
        Exit.DONE,
    )


def test_an_order_without_what_every_order_states_is_asked_for_that_and_for_its_contents(printed: Any) -> None:
    content = next(iter(lint.CONTENT))  # type: ignore[attr-defined]
    text, code = printed([finding(content), finding("2AP-BOUND")], [], instrument="2AP-7")
    assert code == Exit.FINDINGS
    assert "FACT Every order states it." in text
    assert "to_party: " in text
    assert "from_party: " not in text, "the ledger states it"
    assert (content in text, "2AP-BOUND" in text) == (True, False)
    text, _ = printed([finding(content)], [advice()], to_party="XV")
    assert (content in text, "Good practice" in text) == (False, False), "nothing is asked without an instrument"
    _, code = printed([], [], instrument="2AP-7", to_party="XV", providers=3)
    assert code == Exit.UNDECIDABLE


@pytest.mark.parametrize("part", ["says", "add", "practice", "practice add"])
def test_a_line_has_up_to_eighty_columns_and_goes_on_two_columns_in(part: str, printed: Any) -> None:
    longest = set()
    for n in range(1, 24):
        text = f"{'x' * n} " + "and so on " * 12
        more: dict[str, Any] = {part: text, "commands": ()}
        found = [finding(**more)] if part in ("says", "add") else []
        advised = [] if found else [advice(**{"says" if part == "practice" else "add": text, "cite": "c"})]
        lines = printed(found, advised)[0].splitlines()
        longest.add(max(len(line) for line in lines))
        of = [line for line in lines if "and so on" in line]
        assert {len(line) - len(line.lstrip()) for line in of[1:]} == {2}
        assert of[0].startswith("  add") == ("add" in part)
        assert part == "add" or part.endswith(" add") or not of[0].startswith(" ")
    assert max(longest) == 80
