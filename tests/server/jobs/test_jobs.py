"""A job is done by one process at a time, what became of it is seen, and one that fails stops no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.errors import LedgerError
from server.jobs import run as running
from server.jobs.holder import alone
from server.jobs.run import run_job
from server.jobs.settings import TABLES, JobSettings, Settings, settings_of
from server.jobs.state import JobRun, JobStore
from server.jobs.table import JOBS, Place
from server.jobs.timer import JobCollector, JobTimer, next_at
from tests.support.cli import ledger_of, reply, run

CONFIG = """
[jobs.checkpoint]
[jobs.backup]
every = 7200
folder = "copies"
keep = 2
[jobs.audit]
on = false
[jobs.digest]
[mail]
host = "127.0.0.1"
sender = "office@court.example"
[[people]]
office = "ilves"
mail = "dina@court.example"
"""
WRONG = {
    "another job": "[jobs.dance]\n",
    "no folder": "[jobs.publish]\n",
    "keys that never expire": '[jobs.keys]\nfolder = "x"\n',
    "too often": "[jobs.audit]\nevery = 1\n",
    "another member": "[jobs.audit]\ncolour = 1\n",
    "mail in the open": CONFIG.replace("127.0.0.1", "10.1.2.3").replace("[mail]", '[mail]\ntls = "none"'),
    "no mail": "[jobs.digest]\n",
    "no address": CONFIG + '[[webhooks]]\nurl = "x"\noffice = "ilves"\nkey = "/dev/null"\n',
    "no key": CONFIG + '[[webhooks]]\nurl = "https://x.example"\noffice = "ilves"\nkey = "/nowhere"\n',
    "two lines": CONFIG.replace("dina@court.example", "dina@court.example\\nBcc: x@y.example"),
    "a line that ends": CONFIG.replace("dina@court.example", "dina@court.example\\n"),
    "two addresses": CONFIG.replace("dina@court.example", "dina@court.example,ivo@court.example"),
    "no address of mail": CONFIG.replace("dina@court.example", "<dina@court.example"),
    "a sender with two lines": CONFIG.replace("[mail]", '[mail]\nsender = "x@court.example\\n"').replace(
        'sender = "office@court.example"\n', ""
    ),
    "no password": CONFIG.replace("[[people]]", 'user = "office"\n[[people]]'),
}


def settings(text: str) -> Settings:
    tables = tomllib.loads(text)
    return settings_of({name: tables.get(name) for name in TABLES}, tuple(JOBS))


def test_a_table_switches_its_job_on() -> None:
    given = settings(CONFIG)
    assert {name for name, job in given.jobs.items() if job.on} == {"checkpoint", "backup", "digest"}
    assert given.jobs["backup"] == JobSettings(every=7200, folder="copies", keep=2)


@pytest.mark.parametrize("wrong", WRONG)
def test_settings_of_another_form_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        settings(WRONG[wrong])


@pytest.mark.parametrize(
    ("job", "member"),
    [
        ("audit", 'folder = "x"'),
        ("publish", 'folder = "x"\nkeep = 2'),
        ("publish", 'folder = "x"\nlater = 2'),
        ("backup", 'folder = "x"\noffice = "ilves"'),
        ("backup", 'folder = "x"\nexpire = 9'),
    ],
)
def test_a_member_that_a_job_does_not_take_is_refused(job: str, member: str) -> None:
    with pytest.raises(ValueError, match=f"the job {job} takes no (folder|keep|later|expire|office)"):
        settings(f"[jobs.{job}]\n{member}\n")


# -- one run -----------------------------------------------------------------------------------------------------------


def done(ledger: Path, name: str, given: JobSettings, now: float = 1_900_000_000.0) -> str:
    return run_job(name, Settings({name: given}), Place(ledger, ledger / "serve.toml", now), {})


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return ledger_of("S2", tmp_path)


def test_a_job_that_another_process_does_is_refused(mine: Path) -> None:
    with alone(read_folder(mine), "audit"), pytest.raises(LedgerError, match="BUSY"):
        done(mine, "audit", JobSettings())


def test_jobs_of_two_names_do_not_wait_for_each_other(mine: Path) -> None:
    with alone(read_folder(mine), "audit"), alone(read_folder(mine), "stamp"):
        pass


def test_a_job_that_raises_is_a_failed_run(mine: Path) -> None:
    def work(*_: object) -> None:
        raise ZeroDivisionError("a value of the record")

    given = Settings({"digest": JobSettings()})
    assert run_job("digest", given, Place(mine, mine, 0), {"digest": work}) == "ZeroDivisionError"


def test_copies_are_kept_as_many_as_are_wanted(mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_called", lambda words: "" if Path(words[3]).write_bytes(b"x") else "?")
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "other.tar").write_bytes(b"")
    for hour in range(3):
        assert done(mine, "backup", JobSettings(folder=str(folder), keep=2), 1_900_000_000 + 3_600 * hour) == ""
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["ledger-20300317T184640Z.tar", "ledger-20300317T194640Z.tar", "other.tar"]


def test_a_copy_of_this_second_is_not_overwritten_and_the_next_one_sorts_behind_it(mine: Path, tmp_path: Path) -> None:
    copy = tmp_path / "ledger-20300317T174640Z.tar"
    copy.write_bytes(b"whole")
    for _ in range(2):
        assert done(mine, "backup", JobSettings(folder=str(tmp_path))) == ""
    assert copy.read_bytes() == b"whole"
    assert [path.name[-11:] for path in sorted(tmp_path.glob("ledger-*.tar"))] == [
        "174640Z.tar",
        "174641Z.tar",
        "174642Z.tar",
    ]


def test_a_run_that_was_killed_counts_as_failed_when_the_next_one_begins(tmp_path: Path) -> None:
    with closing(JobStore(tmp_path)) as store:
        store.begin("audit")
        store.begin("audit")
        store.end("audit")
        assert (store.runs()["audit"].failures, store.runs()["audit"].in_a_row) == (1, 0)
        assert store.runs()["audit"].succeeded is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["checkpoint", "backup"])
def test_a_job_that_is_killed_is_completed_by_its_next_run(mine: Path, tmp_path: Path, name: str) -> None:
    config, folder = tmp_path / "serve.toml", tmp_path / "copies"
    folder.mkdir()
    member = f'folder = "{folder}"\n' if name == "backup" else ""
    config.write_text(f"[jobs.{name}]\n{member}", "utf-8")
    words = [*running.PROGRAM, "jobs", "run", name, "--config", str(config), "--ledger", str(mine)]
    for seconds in (0.3, 0.6, 0.9, 1.2, 1.5):
        process = subprocess.Popen(words, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert subprocess.run(words, check=False, capture_output=True).returncode == 0
    assert run("fsck", ledger=mine).exit_code == 0
    copies = [path for path in folder.iterdir() if not path.name.startswith(".")]
    assert all(run("restore", str(path), str(tmp_path / path.stem)).exit_code == 0 for path in copies)
    assert bool(copies) == (name == "backup")


# -- the timer ---------------------------------------------------------------------------------------------------------


def one_run(**values: float | None) -> JobRun:
    given = {"started": 100.0, "ended": 110.0, "succeeded": 110.0, "failures": 0, "in_a_row": 0, **values}
    return JobRun("audit", seconds=1.0, says="", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("last", "moment"),
    [
        (None, 0),
        (one_run(), 3_700),
        (one_run(ended=None), 160),
        (one_run(in_a_row=1), 170),
        (one_run(in_a_row=3), 350),
        (one_run(in_a_row=30), 3_710),
    ],
)
def test_a_job_is_due_after_its_period_and_earlier_after_a_failure(last: JobRun | None, moment: float) -> None:
    assert next_at(last, 3_600) == moment


def test_the_timer_does_each_job_and_one_that_fails_stops_no_other(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (sys.executable, "-c", PROGRAM)
    monkeypatch.setattr("server.jobs.timer.PROGRAM", program)
    jobs = {name: JobSettings() for name in ("stamp", "commit", "audit")}
    with closing(JobTimer(read_folder(mine), tmp_path / "serve.toml", jobs, tick=0.02)) as timer:
        timer.start()
        with closing(JobStore(mine)) as store:
            for _ in range(500):
                if len(ended := {n: r for n, r in store.runs().items() if r.ended is not None}) == 3:
                    break
                time.sleep(0.02)
    assert {name: each.says for name, each in ended.items()} == {"stamp": "exit 4", "commit": "", "audit": ""}
    metrics = {
        (sample.name, sample.labels["job"]): sample.value
        for family in JobCollector(mine, jobs).collect()
        for sample in family.samples
    }
    assert metrics["comity_job_failures_total", "stamp"] == 1
    assert metrics["comity_job_failures_total", "audit"] == 0
    assert metrics["comity_job_success_timestamp_seconds", "audit"] > 0
    assert metrics["comity_job_success_timestamp_seconds", "stamp"] == 0


# A program that does a job as `comity jobs run` does, without its imports: it writes to the file of the jobs.
PROGRAM = """
import sqlite3, sys, time
name, ledger = sys.argv[3], sys.argv[7]
c = sqlite3.connect(ledger + "/jobs.db", timeout=30, isolation_level=None)
says = "exit 4" if name == "stamp" else ""
c.execute("INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, 0.1, ?, ?, ?)",
    (name, time.time(), time.time(), None if says else time.time(), bool(says), bool(says), says))
