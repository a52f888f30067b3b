"""What `verify` refuses to compare, and what it says with a verdict."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.commands import verify
from cli.exit_codes import Exit
from ledger.verify.report import Verdict
from tests.cli.commands.test_export_and_verify import histories
from tests.support.cli import ledger_of, run

__all__ = ["histories"]  # a fixture


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("one.zip", "--root-fingerprint", "ab"), Exit.USAGE, "--root-fingerprint is of the versions in the folder"),
        (("one.zip", "-o", "x.json"), Exit.USAGE, "-o is for the exhibit that --with, or a signed"),
        ((".", "--with", "one.zip"), Exit.USAGE, "--with holds a bundle against another bundle, not a folder"),
        (("one.zip", "--store", "postgresql://x/y"), Exit.USAGE, "--store says where the entries of a ledger are"),
        (("trust/policy", "--with", "one.zip"), Exit.UNDECIDABLE, ""),
        (("one.zip", "--with", "two.zip", "-o", "one.zip"), Exit.USAGE, "one.zip is there already"),
        (("one.zip", "--with", "gone.zip"), Exit.UNDECIDABLE, "gone.zip"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(
    words: tuple[str, ...], code: Exit, says: str, histories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(histories)
    done = run("verify", *words)
    assert (done.exit_code, says in " ".join(done.stderr.split())) == (code, True), done.output


def test_an_exhibit_says_whom_it_convicts_and_how_it_is_verified(
    histories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(histories)
    done = run("verify", "one.zip", "--with", "two.zip", "--trust", "trust", "--trust-came", "apart", "-o", "fork.json")
    assert done.exit_code == Exit.PROVED_BAD
    assert done.stderr.splitlines() == [
        "two.zip by itself: TOTAL-PASSED",
        "the exhibit is fork.json; it convicts the log before all who hold its key: comity verify fork.json",
    ]
    same = run("verify", "one.zip", "--with", "one.zip", "--trust", "trust", "--trust-came", "apart", "-o", "none.json")
    assert (same.exit_code, same.stderr) == (Exit.DONE, "one.zip by itself: TOTAL-PASSED\n")
    alone = run("verify", "one.zip", "--with", "two.zip", "--trust", "trust", "--trust-came", "apart")
    assert alone.stderr == "two.zip by itself: TOTAL-PASSED\n"
    exhibit = run("verify", "one.zip", "--with", "fork.json", "--trust", "trust", "--trust-came", "apart")
    assert (exhibit.exit_code, "BND-NONE fork.json: it is no bundle" in exhibit.stderr) == (Exit.UNDECIDABLE, True)
    held = run("verify", "fork.json", "--with", "one.zip", "--trust", "trust", "--trust-came", "apart")
    assert (held.exit_code, "--with holds a bundle against another bundle" in held.stderr) == (Exit.USAGE, True)


def test_a_bundle_that_is_proved_wrong_is_held_against_nothing(
    histories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(histories)
    Path("two.zip").write_bytes(Path("two.zip").read_bytes()[:-1])
    done = run("verify", "one.zip", "--with", "two.zip", "--trust", "trust", "--trust-came", "apart")
    assert done.exit_code == Exit.UNDECIDABLE
    assert done.stderr.splitlines()[0].startswith("two.zip by itself: TOTAL-FAILED")
    assert done.stderr.splitlines()[1:] == [
        "comity: two.zip is proved wrong by itself, so nothing is held against it",
        "hint: comity verify two.zip",
    ]


def test_a_folder_that_is_no_ledger_without_a_bundle_has_no_hint_of_one(tmp_path: Path) -> None:
    done = run("verify", str(tmp_path))
    assert done.exit_code == Exit.NO_LEDGER
    assert "evidence bundle" not in done.stderr
    for name in ("b.evidence.zip", "a.evidence.zip"):
        (tmp_path / name).touch()
    named = run("verify", str(tmp_path))
    assert f"comity verify {tmp_path}/a.evidence.zip --trust DIR" in named.stderr
    assert "a.evidence.zip" not in run("verify", str(ledger_of("S1", tmp_path))).output


@pytest.mark.parametrize(
    ("verdict", "trust", "mirrors"),
    [
        (Verdict.PASSED, SimpleNamespace(mirrors=["m"]), ("m",)),
        (Verdict.INDETERMINATE, SimpleNamespace(mirrors=["m"]), ("m",)),
        (Verdict.FAILED, SimpleNamespace(mirrors=["m"]), ()),
        (Verdict.PASSED, None, ()),
    ],
)
def test_mirrors_are_named_where_trust_is_held_and_nothing_is_proved_wrong(
    verdict: Verdict, trust: Any, mirrors: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    monkeypatch.setattr("cli.terminal.verdict_text.answer", lambda report, named: said.append(named))
    monkeypatch.setattr("cli.terminal.verdict_text.rows", lambda report: "rows")
    monkeypatch.setattr("cli.terminal.verdict_text.text", lambda report, mirrors: f"text {len(mirrors)}")
    monkeypatch.setattr("cli.terminal.verdict_text.exit_of", lambda report: 3)
    monkeypatch.setattr("cli.terminal.output.emit", lambda a, columns, rows, text: said.append((columns, rows, text())))
    report: Any = SimpleNamespace(verdict=verdict)
    with click.Context(click.Command("verify")), pytest.raises(click.exceptions.Exit) as ended:
        verify.tell(report, trust)
    assert ended.value.exit_code == 3
    assert said == [mirrors, (("code", "level", "where", "says"), "rows", f"text {len(mirrors)}")]
