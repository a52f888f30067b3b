"""Order first, one question before a violation is signed, findings once, and silence where it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli.exit_codes import Exit
from cli.session import options
from tests.support.cli import House, ledger_of, run

ISSUE = ("issue", "--instrument", "2AP-7", "--to", "XV", "--unregistered", "--reference", "P-2", "--as", "ilves")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)


def typed(house: House, *words: str, answer: str) -> tuple[int, str]:
    done = run(*words, ledger=house.ledger, stdin=answer, **house.env)
    return done.exit_code, done.output


def orders(house: House) -> int:
    return len(house.reply("orders")["orders"])


# -- a question before a violation is signed ---------------------------------------------------------------------------


def test_a_declined_question_records_nothing(house: House, asked: None) -> None:
    code, said = typed(house, *ISSUE, answer="\n")
    assert (code, "sign? [y/N]" in said, orders(house)) == (Exit.INTERRUPTED, True, 1)


def test_a_confirmed_violation_is_signed(house: House, asked: None) -> None:
    code, said = typed(house, *ISSUE, answer="y\n")
    assert (code, "the law refuses nothing" in said, orders(house)) == (Exit.DONE, True, 2)


def test_the_question_says_in_a_sentence_what_will_be_signed(house: House, asked: None) -> None:
    _, said = typed(house, *ISSUE, answer="\n")
    shown = " ".join(said.split())
    assert re.search(r"\w+ issued an order for subscriber information .*, addressed to .*, number P-2", shown)
    assert shown.index(" issued an order") < shown.index("sign? [y/N]")


def test_yes_and_no_terminal_sign_without_a_question(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    done = house.run(*ISSUE)
    assert (done.exit_code, "sign?" in done.output, "F704: " in done.stderr) == (Exit.DONE, False, True)
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)
    again = [word if word != "P-2" else "P-3" for word in ISSUE]
    assert typed(house, *again, "--yes", answer="")[0] == Exit.DONE


def test_a_disclosure_against_an_instruction_is_asked_about(tmp_path: Path, asked: None) -> None:
    ledger = ledger_of("S2", tmp_path)
    (tmp_path / "a.zip").write_bytes(b"x")
    words = ("disclose", "main", str(tmp_path / "a.zip"), "--channel", "provider-portal", "--elements", "name")
    done = run(*words, "--as", "skylark", ledger=ledger, stdin="n\n")
    if "violation" in done.output:
        assert done.exit_code == Exit.INTERRUPTED


# -- order first -------------------------------------------------------------------------------------------------------


def test_check_and_disclose_take_the_order_first_and_the_old_order_with_a_hint(house: House) -> None:
    file = house.folder / "return.zip"
    file.write_bytes(b"answer")
    said = ("--channel", "post", "--elements", "name", "--as", "ilves", "--speaks", "observation", "--whose", "sky")
    new = house.run("disclose", "PPO-1", str(file), *said, "--unregistered")
    assert (new.exit_code, "the order comes first" in new.stderr) == (Exit.DONE, False)
    old = house.run("disclose", str(file), "PPO-1", *said, "--unregistered")
    assert (old.exit_code, "the order comes first: comity disclose ORDER FILES..." in old.stderr) == (Exit.DONE, True)
    for words, hint in ((("PPO-1", str(file)), False), ((str(file), "PPO-1"), True)):
        checked = house.run("check", *words)
        assert (checked.exit_code, "the order comes first" in checked.stderr) == (Exit.DONE, hint)


def test_a_file_with_the_name_of_the_order_is_no_riddle(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(house.folder)
    for name in ("PPO-1", "return.zip"):
        Path(name).write_bytes(b"answer")
    files = [json.loads(house.run("check", *words, "--json").stdout)["files"] for words in PAIRS]
    assert [[item["file"] for item in answer] for answer in files] == [["return.zip"], ["return.zip"]]


PAIRS = (("PPO-1", "return.zip"), ("return.zip", "PPO-1"))


def test_a_missing_file_is_named_and_not_the_order(house: House) -> None:
    for words in PAIRS:
        done = house.run("check", *words)
        assert (done.exit_code, "return.zip: no such file" in done.stderr) == (Exit.UNDECIDABLE, True)
    assert house.run("check", "PPO-1").exit_code == Exit.USAGE


# -- elements, dry run, silence ----------------------------------------------------------------------------------------


def test_the_elements_of_files_are_taken_as_those_that_an_order_asks_for(house: House) -> None:
    done = house.run(*ISSUE, "--elements", "name,login-ip")
    assert "an order asks with --element" in done.stderr
    (entry,) = house.reply("timeline", "P-2")["timeline"]
    assert entry["fields"]["elements_sought"] == ["name", "login-ip"]


def test_a_dry_run_prints_its_findings_once(house: House) -> None:
    done = house.run(*ISSUE, "--dry-run")
    assert done.output.count("Missing in the order: the offences.") == 1
    assert "nothing was signed, nothing was recorded" in done.stderr


def test_quiet_prints_the_answer_and_errors_alone(house: House) -> None:
    done = house.run(*ISSUE, "--quiet")
    assert (done.exit_code, done.stderr) == (Exit.DONE, "")
    assert done.stdout.startswith("recorded order-issued, entry #1 of order ")
    wrong = house.run("show", "nothing", "--quiet")
    assert wrong.stderr.startswith("comity: ORDER-UNKNOWN")
    assert run("--quiet", "vocabulary").stderr == ""


def test_a_report_says_where_it_was_written(house: House) -> None:
    file = house.folder / "custody.json"
    done = house.run("report", "custody", "PPO-1", "--format", "json", "-o", str(file))
    assert f"{file}: written, {file.stat().st_size} bytes\n" in done.stderr


# -- options that several commands share -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "said"),
    [
        pytest.param(options.AS, ("actor", False, True, False), id="as"),
        pytest.param(options.AS_ACTOR, ("actor", False, True, False), id="as-who-opens"),
        pytest.param(options.ROLE, ("role", False, False, False), id="role"),
        pytest.param(options.KEY, ("key_file", False, False, False), id="key"),
        pytest.param(options.STORE, ("store", False, False, False), id="store"),
        pytest.param(options.GUARD, ("guard", False, False, False), id="guard"),
        pytest.param(options.KEYS_STORE, ("keys_store", False, False, False), id="keys-store"),
        pytest.param(options.configuration("all of it"), ("config", True, False, False), id="config"),
        pytest.param(options.ORDER, ("order", True, False, False), id="order"),
        pytest.param(options.ANY_ORDER, ("order", False, False, False), id="any-order"),
        pytest.param(options.ONLY, ("only", False, False, True), id="only"),
        pytest.param(options.REVEAL, ("reveal", False, False, True), id="reveal"),
        pytest.param(options.BECAUSE, ("because", False, False, False), id="because"),
    ],
)
def test_an_option_is_needed_read_first_or_a_flag(
    option: Callable[[Any], Any], said: tuple[str, bool, bool, bool]
) -> None:
    (made,) = click.command()(option(lambda **given: None)).params
    assert (made.name, made.required, made.is_eager, bool(getattr(made, "is_flag", False))) == said


def test_the_configuration_of_a_server_may_be_named_in_the_environment_and_its_help_says_so() -> None:
    @click.command()
    @options.configuration("what it is asked for")
    def shown(config: str) -> None:
        click.echo(f"read {config}")

    text = " ".join(CliRunner().invoke(shown, ["--help"]).output.split())
    assert "The configuration of the server, what it is asked for. [env var: COMITY_CONFIG; required]" in text
    assert CliRunner().invoke(shown, [], env={"COMITY_CONFIG": "c.toml"}).output == "read c.toml\n"
    assert CliRunner().invoke(shown, ["--config", "d.toml"], env={"COMITY_CONFIG": "c.toml"}).output == "read d.toml\n"
