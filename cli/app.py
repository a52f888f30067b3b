"""Define the root command `comity` and its groups; commands are imported when they run."""

from __future__ import annotations

from typing import NoReturn

import click
from click.shell_completion import get_completion_class

from cli.click_extensions import HELP_OPTIONS, Group, command, common_options
from cli.root_command import Comity

COMMANDS = {
    "demo": ("cli.commands.demo:demo", "the main job in one go, on a shipped story"),
    "init": ("cli.commands.init:init", "a new ledger with its registrar, log key and guard"),
    "key": ("cli.app:key", "key life, every step an entry"),
    "offices": ("cli.app:offices", "the Parties and offices of an address book, with their keys"),
    "issue": ("cli.commands.issue:issue", "make an order, and record that it was made"),
    "notify": ("cli.commands.notify:notify", "the other State is told of the order"),
    "object": ("cli.commands.object:object_", "the notified authority says no: instruction or ground for refusal"),
    "disclose": ("cli.commands.disclose:disclose", "the provider hands over files; their digests are recorded"),
    "notify-customer": ("cli.commands.notify_customer:notify_customer", "the person whose data were sought is told"),
    "record": ("cli.commands.record:record", "every other kind of fact"),
    "import": ("cli.app:import_", "from elsewhere: a table of orders, HI-1, delivery evidence, letters"),
    "receive": ("cli.commands.receive:receive", "another record's bundle or entry, wrapped into this one"),
    "counterparty": ("cli.app:counterparty", "the other records that are taken in, and whose keys they have"),
    "lapse": ("cli.commands.lapse:lapse", "record deadline-lapsed for every clock that ended unmet"),
    "orders": ("cli.commands.orders:orders", "every order and the state it is in"),
    "order": ("cli.app:order", "a name of your own for an order"),
    "due": ("cli.commands.due:due", "every open clock, soonest first"),
    "show": ("cli.commands.show:show", "one order"),
    "timeline": ("cli.commands.timeline:timeline", "the story of one order"),
    "log": ("cli.app:log", "the entries of the log, newest first; `log publish` writes it out"),
    "judge": ("cli.commands.judge:judge", "deadlines, findings and the criteria A1-A8"),
    "custody": ("cli.commands.custody:custody", "hand to hand with digests"),
    "check": ("cli.commands.check:check", "is this file what was disclosed?"),
    "replay": ("cli.commands.replay:replay", "state as it was known at a moment, and what changed"),
    "register": ("cli.commands.register:register", "the ten questions of a data protection officer"),
    "stats": ("cli.commands.stats:stats", "the statistical forms, small cells withheld"),
    "report": ("cli.commands.report:report", "the documents people file: reports, certificates, the order form"),
    "lint": ("cli.commands.lint:lint", "what is missing in an order before it is sent"),
    "law": ("cli.app:law", "the rules in force with their citations"),
    "schema": ("cli.commands.schema:schema", "the JSON Schema of each document that --json prints"),
    "vocabulary": (
        "cli.commands.vocabulary:vocabulary",
        "the kinds of fact with their fields, and the codes",
    ),
    "file": ("cli.commands.file:file_", "what is filed together: bundle, papers, whom to trust, the verifier page"),
    "export": ("cli.commands.export:export", "the evidence bundle for one audience"),
    "verify": ("cli.commands.verify:verify", "offline verdict on a bundle, an entry or a ledger"),
    "trust": ("cli.app:trust", "a trust policy signed by several, its versions, and the folder a court holds"),
    "fsck": ("cli.commands.fsck:fsck", "verify this ledger, its guard, heads and views"),
    "checkpoint": ("cli.commands.checkpoint:checkpoint", "sign and publish the state of the log now"),
    "stamp": ("cli.app:stamp", "time stamps over the log from authorities outside (RFC 3161)"),
    "witness": ("cli.app:witness", "cosign other logs, and name the witnesses of this one"),
    "mirror": ("cli.app:mirror", "store the entries of other logs, and name the mirrors that store this one"),
    "signer": ("cli.app:signer", "a process of its own that signs checkpoints, and never two of one size"),
    "erase": ("cli.commands.erase:erase", "destroy the key to a subject's sealed values"),
    "subject": ("cli.app:subject", "find a person; which names of data subjects mean one person"),
    "backup": ("cli.commands.backup:backup", "a copy of everything but guard, log key and keys"),
    "restore": ("cli.commands.restore:restore", "put a copy back, checked against the guard"),
    "migrate": ("cli.commands.migrate:migrate_", "move entries, keys and guard to files or databases, and back"),
    "desk": ("cli.commands.desk:desk", "a local page: what is due, every order, its papers, the law"),
    "serve": ("cli.commands.serve:serve", "the ledger over HTTP, for people and programs with their own keys"),
    "account": ("cli.app:account", "who may sign in to the office server, and how each person is known"),
    "jobs": ("cli.app:jobs", "the regular work of a ledger: by command, and what became of the last runs"),
    "exchange": ("cli.app:exchange", "bundles to and from the ledgers of other offices, with receipts both ways"),
    "remote": ("cli.app:remote", "the office servers that you ask, and under which trust"),
    "audit": ("cli.app:audit", "check another log as an auditor and sign it; the auditors of this ledger"),
    "monitor": ("cli.commands.monitor:monitor", "follow other logs; alarm on forks, rollbacks, silence"),
    "succeed": ("cli.commands.succeed:succeed", "a log that takes the place of one that cannot go on"),
    "play": ("cli.commands.play:play", "make a ledger out of a story"),
    "man": ("cli.commands.man:man", "the manual page of a command, for man"),
    "completion": ("cli.app:completion", "completion for bash, zsh or fish"),
}

