"""`comity key`: make, enrol, accept, rotate and revoke keys; every step in the register is an entry."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct, field
from msgspec.structs import replace

from cli import invocation
from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.remote.servers import chosen_url
from cli.session.key_files import PASSPHRASE, digest_of, home, new_key_name, passphrase, public_key
from cli.session.local_time import MOMENT
from cli.session.options import KEY
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from ledger.command_line import quoted

if TYPE_CHECKING:
    from ledger.application.journal import Journal
    from ledger.entries.envelope import Signer
    from ledger.entries.keyring import RegisteredKey
    from ledger.facts import Fact

PUBLIC = click.option("--public", metavar="FILE|HEX", help="The public key: a .pub file, or 64 hex digits.")
NEXT = click.option("--next", "following", metavar="FILE|HEX", help="The key that will follow: committed to now.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


class KeyAnswer(CommandAnswer, tag="comity.key/1"):
    """A new key: its name, its file, and the public key in hex."""

    name: str
    file: str
    public: str


@command(
    "comity key new ilves",
    "comity key new ilves-next --passphrase-fd 3 3<passphrase.txt",
    "comity key new ilves --at 'pkcs11:token=karsk;object=ilves'       (or agent:SHA256:..., as ssh-add -l shows)",
)
@click.argument("name")
@PASSPHRASE
@click.option("--at", metavar="URI", help="It exists already, in a token or in ssh-agent: remember where.")
def new(name: str, passphrase_fd: int | None, at: str | None) -> None:
    """Make a key called NAME in your configuration folder; nothing is recorded.

    It is an OpenSSH key file: ssh-keygen reads it, and can change its passphrase.
    """
    from cli.session.open_ledger import opened, secret
    from ledger.adapters.keys import key_files
    from ledger.adapters.keys.open_key import point_to

    path = home().keys / new_key_name(name)
    if key_files.exists(path):
        key = opened(str(path))
        if not key_files.finish(path, key.public):
            raise Stop(f"{path} is there already", hint="a key is never overwritten", code=Exit.REFUSED)
        output.tell("it was made before, and is complete now")
    else:
        key = point_to(path, at, secret) if at else key_files.new(path, passphrase=passphrase(passphrase_fd))
    answer = KeyAnswer(name, str(path), key.public.hex())
    output.emit(answer, text=lambda: f"{answer.public}\n  {path}")
    output.tell(f"hand the registrar {path}.pub, who enrols it; then: comity key accept ACTOR")


class KeyItem(Struct, frozen=True):
    """One key of the register.

    `from_` and `to` are the log positions between which it is valid (`genesis`, `#N`, or empty). `here` is the name of
    the private key on this machine.
    """

    actor: str
    party: str
    key: str
    roles: list[str]
    state: str
    from_: str = field(name="from")
    to: str
    here: str


class KeysAnswer(CommandAnswer, tag="comity.keys/1"):
    """The keys of a ledger."""

    keys: list[KeyItem]


@command("comity key list", "comity key list --json", refused=Exit.UNDECIDABLE)
def list_() -> None:
    """The keys of this ledger, whose they are, what they may sign, and which of them are here."""
    from cli.session.ledger_reader import reading
    from ledger.adapters.folders.user_folders import Home
    from ledger.adapters.keys.key_files import listed
    from ledger.entries.keyring import Keyring

    with reading() as reader:
        mine = {public.hex(): name for name, public in listed(Home.of(reader.folder.path).keys).items()}
        keyring = Keyring(reader.cases.registry, reader.folder.registrar)
        for index, opened in reader.cases.opened_registry():
            keyring.admit(opened, index)
    items = []
    for key in keyring.keys.values():
        office = keyring.offices.get(key.actor)
        since = "" if key.accepted is None else "genesis" if key.accepted < 0 else f"#{key.accepted}"
        until = "" if key.ended is None else f"#{key.ended}"
        party = office.party if office else ""
        here = mine.get(key.public, "")
        items.append(KeyItem(key.actor, party, key.public, list(key.roles), _state(key), since, until, here))
    people = invocation.said().format == "table"
    rows = [replace(item, key=f"{item.key[:16]}...") if people else item for item in items]
    output.emit(KeysAnswer(items), KeyItem.__struct_encode_fields__, rows)


def _state(key: RegisteredKey) -> str:
    if key.reported is not None:
        return f"compromised since {key.suspected_since}"
    return "ended" if key.ended is not None else "pending" if key.accepted is None else "current"


@command(
    "comity key enrol ilves --public ilves.pub --role ISS --role VAL",
    "comity key enrol orn --public orn.pub --role RET --party XO --office 'Cyber Unit Karsk'",
)
@click.argument("actor")
@PUBLIC
@NEXT
@click.option("--role", "roles", multiple=True, required=True, metavar="ROLE", help="What it may sign; repeatable.")
@click.option("--party", metavar="PARTY", help="Registers the office as well, as one of this Party.")
@click.option("--office", metavar="NAME", help="What a new office is called; never a person's name.")
@click.option("--holder", metavar="TEXT", help="The person who holds the key; sealed.")
@click.option("--unregistered", is_flag=True, help="Name a Party that no register knows.")
@KEY
def enrol(
    actor: str,
    public: str | None,
    following: str | None,
    roles: tuple[str, ...],
    party: str | None,
    office: str | None,
    holder: str | None,
    unregistered: bool,
    key_file: str | None,
) -> None:
    """The registrar enters a key for the office ACTOR; it may sign once its holder has accepted it."""
    from cli.session.open_ledger import writing
    from ledger.facts import build

    roles = tuple(role for text in roles for role in text.split(","))
    with writing() as journal:
        facts = []
        if actor not in journal.read_keyring().offices:
            if party is None:
                raise Stop(f"{actor} is not in the register", hint="--party PARTY registers it, with --office NAME")
            names = {"names": {"en": office}} if office else {}
            day = journal.now().date().isoformat()
            registered = {"actor": actor, "party": party, "roles": list(roles), "valid_from": day, **names}
            facts.append(build("authority-registered", registered, {}))
            _asked(journal, facts[0], unregistered=unregistered)
        fields: dict[str, Any] = {
            "actor": actor,
            "key": public_key(public or str(home().keys / actor)),
            "roles": list(roles),
        }
        if following is not None:
            fields["next_key_sha256"] = digest_of(public_key(following))
        facts.append(build("key-registered", fields, {"holder": holder} if holder else {}))
        put(journal, key_file, *facts)
    output.tell(f"its holder shows possession with: comity key accept {quoted(actor)}")


@command("comity key accept ilves", "comity key accept ilves --key /media/stick/ilves")
@click.argument("actor")
@KEY
def accept(actor: str, key_file: str | None) -> None:
    """The holder of an enrolled key shows possession: the key signs for itself, and from here on may sign."""
    from cli.offices.enrolment import tell_of_keys_here
    from cli.session.open_ledger import opened, writing
    from ledger.adapters.keys.key_files import listed
    from ledger.facts import build

    if (url := chosen_url()) is not None:
        _accept_at(url, actor, key_file)
        return
    with writing() as journal:
        pending = {k.public: k for k in journal.read_keyring().keys.values() if k.actor == actor and k.accepted is None}
        if not pending:
            raise Stop(f"no key of {actor} waits to be accepted", hint="`comity key list` shows them")
        here = [n for n, raw in listed(journal.home.keys).items() if raw.hex() in pending]
        if key_file is None and not here:
            raise Stop(f"no enrolled key of {actor} is here", hint="--key FILE names it", code=Exit.UNDECIDABLE)
        key = opened(key_file or str(journal.home.keys / here[0]))
        enrolled = pending.get(key.public.hex())
        if enrolled is None:
            raise Stop(f"this is not the key that was enrolled for {actor}", code=Exit.REFUSED)
        signer = journal.signer(actor, enrolled.roles[0], key)
        _signed(journal, signer, build("key-accepted", {"key": key.public.hex()}, {}))
        tell_of_keys_here(journal, {actor})


def _accept_at(url: str, actor: str, key_file: str | None) -> None:
    """Accept a key at an office server, which is asked with that key."""
    from cli.remote.server_target import recording_served
    from cli.session.open_ledger import secret
    from cli.terminal.receipt import tell

    with recording_served(url, secret, None, key_file or _named(actor)) as target:
        tell(target, "key-accepted", target.accept(actor))


def _named(actor: str) -> str | None:
    """Return the key file of the user that has the name of an office; None if there is none."""
    from ledger.adapters.folders.user_folders import Home

    path = Home.user().keys / actor
    return str(path) if path.exists() else None


class KeyPersonItem(Struct, frozen=True):
    """The person who opens sealed values with a key (hex)."""

    actor: str
    key: str
    person: str | None


class KeyPersonAnswer(CommandAnswer, tag="comity.key-person/1"):
    """The person of each key of an office that is on this machine."""

    persons: list[KeyPersonItem]


@command("comity key person ilves 'Dina Ilves'", "comity key person ilves", refused=Exit.UNDECIDABLE)
@click.argument("actor")
@click.argument("name", required=False, metavar="[NAME]")
@KEY
def person(actor: str, name: str | None, key_file: str | None) -> None:
    """Say which person opens sealed values with the keys of ACTOR that are here; without NAME show who was set.

    Each opening names that person, sealed. NAME is kept on this machine and used instead of the holder that the
    register has for the key (`comity key enrol --holder`).
    """
    from cli.access.persons import checked, remember, remembered
    from cli.session.ledger_reader import reading
    from cli.session.open_ledger import opened
    from ledger.adapters.folders.user_folders import Home
    from ledger.adapters.keys.key_files import listed

    with reading() as reader:
        registry = reader.cases.register(reveal=False)
        current = {k.public for k in reader.cases.keyring().keys.values() if k.actor == actor and k.ended is None}
        home = Home.of(reader.folder.path)
    keys = [opened(key_file).public] if key_file else listed(home.keys).values()
    here = sorted({public for public in keys if public.hex() in current})
    if not here:
        raise Stop(f"no key of {actor} is here", hint="--key FILE names one; `comity key list` shows them")
    if name is not None:
        name = checked(name, registry)
        for public in here:
            remember(home, public, name)
    items = [KeyPersonItem(actor, public.hex(), remembered(home, public)) for public in here]
    output.emit(KeyPersonAnswer(items), KeyPersonItem.__struct_fields__, items)


@command(
    "comity key rotate ilves --to ilves-next.pub --next ilves-third.pub",
    "comity key rotate ilves --to ilves-new.pub --lost               (by the registrar; then `comity key accept`)",
)
@click.argument("actor")
@click.option("--to", "new_key", required=True, metavar="FILE|HEX", help="The public key that takes its place.")
@NEXT
@click.option("--lost", is_flag=True, help="The registrar signs, because the old key cannot.")
@KEY
def rotate(actor: str, new_key: str, following: str | None, lost: bool, key_file: str | None) -> None:
    """Replace the key of ACTOR: the old key signs over to the one it committed to; after a loss, the registrar does."""
    from cli.session.open_ledger import hand, writing
    from ledger.facts import build

    with writing() as journal:
        old = next(journal.read_keyring().current(actor), None)
        if old is None:
            raise Stop(f"{actor} holds no key that could be replaced", hint="comity key enrol")
        fields = {"actor": actor, "old_key": old.public, "new_key": public_key(new_key)}
        if following is not None:
            fields["next_key_sha256"] = digest_of(public_key(following))
        rotated = build("key-rotated", fields, {})
        if lost:
            put(journal, key_file, rotated)
            output.tell(f"its holder shows possession with: comity key accept {quoted(actor)}")
        else:
            _signed(journal, hand(journal, "key-rotated", actor, old.roles[0], key_file), rotated)


@command("comity key revoke ilves --cause left-office", "comity key revoke ilves --cause lost --yes")
@click.argument("actor")
@PUBLIC
@click.option("--cause", required=True, metavar="CODE", help="left-office, replaced, lost, compromised or other.")
@YES
@KEY
def revoke(actor: str, public: str | None, cause: str, yes: bool, key_file: str | None) -> None:
    """A key may sign no more, from this place in the log on. It cannot be taken back."""
    from cli.session.open_ledger import writing
    from cli.session.recording import FINAL

    with writing() as journal:
        fields = {"actor": actor, "cause": cause, **({"key": public_key(public)} if public else {})}
        fact = _of_office(journal, "key-revoked", fields)
        prompts.confirm(f"{actor}: {FINAL['key-revoked']}", yes=yes)
        put(journal, key_file, fact)


@command("comity key compromised ilves --since 2027-03-01T00:00:00Z")
@click.argument("actor")
@PUBLIC
@click.option("--since", required=True, type=MOMENT, help="Since when it may have been in wrong hands.")
@YES
@KEY
def compromised(actor: str, public: str | None, since: datetime, yes: bool, key_file: str | None) -> None:
    """A key may have been in wrong hands: it ends here, and what it signed since is suspect unless proven older."""
    from cli.session.open_ledger import writing
    from ledger.entries.case import wire

    with writing() as journal:
        fields = {"actor": actor, "suspected_since": wire(since), **({"key": public_key(public)} if public else {})}
        fact = _of_office(journal, "key-compromised", fields)
        prompts.confirm(f"{actor}: the key ends, and what it signed since {wire(since)} becomes suspect", yes=yes)
        put(journal, key_file, fact)


# -- what they share ---------------------------------------------------------------------------------------------------


def _of_office(journal: Journal, kind: str, public: dict[str, Any]) -> Fact:
    """Return a fact about an office; an error in it is raised before any question is asked."""
    from ledger.facts import build

    fact = build(kind, public, {})
    if public["actor"] not in journal.read_keyring().offices:
        raise Stop(f"{public['actor']} is not in the register", hint="`comity key list` shows who is")
    return fact


def put(journal: Journal, key_file: str | None, *facts: Fact) -> None:
    """Record facts of the register, all or none, signed by the registrar."""
    from cli.session.open_ledger import hand

    _signed(journal, hand(journal, facts[0].kind, journal.folder.registrar.actor, "ADM", key_file), *facts)


def _signed(journal: Journal, signer: Signer, *facts: Fact) -> None:
    from cli.session.record_target import FolderTarget
    from cli.terminal.receipt import tell
    from ledger.application.write.draft import Draft
    from ledger.entries.envelope import Circumstances

    circumstances = Circumstances(journal.now(), journal.now())
    for fact in facts:
        _asked(journal, fact, unregistered=True)
    receipts = journal.record_batch([Draft(fact, journal.registry, signer, circumstances) for fact in facts])
    for fact, receipt in zip(facts, receipts, strict=True):
        tell(FolderTarget(journal), fact.kind, receipt)


def _asked(journal: Journal, fact: Fact, *, unregistered: bool) -> None:
    """Raise the first slip in a fact that its user cannot have meant: `ledger.entries.form`."""
    from ledger.entries.form import slips

    for slip in slips(fact, journal.cases.known(journal.read_keyring()), journal.now(), unregistered=unregistered):
        raise slip
