"""A configuration states the options of `comity serve` by their names, and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

import click
from click.testing import Result

from cli.commands.serve import serve
from server.operations.configuration import NAMES, read_configuration
from tests.support.cli import run

STATED = (
    'listen = "127.0.0.1:7500"\nurl = ["https://a.example", "https://b.example"]\nbehind-proxy = true\ndrain = 10\n'
)


def checked(folder: Path, text: str, *options: str, **env: str) -> Result:
    path = folder / "serve.toml"
    path.write_text(text, "utf-8")
    return run("serve", "--config", str(path), "--check", *options, ledger=None, stdin=None, **env)


def test_every_option_of_the_command_can_be_stated() -> None:
    own = {o.opts[0] for o in serve.params if isinstance(o, click.Option) and not o.hidden}
    assert own - {"--config", "--check", "--health", "--verbose"} == {f"--{name}" for name in NAMES}


def test_options_win_over_the_environment_over_the_file_over_defaults(tmp_path: Path) -> None:
    more = 'tls-cert = "file.pem"\ntls-key = "file.key"\nrate = 7\n'
    said = checked(tmp_path, STATED + more, "--rate", "5", COMITY_TLS_KEY="env.key", COMITY_TLS_CERT="env.pem").stdout
    assert "rate = 5.0  # the command line\n" in said
    assert 'tls-key = "env.key"  # the environment\n' in said
    assert 'listen = "127.0.0.1:7500"  # the file\n' in said
    assert "within = 10.0  # the default\n" in said
    assert "# metrics is not set\n" in said


def test_what_is_printed_is_a_configuration_with_the_same_values(tmp_path: Path) -> None:
    first = checked(tmp_path, STATED).stdout
    assert tomllib.loads(first) == tomllib.loads(checked(tmp_path, first).stdout)
    assert tomllib.loads(first)["url"] == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('lissten = "x"', "did you mean listen?"),
        ("colour = 1", "there are listen, fd, url"),
        ('drain = "ten"', "$.drain"),
        ("rate = 0.5", "$.rate"),
        ("drain = -1", "$.drain"),
        ('log-format = "xml"', "$.log-format"),
        ("url = [1]", "$.url"),
        ("drain =\nrate = 1\n", "line 1"),
        ("drain = 1\ndrain = 2\n", "line 2"),
        ('url = ["office.example"]', "no address of a server"),
        ('tls-cert = "a"', "go together"),
        ('metrics = "0.0.0.0:9464"', "on this machine alone"),
        ("#" * 70_000, "at most"),
        ("drain = " + "[" * 20_000, "--config"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, says: str) -> None:
    result = checked(tmp_path, text)
    assert (result.exit_code, says in result.stderr) == (2, True)


def test_a_job_is_printed_with_the_seconds_between_its_runs(tmp_path: Path) -> None:
    said = checked(tmp_path, "[jobs.commit]\n[jobs.audit]\nevery = 43200\n").stdout
    assert "# job commit every 86400 s\n" in said
    assert "# job audit every 43200 s\n" in said


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    result = run("serve", "--config", str(tmp_path / "none.toml"), "--check")
    assert (result.exit_code, "none.toml: No such file" in result.stderr) == (2, True)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "serve.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="utf-8"):
        read_configuration(path)