KEY = {
    "new": ("cli.commands.key:new", "make a key of your own; nothing is recorded"),
    "list": ("cli.commands.key:list_", "the keys of this ledger and what they may sign"),
    "enrol": ("cli.commands.key:enrol", "the registrar enters a key for an office"),
    "accept": ("cli.commands.key:accept", "the holder shows possession; from here on it may sign"),
    "person": ("cli.commands.key:person", "which person opens sealed values with a key; kept on this machine"),
    "rotate": ("cli.commands.key:rotate", "replace a key by the one committed to before"),
    "revoke": ("cli.commands.key:revoke", "a key may sign no more"),
    "rotate-log": ("cli.commands.log_key:rotate_log", "have a new key sign the checkpoints of this log"),
    "add-log": ("cli.commands.log_key:add_log", "have an ML-DSA-44 key sign the checkpoints of this log as well"),
    "compromised": ("cli.commands.key:compromised", "a key may have been in wrong hands since a moment"),
}

ACCOUNT = {
    "add": ("cli.commands.account:add", "make an account for a person at an office of the register"),
    "list": ("cli.commands.account:list_", "every account: the person, the office, how the person is known"),
    "code": ("cli.commands.account:code", "make a code with which the person registers a passkey"),
    "link": ("cli.commands.account:link", "a key, a certificate or a provider's subject is the person's"),
    "unlink": ("cli.commands.account:unlink", "remove a key, certificate, subject or passkey of a person"),
    "lock": ("cli.commands.account:lock", "the person can sign in no more; all sessions end"),
    "unlock": ("cli.commands.account:unlock", "the person can sign in again"),
    "sign-out": ("cli.commands.account:sign_out", "end all sessions of a person"),
    "remove": ("cli.commands.account:remove", "delete an account and all that is known of it"),
    "acts": ("cli.commands.account:acts", "what was done with accounts, by their ids"),
}

OFFICES = {"add": ("cli.commands.offices:add", "register what an address book (CSV) holds, all or none")}

ORDER = {"rename": ("cli.commands.order:rename", "give an order a name that is used in this ledger's folder alone")}

LAW = {
    "deadline": ("cli.commands.law_deadline:deadline", "one deadline explained step by step"),
    "diff": ("cli.commands.law_editions:diff", "what differs between two editions of the rules"),
}

WITNESS = {
    "new": ("cli.commands.witness:new", "make a witness: its key, and the memory that goes with it"),
    "serve": ("cli.commands.witness:serve", "cosign the heads that logs send, over HTTP"),
    "pull": ("cli.commands.witness:pull", "fetch the published heads of logs, and cosign them"),
    "evidence": ("cli.commands.witness:evidence", "what was refused, and whether it proves a split view"),
    "add": ("cli.commands.witnesses:add", "ask a witness from now on; the new policy is an entry"),
    "list": ("cli.commands.witnesses:list_", "the witnesses of this ledger, and what their quorum withstands"),
    "take": ("cli.commands.witnesses:take", "take cosignatures that came back as a file"),
}

MIRROR = {
    "new": ("cli.commands.mirror:new", "make a mirror: its keys, its memory, and room for entries"),
    "serve": ("cli.commands.mirror:serve", "store the entries that logs send, and show them, over HTTP"),
    "evidence": ("cli.commands.mirror:evidence", "what was refused, and whether it proves a split view"),
    "add": ("cli.commands.mirrors:add", "send the entries to a mirror from now on; the new policy is an entry"),
    "push": ("cli.commands.mirrors:push", "send each mirror the entries that it lacks"),
    "check": ("cli.commands.mirrors:check", "read what the mirrors show, and compare it with this log"),
}

