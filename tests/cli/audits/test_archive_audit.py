"""An archive is audited by the engine that is named, under one trust, and what was checked is kept outside of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.audits import archive_audit
from cli.audits.archive_audit import audit_archive


class Run:
    """What was asked of the audit of an archive, and how the command ended."""

    def __init__(self, patch: pytest.MonkeyPatch, kept: int = 0) -> None:
        self.asked: list[Any] = []
        self.kept = kept
        patch.setattr(archive_audit, "verify_archive", self.verify)
        patch.setattr(archive_audit, "read_trust", lambda path: f"trust {path}")
        patch.setattr(archive_audit, "Home", SimpleNamespace(user=lambda: SimpleNamespace(state=Path("/state"))))
        patch.setattr(archive_audit, "ledger_choice", SimpleNamespace(now=lambda: "now"))
        patch.setattr(
            archive_audit, "verdict_text",
            SimpleNamespace(answer=lambda r: r, rows=lambda r: [], text=lambda r: r, exit_of=lambda r: 3),
        )  # fmt: skip
        patch.setattr("cli.terminal.output.emit", lambda *said, text: self.asked.append(text()))

    def verify(self, folder: Path, trust: Any, anchor: Any, now: Any, **more: Any) -> Any:
        more.pop("progress")
        self.asked.append((folder, trust, anchor, now, more))
        return SimpleNamespace(segments=1, kept=self.kept, report="the report")

    def audit(self, folder: Path, *trusts: str, state: str | None = None, **given: Any) -> int:
        options = {"anchor": None, "engine": None, "workers": None, "address": None, **given}
        with click.Context(click.Command("audit")), pytest.raises(click.exceptions.Exit) as ended:
            audit_archive({"archive": str(folder), **options}, trusts, state)
        return ended.value.exit_code


@pytest.mark.parametrize("kept", [0, 2])
def test_an_archive_is_audited_here_unless_an_engine_is_named(
    kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(monkeypatch, kept)
    assert run.audit(tmp_path) == 3
    more = {"engine": "local", "workers": None, "address": "", "state": Path("/state/archive-audits")}
    assert run.asked == [(tmp_path, None, None, "now", more), "the report"]
    before = f"; {kept} had been checked by a run that was interrupted" if kept else ""
    assert capsys.readouterr().err == f"1 segment on local{before}\n"


def test_the_options_of_an_archive_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch)
    (tmp_path / "anchor").write_bytes(b"note")
    archive = tmp_path / "archive"
    archive.mkdir()
    given = {"engine": "dask", "workers": 4, "address": "tcp://x", "anchor": str(tmp_path / "anchor")}
    assert run.audit(archive, "trust", state=str(tmp_path / "state"), **given) == 3
    more = {"engine": "dask", "workers": 4, "address": "tcp://x", "state": tmp_path / "state"}
    assert run.asked[0] == (archive, "trust trust", b"note", "now", more)


@pytest.mark.parametrize(
    ("folder", "trusts", "state", "says"),
    [
        ("gone", (), None, "is no folder"),
        (".", ("a", "b"), None, "an archive is of one log"),
        (".", (), "state", "kept outside of the archive"),
        (".", (), ".", "kept outside of the archive"),
    ],
)
def test_what_does_not_fit_is_refused(
    folder: str, trusts: tuple[str, ...], state: str | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(monkeypatch)
    monkeypatch.chdir(tmp_path)
    options = dict.fromkeys(("anchor", "engine", "workers", "address"))
    with pytest.raises(click.UsageError, match=says):
        audit_archive({"archive": folder, **options}, trusts, state)
    assert run.asked == []
