"""Each job of a ledger is a line: whether it is on, when it succeeded last, and what its last run took."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.commands import jobs
from cli.commands.jobs import calendar, list_, run
from cli.exit_codes import Exit, Stop
from cli.invocation import Invocation


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a ledger with four known jobs; `runs` are their last runs, `on` their settings, `emitted` the answers."""
    made = SimpleNamespace(runs={}, on={}, emitted=[], hooks=[], folder=tmp_path)

    class Store:
        def __init__(self, folder: Path) -> None:
            assert folder == tmp_path

        def runs(self) -> dict[str, Any]:
            return dict(made.runs)

        def end_feed(self, office: str, name: str) -> bool:
            return name == "Dina"

        def close(self) -> None: ...

    def emit(answer: Any, columns: Any = (), rows: Any = (), *, text: Any = None) -> None:
        made.emitted.append((answer, text() if text else None))

    known = {name: SimpleNamespace(says=f"does {name}", every=60) for name in "abcd"}
    monkeypatch.setattr(jobs, "JOBS", known)
    monkeypatch.setattr(jobs, "JobStore", Store)
    monkeypatch.setattr(jobs, "_settings", lambda config: SimpleNamespace(jobs=made.on, webhooks=made.hooks))
    monkeypatch.setattr(
        jobs, "ledger_choice",
        SimpleNamespace(ledger_folder=lambda: str(tmp_path), now=lambda path: datetime(2027, 6, 1, tzinfo=UTC)),
    )  # fmt: skip
    monkeypatch.setattr("cli.terminal.output.emit", emit)
    return made


def job(*, on: bool = True, every: int | None = None) -> Any:
    return SimpleNamespace(on=on, every=every)


def ran(succeeded: float | None, seconds: float | None, failures: int = 0, says: str = "") -> Any:
    return SimpleNamespace(succeeded=succeeded, seconds=seconds, failures=failures, says=says)


def test_a_job_that_never_ran_or_failed_has_no_moment(ledger: Any) -> None:
    (ledger.folder / "jobs.db").touch()
    ledger.on = {"a": job(), "b": job(every=5), "c": job(on=False, every=5)}
    ledger.runs = {"a": ran(86_400.9, 1.5), "b": ran(None, None, 3, "4 BUSY"), "c": ran(0.0, 0.0)}
    list_.main(["--config", "serve.toml"], standalone_mode=False, obj=Invocation())
    ((answer, _),) = ledger.emitted
    assert [(j.name, j.every, j.succeeded, j.milliseconds, j.failures, j.failed) for j in answer.jobs] == [
        ("a", 60, datetime(1970, 1, 2, tzinfo=UTC), 1500, 0, ""),
        ("b", 5, None, None, 3, "4 BUSY"),
        ("c", None, datetime(1970, 1, 1, tzinfo=UTC), 0, 0, ""),
        ("d", None, None, None, 0, ""),
    ]


def test_without_a_file_of_runs_no_job_ran(ledger: Any) -> None:
    ledger.runs = {"a": ran(1.0, 1.0)}
    list_.main(["--config", "serve.toml"], standalone_mode=False, obj=Invocation())
    assert {j.succeeded for j in ledger.emitted[0][0].jobs} == {None}


@pytest.mark.parametrize(("failed", "ends"), [("", Exit.DONE), ("4 BUSY", Exit.FINDINGS)])
def test_a_job_is_run_once_if_it_is_on(failed: str, ends: Exit, ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def run_job(name: str, settings: Any, place: Any, works: Any) -> str:
        asked.append((name, place))
        return failed

    monkeypatch.setattr("server.jobs.run.run_job", run_job)
    monkeypatch.setattr(run.params[0], "type", click.STRING)
    for given in ({}, {"a": job(on=False)}):
        ledger.on = given
        with pytest.raises(Stop, match="the job a is not on"):
            run.main(["a", "--config", "serve.toml"], standalone_mode=False, obj=Invocation())
    ledger.on = {"a": job()}
    assert run.main(["a", "--config", "serve.toml"], standalone_mode=False, obj=Invocation()) is ends
    ((name, place),) = asked
    assert (name, place.ledger, place.config) == ("a", ledger.folder, Path("serve.toml").absolute())
    answer, text = ledger.emitted[0]
    assert (answer.failed, text) == (failed, f"a: {failed or 'done'}")


def test_the_address_of_a_calendar_is_made_or_ends(ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.jobs.calendar.new_address", lambda path, office, name: f"/{office}/{name}")
    words = ["ilves", "--for", "Dina"]
    calendar.main(words, standalone_mode=False, obj=Invocation())
    calendar.main([*words, "--revoke"], standalone_mode=False, obj=Invocation())
    assert [(answer.office, answer.path, text) for answer, text in ledger.emitted] == [
        ("ilves", "/ilves/Dina", "/ilves/Dina"), ("ilves", None, "the address of Dina has ended"),
    ]  # fmt: skip
    with pytest.raises(Stop, match="no calendar of ilves is for 'Ivo'"):
        calendar.main(["ilves", "--for", "Ivo", "--revoke"], standalone_mode=False, obj=Invocation())