AUDIT = {
    "new": ("cli.commands.audit:new", "make an auditor's key, for the statement of this program"),
    "sign": ("cli.commands.audit:sign", "check every new entry of a log, and sign that it was checked"),
    "add": ("cli.commands.auditors:add", "ask for an auditor's statements from now on; the new policy is an entry"),
    "list": ("cli.commands.auditors:list_", "the auditors of this ledger, and what each has checked"),
    "take": ("cli.commands.auditors:take", "take the notes that an auditor returned, and publish them"),
}

REMOTE = {
    "add": ("cli.commands.remote:add", "keep the trust folder under which the answers of a server are verified"),
    "list": ("cli.commands.remote:list_", "the office servers for which a trust folder is kept here"),
}

STAMP = {
    "add": ("cli.commands.stamp:add", "ask a time-stamp authority from now on"),
    "list": ("cli.commands.stamp:list_", "every time stamp this ledger keeps, judged again"),
}

IMPORT = {
    "orders": ("cli.imports.orders:orders", "a table of many orders and their steps, CSV or JSON Lines"),
    "hi1": ("cli.imports.hi1:take", "an ETSI TS 103 120 (HI-1) message as JSON"),
    "delivery": ("cli.imports.delivery:delivery", "delivery evidence of e-CODEX or registered mail (ETSI REM)"),
    "letters": ("cli.imports.letters:letters", "a folder of scanned letters"),
}

JOBS = {
    "list": ("cli.commands.jobs:list_", "which jobs are on, when each succeeded last, and why one failed"),
    "run": ("cli.commands.jobs:run", "do one job now"),
    "calendar": ("cli.commands.jobs:calendar", "the secret address of a person's calendar, or its end"),
}

EXCHANGE = {
    "send": ("cli.commands.exchange:send", "make the bundle of an order for a peer, and hand it over"),
    "deliver": ("cli.commands.exchange:deliver_", "hand over what waits for peers, each after a growing wait"),
    "fetch": ("cli.commands.exchange:fetch_", "fetch what waits at peers, and send the receipts"),
    "list": ("cli.commands.exchange:list_", "what waits for peers, and what came from them"),
    "release": ("cli.commands.exchange:release", "record a bundle of the quarantine, signed by you"),
    "refuse": ("cli.commands.exchange:refuse", "refuse a bundle of the quarantine for good, and delete it"),
}

COUNTERPARTY = {
    "add": ("cli.commands.counterparty:add", "pin the keys of another office's log; an entry of the register"),
    "list": ("cli.commands.counterparty:list_", "the logs that are pinned, and the newest head seen of each"),
}

SUBJECT = {
    "find": ("cli.commands.subject:find", "the orders with something about a person, by an identifier; recorded"),
    "reindex": ("cli.commands.subject:reindex", "make the index of identifiers again"),
    "same": ("cli.commands.subject:same", "two names are one person"),
    "other": ("cli.commands.subject:other", "in one order a name means another person"),
}

SIGNER = {
    "serve": ("cli.commands.signer:serve", "sign checkpoints for a log, each proven to follow the last"),
    "use": ("cli.commands.signer:use", "have that process sign for this ledger from now on"),
}

TRUST = {
    "new": ("cli.commands.trust:new", "the next version, of what a trust folder says today"),
    "sign": ("cli.commands.trust:sign", "sign the newest version, as one of its roots"),
    "check": ("cli.commands.trust:check", "each version against the one before, the first against its fingerprint"),
    "update": ("cli.commands.trust:update", "take newer versions into the folder you hold"),
    "stick": ("cli.commands.trust:stick", "write the folder that a court is handed"),
}

LOG = {
    "commit": ("cli.commands.log_commit:commit", "commit the heads of all orders under one root"),
    "publish": ("cli.commands.log_publish:publish", "write tiles and entry bundles for those who may read"),
    "clock": (
        "cli.commands.log_clock:set_back",
        "go on at the true time, after a head was signed by a clock that was ahead",
    ),
    "move-guard": (
        "cli.commands.log_move_guard:move_guard",
        "keep the guard where several machines reach it, or back in a file",
    ),
    "remake-guard": (
        "cli.commands.log_remake_guard:remake_guard",
        "a lost guard, made again against a quorum of witnesses",
    ),
}


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

order = Group(
    name="order",
    table=ORDER,
    help="What people here call an order, beside its reference; the log says nothing of it.",
    examples=("comity order rename 5f0c1a2b karsk-123",),
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
    help="Auditors check every entry of a log and sign it: be one for others, and name those this ledger shows.",
    examples=(
        "comity audit new auditor.example/karsk",
        "comity audit sign /media/copy/ledger --name auditor.example/karsk --trust karsk-trust/ -o audits/",
        "comity audit add auditor.example/karsk/audit/8d85...+3f0c2a91+Bm9Z...",
        "comity audit take /media/stick/audits",
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
