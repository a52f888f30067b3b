"""Define the root command `comity` and its groups; commands are imported when they run."""

from __future__ import annotations

from typing import NoReturn

import click
from click.shell_completion import get_completion_class

from cli.click_extensions import HELP_OPTIONS, Group, command, common_options
from cli.command_tables import (
    ACCOUNT,
    AUDIT,
    COMMANDS,
    COUNTERPARTY,
    DIRECTORY,
    EXCHANGE,
    FILES,
    GUEST,
    IMPORT,
    JOBS,
    KEY,
    LAW,
    LOG,
    MIRROR,
    OFFICES,
    ORDER,
    REMOTE,
    SIGNER,
    STAMP,
    SUBJECT,
    TRUST,
    WITNESS,
)
from cli.root_command import Comity

comity = Comity(
    name="comity",
    table=COMMANDS,
    help="The life of a request for electronic evidence: signed facts, offline proof, the law beside them.",
    examples=(
        "comity demo",
        "comity due --ledger ledger/",
        "comity judge PPO-2026-123",
        "comity export PPO-2026-123 --audience COURT -o court.evidence.zip",
        "comity verify court.evidence.zip --trust trust/",
    ),
    params=common_options(hidden=False),
    context_settings={"help_option_names": HELP_OPTIONS, "max_content_width": 100},
)
comity.params.append(
    click.Option(
        ["--version"], is_flag=True, expose_value=False, is_eager=True, help="Which Comity this is.",
        callback=lambda ctx, _, asked: _version(ctx) if asked and not ctx.resilient_parsing else None,
    )
)  # fmt: skip

key = Group(
    name="key",
    table=KEY,
    help="Key life: made by its holder, enrolled by the registrar, accepted by itself, and every step an entry.",
    examples=(
        "comity key new ilves",
        "comity key enrol ilves --public ilves.pub --role ISS",
        "comity key list",
    ),
)

account = Group(
    name="account",
    table=ACCOUNT,
    help="Who may sign in to the office server: persons at offices of the register. No account can sign an entry.",
    examples=(
        "comity account add 'Dina Ilves' --office ilves",
        "comity account code 'Dina Ilves'",
        "comity account list",
    ),
)

guest = Group(
    name="guest",
    table=GUEST,
    help="People of offices without a ledger, who answer an order at the office server by a link, with their own keys.",
    examples=(
        "comity guest invite PPO-2026-123 'Ida Sky' --office skylark --url https://office.example",
        "comity guest list PPO-2026-123",
    ),
)

order = Group(
    name="order",
    table=ORDER,
    help="What people here call an order, and which two orders on record are one.",
    examples=("comity order rename 5f0c1a2b karsk-123", "comity order join"),
)

law = Group(
    name="law",
    table=LAW,
    otherwise="cli.commands.law:law",
    help="The rules in force with their citations: all, those of an instrument, one by its code, those of a provision.",
    examples=(
        "comity law",
        "comity law 2AP-7",
        "comity law V-NOTICE-OVERDUE",
        "comity law '2AP:7(5)'",
        "comity law --html rules.html",
        "comity law --not-modelled",
        "comity law --edition rules-2026.json",
        "comity law deadline D-7-7 main",
        "comity law diff rules-2026.json",
    ),
)

witness = Group(
    name="witness",
    table=WITNESS,
    help="Witnesses see that a log shows everybody the same: be one for others, and name those this ledger asks.",
    examples=(
        "comity witness new witness.example/xo",
        "comity witness serve --name witness.example/xo --policy karsk",
        "comity witness add witness.example/fr+66cc80a3+BMyk... https://witness.example/fr",
    ),
)

mirror = Group(
    name="mirror",
    table=MIRROR,
    help="Mirrors store all entries of a log, and state it: be one for others, and name those this ledger sends to.",
    examples=(
        "comity mirror new mirror.example/xv",
        "comity mirror serve --name mirror.example/xv --policy karsk",
        "comity mirror add mirror.example/xv+66cc80a3+BMyk... https://mirror.example/xv",
    ),
)

audit = Group(
    name="audit",
    table=AUDIT,
    otherwise="cli.commands.audit:audit",
    help="""Audit many ledgers in one report: verify each under the trust that you hold, judge its orders, count duties
    and witnesses, say what changed. A place is a ledger folder or a copy, a published log, a folder with ledgers in it,
    or a list (TOML). Exit 1: an integrity failure is proved; 4: a ledger could not be read; 3: findings, overdue
    deadlines, missing proofs.

    Who asks what: `verify` about one bundle, entry or ledger; `fsck` whether your own ledger is whole; `audit` what is
    wrong, late or new in many ledgers; `audit sign` which entries of a log you can sign as checked; `monitor` whether a
    published log only grows; `report audit` prints the check of one ledger.
    """,
    examples=(
        "comity audit /srv/ledgers --trust karsk-trust/ --trust ardel-trust/ -o audit.json",
        "comity audit ledgers.toml https://ledger.example/karsk --json",
        "comity audit --archive archive/ --trust trust/ --engine dask --workers 8",
        "comity audit new auditor.example/karsk",
        "comity audit sign /media/copy/ledger --name auditor.example/karsk --trust karsk-trust/ -o audits/",
        "comity audit add auditor.example/karsk/audit/8d85...+3f0c2a91+Bm9Z...",
        "comity audit take /media/stick/audits",
    ),
)