"""


def test_one_timer_among_several_starts_jobs(mine: Path, tmp_path: Path) -> None:
    with alone(read_folder(mine), "timer"):
        timer = JobTimer(read_folder(mine), tmp_path / "serve.toml", {"audit": JobSettings()}, tick=0.01)
        timer.start()
        time.sleep(0.1)
        timer.close()
    with closing(JobStore(mine)) as store:
        assert store.runs() == {}


# -- by command --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_commands_do_a_job_and_list_what_became_of_it(mine: Path, tmp_path: Path) -> None:
    config = tmp_path / "serve.toml"
    config.write_text("[jobs.audit]\n[jobs.stamp]\nevery = 100\n", "utf-8")
    given = ("--config", str(config))
    failed = run("jobs", "run", "stamp", *given, "--json", ledger=mine)
    assert (failed.exit_code, json.loads(failed.stdout)["failed"]) == (3, "exit 2 USAGE")
    listed = {job["name"]: job for job in reply("jobs", "list", *given, ledger=mine)["jobs"]}
    assert (listed["stamp"]["every"], listed["stamp"]["failures"]) == (100, 1)
    assert (listed["audit"]["every"], listed["lapse"]["every"]) == (86_400, None)
    refused = run("jobs", "run", "lapse", *given, ledger=mine)
    assert (refused.exit_code, "is not on" in refused.output) == (2, True)


@pytest.mark.slow
def test_a_server_does_the_jobs_that_its_file_switches_on(mine: Path, tmp_path: Path) -> None:
    config = tmp_path / "serve.toml"
    config.write_text('metrics = "127.0.0.1:0"\n[jobs.audit]\n[jobs.checkpoint]\n[jobs.lapse]\non = false\n', "utf-8")
    words = [*running.PROGRAM, "serve", "--config", str(config), "--listen", "127.0.0.1:0", "--ledger", str(mine)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith(b"READY")
        for _ in range(300):
            time.sleep(0.1)
            with closing(JobStore(mine)) as store:
                succeeded = {name for name, each in store.runs().items() if each.succeeded is not None}
            if succeeded == {"audit", "checkpoint"}:
                break
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) in (0, -signal.SIGTERM)
    assert succeeded == {"audit", "checkpoint"}
