"""Every command outside a ledger says so in the same sentence and with the same exit code, and writes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.app import comity
from cli.exit_codes import Exit
from cli.offices.address_book import template

KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
LINES = f"""
archive out
audit list
audit take file
backup . -o copy.tar
check PPO-1 file
checkpoint
counterparty list
custody PPO-1
desk
disclose PPO-1 file --channel link
due
erase PPO-1 --cause other
export PPO-1 --audience CT -o out.zip
exchange list
exchange refuse 5b --because why
exchange release 5b --as ilves
file PPO-1 --audience CT -o out
files check
fsck
import letters letters --order PPO-1
import orders table.csv
import profiles
issue --instrument EPOC --to XV
jobs calendar ilves --for Dina
judge PPO-1
key accept ilves
key add-log
key compromised ilves --since 2027-01-01T00:00:00Z
key enrol ilves --public {KEY} --role ISS
key list
key person ilves
key revoke ilves --cause lost
key rotate ilves --to {KEY}
key rotate-log
lapse PPO-1
law deadline PPO-1 2AP-7
log
log clock
log commit
log move-guard file
log publish out
log remake-guard
migrate --remove
mirror check
mirror push
monitor
notify PPO-1 --to office
notify-customer PPO-1 --channel letter
object PPO-1 --ground 12-1-a
offices add offices.csv
order join
order rename PPO-1 P
orders
receive file
record order-received PPO-1
register
register PPO-1
replay PPO-1 --at 2027-01-01T00:00:00Z
report custody PPO-1
report statistics --from 2027-01-01 --to 2027-12-31
account acts
account add Dina --office ilves
account code Dina
account link Dina --key {KEY}
account list
account lock Dina
account remove Dina --yes
account sign-out Dina
account unlink Dina {KEY}
account unlock Dina
guest end Ida --yes
guest invite PPO-1 Ida --office skylark --url https://office.example
guest list PPO-1
guest revoke 0011223344556677
serve --listen 127.0.0.1:0
show PPO-1
signer use socket
stamp
stamp list
stats --art28
subject find Kask --because why --as ilves
subject other a PPO-1 b
subject reindex
subject same a b
timeline PPO-1
views
witness list
witness take file
"""
OUTSIDE = [line for line in LINES.splitlines() if line]
NEEDS_NO_LEDGER = {
    *("completion", "demo", "init", "lint", "man", "play", "restore", "schema", "succeed", "verify", "vocabulary"),
    *("audit new", "audit sign", "key new", "law diff", "signer serve"),
    *(f"mirror {name}" for name in ("evidence", "new", "serve")),
    *(f"directory {name}" for name in ("add", "check", "new", "prove", "show", "take")),
    *("queue", "remote add", "remote list", "remote remove"),
    *("files get", "files list", "files put"),  # they ask a server
    *(f"trust {name}" for name in ("check", "new", "sign", "stick", "update")),
    *(f"witness {name}" for name in ("evidence", "new", "pull", "serve")),
}
READS_A_FILE_FIRST = {
    *(f"exchange {name}" for name in ("deliver", "fetch", "send")),
    *(f"jobs {name}" for name in ("list", "run")),
    "audit add",
    "counterparty add",
    *(f"import {name}" for name in ("adopt", "delivery", "hi1", "mail", "profile")),
    "mirror add",
    "stamp add",
    "witness add",
}


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_command_that_needs_a_ledger_is_tried_without_one() -> None:
    tried = {name for name in commands(comity) if any(f"{line} ".startswith(f"{name} ") for line in OUTSIDE)}
    assert {*commands(comity)} - tried == NEEDS_NO_LEDGER | READS_A_FILE_FIRST


@pytest.mark.parametrize("line", OUTSIDE)
def test_outside_a_ledger_every_command_says_the_same_and_writes_nothing(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letters").mkdir()
    Path("letters", "scan.pdf").write_text("x")
    Path("offices.csv").write_text(template())
    Path("table.csv").write_text("order,kind\n")
    Path("file").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    env = {"COMITY_LEDGER": "", "COMITY_PERSON": "Somebody Invented"}
    env |= {name: str(tmp_path / "home") for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    done = CliRunner().invoke(comity, shlex.split(line), env=env)
    first = (done.stderr.splitlines() or [""])[0]
    assert (done.exit_code, first) == (Exit.NO_LEDGER, "comity: this folder is not a ledger"), done.output
    assert sorted(tmp_path.rglob("*")) == before