directory = Group(
    name="directory",
    table=DIRECTORY,
    help="A directory of ledgers, each entry signed by its registrar, and a root log: a log of their checkpoints.",
    examples=(
        "comity directory new directory/ --origin directory.example/xo/ledgers",
        "comity directory add directory/ karsk-trust/ --at https://ledger.example/karsk --holder 'Prosecutor Karsk'",
        "comity directory take directory/          (each hour)",
        "comity directory show https://directory.example/xo --trust directory-trust/",
        "comity audit --directory https://directory.example/xo --trust directory-trust/",
    ),
)

remote = Group(
    name="remote",
    table=REMOTE,
    help="Office servers that are asked with --ledger URL: under which trust folder their answers are verified.",
    examples=(
        "comity remote add https://office.example --trust court-trust/",
        "comity orders --ledger https://office.example",
    ),
)

signer = Group(
    name="signer",
    table=SIGNER,
    help="The log key and the guard in a process of their own: an intruder into the ledger cannot make it fork.",
    examples=(
        "comity signer use /run/comity/signer --move /var/lib/comity-signer",
        "comity signer serve /var/lib/comity-signer --socket /run/comity/signer",
    ),
)

stamp = Group(
    name="stamp",
    table=STAMP,
    otherwise="cli.commands.stamp:stamp",
    help="Have the newest checkpoint stamped by every time-stamp authority this ledger names (RFC 3161).",
    examples=("comity stamp add karsk-tsa https://tsa.example/stamp --root karsk-root.pem", "comity stamp"),
)

offices = Group(
    name="offices",
    table=OFFICES,
    help="The Parties and offices of a ledger, from one address book: a CSV table with a row for each office.",
    examples=("comity offices add --template > offices.csv", "comity offices add offices.csv"),
)

import_ = Group(
    name="import",
    table=IMPORT,
    otherwise="cli.imports.orders:orders",
    help="What comes from elsewhere, recorded as somebody's word about the past.",
    examples=(
        "comity import orders.csv --as archive --dry-run",
        "comity import --template csv > orders.csv",
        "comity import delivery DELIVERY.xml --order PPO-2026-123 --as ilves",
        "comity import letters scans/ --order PPO-2026-123 --as archive",
        "comity import hi1 warrant.json --as skylark",
    ),
)

counterparty = Group(
    name="counterparty",
    table=COUNTERPARTY,
    help="Other offices keep records of their own: whose keys they have is pinned by our registrar.",
    examples=("comity counterparty add skylark-trust/ --key adm", "comity counterparty list"),
)

exchange = Group(
    name="exchange",
    table=EXCHANGE,
    help="Bundles to and from the ledgers of other offices over HTTPS; each is acknowledged by receipts that verify.",
    examples=(
        "comity exchange send PPO-2026-123 --to skylark --as ilves --config serve.toml",
        "comity exchange list",
        "comity exchange release 5b1c --as ilves",
    ),
)

files = Group(
    name="files",
    table=FILES,
    help="Files that entries state, where an office server keeps them: encrypted, and erased with the data subject.",
    examples=(
        "comity files put PPO-2026-123 return.zip --ledger https://office.example --as harbor",
        "comity files list PPO-2026-123 --ledger https://office.example",
        "comity files get PPO-2026-123 10 -o return/ --ledger https://office.example --as ilves",
        "comity files check",
    ),
)

jobs = Group(
    name="jobs",
    table=JOBS,
    help="Regular work of a ledger: the server does it by timers, and these commands do it at once.",
    examples=("comity jobs list --config serve.toml", "comity jobs run checkpoint --config serve.toml"),
)

subject = Group(
    name="subject",
    table=SUBJECT,
    help="Data subjects: one name is one person in all orders, unless it is said here. No entry names them.",
    examples=(
        "comity subject find lena@skylark.example --because 'request of 3 May' --as dpo",
        "comity subject same 'witness 3' 'target of PPO-2026-124'",
        "comity subject other 'witness 3' PPO-2026-124 'witness 3 of 124'",
    ),
)

trust = Group(
    name="trust",
    table=TRUST,
    help="Whom a court trusts about a log: a policy that several people sign, in versions that follow each other.",
    examples=(
        "comity trust new policy/ --root ada=ada.pub --root bo=bo.pub --threshold 2",
        "comity trust check policy/",
    ),
)

log = Group(
    name="log",
    table=LOG,
    otherwise="cli.commands.log:log",
    help="The entries of the log, newest first: who signed what, and when.",
    examples=("comity log", "comity log publish /srv/log"),
)


@command('eval "$(comity completion bash)"', "comity completion fish > ~/.config/fish/completions/comity.fish")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL."""
    completion_class = get_completion_class(shell)
    if completion_class is not None:
        click.echo(completion_class(comity, {}, "comity", "_COMITY_COMPLETE").source())


def _version(ctx: click.Context) -> None:
    from importlib.metadata import version

    click.echo(f"comity {version('comity')}")
    ctx.exit()


def main() -> NoReturn:
    """Run the command line."""
    comity.main()


if __name__ == "__main__":
    main()
