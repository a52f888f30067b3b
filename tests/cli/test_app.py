"""The command line around its commands: help, exit statuses, positions of options, form of errors."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from msgspec import Struct

from cli import click_extensions
from cli.app import comity
from cli.command_tables import COMMANDS, KEY
from cli.exit_codes import Exit, Stop, exit_of, lines_of
from cli.invocation import Invocation
from cli.session import ledger_choice
from cli.session.local_time import MOMENT
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from ledger.entries.case import Unread
from ledger.errors import Busy, LedgerError, RecordError
from tests.support.cli import ledger_of, reply

HEAVY = ("msgspec", "orjson", "nacl", "cryptography", "eventsourcing", "sqlite3", "holidays", "ledger")


def run(*args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    home = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", "from cli.app import main; main()", *args],
        cwd=cwd or home,
        env={**os.environ, "PYTHONPATH": str(home), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, cli.app\ntry: cli.app.comity.main(['--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert "click" in loaded
    light = {"ledger", "ledger.errors", "ledger.messages"}  # errors and their words, from which exit statuses are made
    assert not [name for name in loaded if name.split(".")[0] in HEAVY and name not in light]


def test_showing_an_order_imports_no_list_of_rules_and_nothing_for_temporary_files() -> None:
    code = "import sys, cli.commands.show\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "ledger.law.judge" in loaded
    assert not {"ledger.law.provisions", "tempfile", "shutil"} & {*loaded}


@pytest.mark.parametrize("path", [*([name] for name in COMMANDS), *(["key", name] for name in KEY), ["log", "publish"]])
def test_the_help_of_every_command_starts_with_examples(path: list[str]) -> None:
    done = CliRunner().invoke(comity, [*path, "--help"])
    assert done.exit_code == 0, done.output
    first, example = done.output.splitlines()[:2]
    assert first == "Examples:"
    assert f"comity {path[0]}" in example
    assert "Usage: comity" in done.output


def sections(*words: str) -> dict[str, str]:
    """Return the help of a command by its sections of options."""
    text = CliRunner().invoke(comity, [*words, "--help"]).output
    usual, _, advanced = text.partition("\nOptions:\n")[2].partition("\nAdvanced options:\n")
    return {"usual": usual, "advanced": advanced}


@pytest.mark.parametrize("name", ["record", "issue", "notify", "object", "disclose", "notify-customer"])
def test_the_options_of_every_recording_command_that_few_need_stand_below_the_others(name: str) -> None:
    shown = sections(name)
    for option in ("--field", "--from", "--on", "--as", "--dry-run", "--yes"):
        assert f"{option} " in shown["usual"]
        assert f"  {option} " not in shown["advanced"]
    for option in ("--speaks", "--whose", "--replaces", "--id", "--receipt", "--key", "--role"):
        assert f"  {option} " in shown["advanced"]
        assert f"  {option} " not in shown["usual"]


def test_an_option_that_a_command_needs_is_among_the_usual_ones() -> None:
    assert "--elements LIST" in sections("disclose")["usual"]
    assert "--role ROLE" in sections("key", "enrol")["usual"]
    assert "--audience ROLE" in sections("export")["usual"]
    assert "--subject NAME" in sections("erase")["usual"]


@pytest.mark.parametrize(
    "path", [*([name] for name in COMMANDS if name not in ("key", "log")), *(["key", n] for n in KEY)]
)
def test_the_line_in_the_list_and_the_help_of_a_command_are_both_there(path: list[str]) -> None:
    table = KEY if path[0] == "key" else COMMANDS
    says = table[path[-1]][1]
    assert says
    assert says[0].islower()
    assert not says.endswith(".")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("judge",), "comity: Missing argument 'ORDER'."),
        (("custody",), "comity: Missing argument 'ORDER'."),
        (("timeline",), "comity: Missing argument 'ORDER'."),
        (("show",), "comity: Missing argument 'ORDER'."),
        (("replay",), "comity: Missing argument 'ORDER'."),
        (("replay", "--at", "2027-04-01T00:00:00Z"), "comity: Missing argument 'ORDER'."),
        (("check",), "comity: Missing argument 'FILES...'."),
        (("report",), "comity: Missing argument 'KIND'."),
        (("report", "custody"), "comity: custody is a report on one ORDER"),
        (("judge", "--trust", "trust"), "comity: --trust is for a bundle: --bundle FILE"),
    ],
)
def test_what_is_typed_wrong_is_answered_with_the_usage_of_the_command_and_the_reason(
    words: tuple[str, ...], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no ledger: what is typed is answered before one is sought
    done = CliRunner().invoke(comity, words)
    assert done.exit_code == Exit.USAGE
    usage, says = done.stderr.splitlines()[:2]
    assert usage.startswith(f"Usage: comity {words[0]} ")
    assert says.startswith(reason)


@pytest.mark.parametrize("name", ["judge", "custody", "timeline", "show"])
def test_only_a_bundle_names_its_order(name: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(comity, [name, "--bundle", str(tmp_path / "no.zip")])
    assert done.exit_code != Exit.USAGE or "Missing argument" not in done.stderr
    assert "no.zip" in done.stderr


def test_without_a_command_the_help_is_shown_and_it_is_usage() -> None:
    done = CliRunner().invoke(comity, [])
    assert done.exit_code == Exit.USAGE
    assert done.stdout == ""
    assert done.stderr.startswith("Examples:")


def test_a_slip_of_the_pen_is_answered_with_the_nearest_command() -> None:
    done = CliRunner().invoke(comity, ["ordres"])
    assert done.exit_code == Exit.USAGE
    assert done.stderr.splitlines() == ["comity: no command 'ordres'", "hint: `comity orders`?"]


def test_no_ledger_here_is_exit_10_and_says_what_to_do(tmp_path: Path) -> None:
    done = run("orders", cwd=tmp_path)
    assert done.returncode == Exit.NO_LEDGER
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == "comity: this folder is not a ledger"
    assert "comity init" in done.stderr


def test_the_ledger_may_be_named_before_or_behind_the_command_or_by_the_environment(tmp_path: Path) -> None:
    for args, env in (
        (("--ledger", "nowhere", "orders"), {}),
        (("orders", "--ledger", "nowhere"), {}),
        (("orders",), {"COMITY_LEDGER": "nowhere"}),
    ):
        done = run(*args, cwd=tmp_path, **env)
        assert done.returncode == Exit.NO_LEDGER
        assert done.stderr.startswith("comity: nowhere is not a ledger")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Stop("x"), 2),
        (Stop("x", code=Exit.FINDINGS), 3),
        (click.UsageError("x"), 2),
        (click.BadParameter("x"), 2),
        (RecordError("ENV-SIZE", "x"), 5),
        (RecordError("SPLIT-VIEW", "x"), 1),
        (LedgerError("LOG-CORRUPT", "x"), 1),
        (LedgerError("LOG-ROLLBACK", "x"), 1),
        (LedgerError("NO-LEDGER", "x"), 10),
        (Busy("x"), 11),
        (FileNotFoundError(2, "No such file or directory", "x"), 4),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (KeyError("x"), 70),
        (AssertionError(), 70),
    ],
)
def test_every_error_has_its_code(error: BaseException, code: int) -> None:
    assert exit_of(error) == code


def test_a_refusal_means_something_else_to_a_command_that_only_reads() -> None:
    assert exit_of(RecordError("ENV-SIZE", "x"), Exit.UNDECIDABLE) == Exit.UNDECIDABLE
    assert exit_of(RecordError("SPLIT-VIEW", "x"), Exit.UNDECIDABLE) == Exit.PROVED_BAD


def test_an_error_is_said_in_one_or_two_lines() -> None:
    assert lines_of(RecordError("SIG-BAD", "it does not fit", where="#3", hint="ask the sender")) == [
        "SIG-BAD #3: it does not fit",
        "hint: ask the sender",
    ]
    assert lines_of(Stop("one", hint="two")) == ["one", "hint: two"]
    assert lines_of(Stop(" ")) == ["Stop"]
    assert lines_of(FileNotFoundError(2, "No such file or directory", "a.zip")) == ["a.zip: no such file or directory"]
    assert lines_of(KeyError("x")) == ["unforeseen: KeyError: 'x'", "hint: --debug shows where"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("disclose file PPO-1", "comity: --channel CODE is missing: By which channel, as provider-portal."),
        ("succeed old new --origin o.example/x", "comity: Missing option '--cause'. Choose from: lost-storage, "),
        ("record", "comity: Missing argument 'KIND'."),
    ],
)
def test_what_is_missing_is_said_with_what_it_is_for(typed: str, said: str) -> None:
    done = CliRunner().invoke(comity, typed.split())
    assert done.exit_code == Exit.USAGE
    _, missing, hint = done.stderr.splitlines()
    assert missing.startswith(said)
    assert hint == f"hint: comity {typed.split()[0]} --help shows how it is used"


def test_what_nobody_foresaw_is_exit_70_in_one_line_and_a_traceback_only_with_debug(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @click_extensions.command("comity boom")
    def boom() -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(type(comity), "get_command", lambda *_: boom)
    done = CliRunner().invoke(comity, ["boom"])
    assert done.exit_code == Exit.UNFORESEEN
    assert done.stderr.splitlines()[0] == "comity: unforeseen: ZeroDivisionError: by nothing"
    assert "Traceback" not in done.stderr
    done = CliRunner().invoke(comity, ["boom", "--debug"])
    assert done.exit_code == Exit.UNFORESEEN
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_every_shell(shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "_COMITY_COMPLETE" in done.stdout


def test_a_moment_needs_its_offset() -> None:
    convert = MOMENT.convert
    assert convert("2027-03-01T10:40:00+01:00", None, None) == datetime(2027, 3, 1, 9, 40, tzinfo=UTC)
    assert convert("2027-03-01T09:40Z", None, None) == datetime(2027, 3, 1, 9, 40, tzinfo=UTC)
    for wrong in ("2027-03-01T09:40:00", "2027-03-01", "yesterday", "2027-03-01T09:40:00.5Z", ""):
        with pytest.raises(Stop) as said:
            convert(wrong, None, None)
        assert said.value.code == Exit.USAGE


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_csv_cell_is_never_a_formula(cell: str) -> None:
    assert output.csv_cell(cell) == f"'{cell}"
    assert output.csv_cell("\rx") == "<U+000D>x"


def test_an_ordinary_csv_cell_stays_as_it_is() -> None:
    assert output.csv_cell("a=b") == "a=b"
    assert output.csv_cell(None) == ""
    assert output.csv_cell(["a", "b"]) == "a, b"


def test_values_are_shown_as_people_read_them() -> None:
    assert output.plain(Unread.WITHHELD) == "[sealed]"
    assert output.plain(Unread.ERASED) == "[erased]"
    assert output.plain(True) == "yes"
    assert output.plain("a\u200db") == "a<U+200D>b"
    assert output.plain("\u0645\u06cc\u200c\u062e") == "\u0645\u06cc\u200c\u062e"
    for hidden in "\u200b\u2060\ufeff\xad\U000e0041\u3164\u115f\u2028\u2029":
        assert output.plain(f"KA{hidden}-1") == output.csv_cell(f"KA{hidden}-1") == f"KA<U+{ord(hidden):04X}>-1"
    assert output.plain(datetime(2027, 3, 1, tzinfo=UTC)) == "2027-03-01T00:00:00Z"


class ThingItem(Struct):
    name: str
    n: int


class ThingsAnswer(CommandAnswer, tag="comity.things/1"):
    things: list[ThingItem]


def _emitting(*args: str) -> str:
    @click_extensions.command("comity things")
    def things() -> None:
        output.emit(ThingsAnswer([ThingItem("=a", 1)]), ("name", "n"), [ThingItem("=a", 1)])

    told = Invocation()
    done = CliRunner().invoke(things, list(args), obj=told)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_answer_is_printed_as_it_was_asked_for() -> None:
    assert json.loads(_emitting("--json")) == {"format": "comity.things/1", "things": [{"name": "=a", "n": 1}]}
    assert json.loads(_emitting("--format", "jsonl")) == {"name": "=a", "n": 1}
    assert _emitting("--format", "csv") == "name,n\n'=a,1\n"
    assert _emitting() == "=a\t1\n"


def test_a_table_keeps_untrusted_text_as_text() -> None:
    drawn = output.table(("what",), [("[red]not a colour[/red]",), ("x" * 200,)], width=40)
    assert "[red]not a colour[/red]" in drawn
    assert max(len(line) for line in drawn.splitlines()) <= 40


def test_an_order_is_named_by_reference_or_by_an_unambiguous_beginning_of_its_id() -> None:
    names, ids = {"PPO-1": "aa11"}, ["aa11", "aa22", "bb33"]
    assert ledger_choice.choose("PPO-1", names, ids) == "aa11"
    assert ledger_choice.choose("b", names, ids) == "bb33"
    assert ledger_choice.choose("AA2", names, ids) == "aa22"
    for text, says in (("aa", "could be"), ("zz", "no order"), ("", "no order")):
        with pytest.raises(Stop, match=says):
            ledger_choice.choose(text, names, ids)


def test_what_cannot_be_undone_is_not_done_when_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(Stop, match="there is no terminal"):
        prompts.confirm("destroy it", yes=False)
    prompts.confirm("destroy it", yes=True)


def test_a_closed_pipe_is_no_error_message() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from cli.app import main; main()", "--help"],
            cwd=Path(__file__).parents[2],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == Exit.PIPE_CLOSED


def test_an_interruption_is_exit_130_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    @click_extensions.command("comity wait")
    def wait() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(comity), "get_command", lambda *_: wait)
    done = CliRunner().invoke(comity, ["wait"])
    assert done.exit_code == Exit.INTERRUPTED
    assert done.stderr.split() == "comity: interrupted; nothing half-written is left".split()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_under_the_answer_is_one_plain_line(unbuffered: str) -> None:
    home = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-m", "cli.app", "vocabulary"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=home, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == Exit.UNDECIDABLE
    assert done.stderr == "comity: what is written: no space left on device\n"


def test_the_common_options_are_completed_where_they_are_not_listed() -> None:
    asked = CliRunner().invoke(
        comity,
        [],
        prog_name="comity",
        env={"_COMITY_COMPLETE": "bash_complete", "COMP_WORDS": "comity show --", "COMP_CWORD": "2"},
    )
    found = [line.removeprefix("plain,") for line in asked.stdout.split()]
    assert {"--as-of", "--ledger", "--format", "--json", "--color", "--debug"} <= set(found)
    assert len(found) == len(set(found))


def test_a_group_shows_its_commands_to_both_names_of_help() -> None:
    assert CliRunner().invoke(comity, ["log", "-h"]).output == CliRunner().invoke(comity, ["log", "--help"]).output


def completed(ledger: Path | None, *words: str) -> list[str]:
    """Return the completions that bash receives for these words, of which the last is incomplete."""
    env = {
        "_COMITY_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("comity", *words)),
        "COMP_CWORD": str(len(words)),
    }
    env |= {"COMITY_LEDGER": str(ledger) if ledger else ""}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        done = CliRunner().invoke(comity, [], prog_name="comity", complete_var="_COMITY_COMPLETE")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def help_of(*words: str) -> str:
    return CliRunner().invoke(comity, [*words, "--help"]).output


def test_a_group_with_a_command_of_its_own_shows_the_options_of_it_above_its_commands() -> None:
    shown = help_of("audit")
    assert 0 < shown.index("--no-witnesses") < shown.index("\nCommands:") < shown.index("  take")
    assert "--no-witnesses" not in help_of("key")
    assert 0 < help_of("key").index("\nCommands:") < help_of("key").index("  enrol")


def test_a_shell_completes_orders_offices_kinds_and_roles(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    (order,) = [o["ref"] or o["label"] for o in reply("orders", ledger=ledger)["orders"]]
    assert completed(ledger, "judge", order[:2]) == [order]
    assert completed(ledger, "--ledger", str(ledger), "show", "") == [order]
    assert "ilves" in completed(ledger, "export", order, "--as", "il")
    assert completed(ledger, "vocabulary", "order-iss") == ["order-issued"]
    assert completed(ledger, "record", "order-iss") == ["order-issued"]
    assert "DPO" in completed(ledger, "export", order, "--audience", "D")
    assert completed(ledger, "law", "D-7-7") == ["D-7-7"]
    assert completed(None, "judge", "") == [], "without a ledger nothing, and no error"
