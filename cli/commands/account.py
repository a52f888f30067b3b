"""`comity account`: who may sign in to the office server, how each person is known, and what was done with accounts.

An account is no part of the record: it is in `identity.db` of the ledger, or next to its entries in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.key_files import public_key
from cli.session.ledger_reader import reading
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer, Time
from ledger.command_line import quoted
from ledger.entries.keyring import Keyring

if TYPE_CHECKING:
    from server.identity.accounts import Account, Accounts


class AccountItem(Struct, frozen=True):
    """The account of a person at an office.

    `roles` is empty for those of the office. `keys` are those of the register (hex) with which entries of the person
    are signed, `certificates` the SHA-256 (hex) of client certificates, `subjects` issuer and subject at a provider,
    `passkeys` their ids. `sessions` is the number of browsers in which the person is signed in.
    """

    name: str
    id: str
    office: str
    roles: list[str]
    locked: bool
    keys: list[str]
    certificates: list[str]
    subjects: list[str]
    passkeys: list[str]
    sessions: int


class AccountAnswer(CommandAnswer, tag="comity.account/1"):
    """An account after an act of an administrator."""

    account: AccountItem


class AccountsAnswer(CommandAnswer, tag="comity.accounts/1"):
    """The accounts of a ledger, by name."""

    accounts: list[AccountItem]


class CodeAnswer(CommandAnswer, tag="comity.account-code/1"):
    """A code with which a person registers a passkey, and until when it is good.

    `words` say the key of the ledger, as the signing page does before the person makes a key there.
    """

    name: str
    code: str
    until: Time
    words: str


class ActItem(Struct, frozen=True):
    """What was done with an account (its id), and when."""

    at: Time
    act: str
    account: str


class ActsAnswer(CommandAnswer, tag="comity.account-acts/1"):
    """What was done with accounts, oldest first; no name and no address is in it."""

    acts: list[ActItem]


@contextmanager
def _accounts() -> Iterator[tuple[Accounts, Keyring]]:
    """Open the accounts of the ledger, and its register."""
    from server.identity.accounts import Accounts
    from server.identity.database import open_database

    with reading() as reader, closing(open_database(reader.folder)) as database:
        yield Accounts(database), reader.cases.keyring()


@contextmanager
def _changing(name: str) -> Iterator[tuple[Accounts, str]]:
    """Open the accounts, yield them with the id of one, and show that account as the block left it."""
    with _accounts() as (accounts, _):
        account = accounts.find(name).id
        yield accounts, account
        _show(accounts, accounts.find(account))


@command(
    "comity account add 'Dina Ilves' --office ilves",
    "comity account add 'Priit Orn' --office orn --role RET",
)
@click.argument("name")
@click.option("--office", required=True, metavar="ACTOR", help="The office in the register.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="Only these roles of the office; repeatable.")
def add(name: str, office: str, roles: tuple[str, ...]) -> None:
    """Make an account for the person NAME at an office of the register.

    The person may see what the office may see. Signing in takes a passkey (`comity account code`), a provider or a
    certificate (`comity account link`).
    """
    with _accounts() as (accounts, keyring):
        known = keyring.offices.get(office)
        if known is None:
            raise Stop(f"no office {office!r} in the register", hint=f"there are {', '.join(sorted(keyring.offices))}")
        for role in roles:
            if role not in known.roles:
                raise Stop(f"{office} does not hold the role {role}", hint=f"it holds {', '.join(known.roles)}")
        _show(accounts, accounts.add(name, office, tuple(sorted(set(roles)))))
    output.tell(f"a code to register a passkey: comity account code {quoted(name)}")


@command("comity account list", "comity account list --json", refused=Exit.UNDECIDABLE)
def list_() -> None:
    """Every account: the person, the office, and how the person is known."""
    with _accounts() as (accounts, _):
        items = [_item(accounts, each) for each in accounts.all()]
    output.emit(AccountsAnswer(items), AccountItem.__struct_fields__, items)


@command("comity account code 'Dina Ilves'")
@click.argument("name")
def code(name: str) -> None:
    """Make a code with which the person NAME registers one passkey; it is good for 30 minutes, once.

    An earlier code of the person ends. Hand it over by a way that you trust, with the words for the key of the ledger.
    """
    from server.identity.accounts import CODE_SECONDS
    from server.identity.key_documents import LogKey

    with reading() as reader:
        words = LogKey.of(reader.folder.origin, reader.folder.keys).words
    with _accounts() as (accounts, _):
        account = accounts.find(name)
        if account.locked:
            hint = f"comity account unlock {quoted(name)}"
            raise Stop(f"the account of {name} is locked", hint=hint, code=Exit.REFUSED)
        made = accounts.make_code(account.id)
        until = datetime.fromtimestamp(int(datetime.now(UTC).timestamp()) + CODE_SECONDS, UTC)
    answer = CodeAnswer(account.name, made, until, words)
    output.emit(answer, text=lambda: made)
    output.tell("the person types it at /sign-in of the server, within 30 minutes")
    output.tell(f"the signing page has to show these words for the key of the ledger: {words}")


@command(
    "comity account link 'Dina Ilves' --key ilves.pub",
    "comity account link 'Dina Ilves' --certificate dina.pem",
    "comity account link 'Dina Ilves' --issuer https://login.example/ --subject 248289761001",
)
@click.argument("name")
@click.option("--key", "key", metavar="FILE|HEX", help="A key of the register that is the person's own.")
@click.option("--certificate", metavar="FILE", help="A client certificate, PEM or DER.")
@click.option("--issuer", metavar="URL", help="The OpenID Connect provider, with --subject.")
@click.option("--subject", metavar="TEXT", help="How the provider calls the person; never an address of mail.")
def link(name: str, key: str | None, certificate: str | None, issuer: str | None, subject: str | None) -> None:
    """Say how the person NAME is known: by a key, a client certificate, or a subject of a provider."""
    if (issuer is None) != (subject is None):
        raise click.UsageError("--issuer and --subject go together")
    if sum(each is not None for each in (key, certificate, subject)) != 1:
        raise click.UsageError("one of --key, --certificate and --subject")
    with _accounts() as (accounts, keyring):
        account = accounts.find(name)
        if key is not None:
            public = public_key(key)
            registered = keyring.keys.get(public)
            if registered is None or registered.actor != account.office:
                hint = "comity key list shows whose keys there are"
                raise Stop(f"this is no key of {account.office} in the register", hint=hint)
            accounts.link_key(account.id, public)
        elif certificate is not None:
            accounts.link_certificate(account.id, _fingerprint(certificate))
        elif issuer is not None and subject is not None:
            accounts.link_subject(account.id, issuer, subject)
        _show(accounts, account)


@command("comity account unlink 'Dina Ilves' 8d85f6e1...")
@click.argument("name")
@click.argument("value")
def unlink(name: str, value: str) -> None:
    """Remove one key, certificate, subject or passkey of the person NAME; all sessions of the person end.

    VALUE is as `comity account list --json` shows it, a subject without its issuer.
    """
    with _changing(name) as (accounts, account):
        accounts.unlink(account, value)


@command("comity account lock 'Dina Ilves'")
@click.argument("name")
def lock(name: str) -> None:
    """The person NAME can sign in no more; all sessions of the person end, and a code as well."""
    with _changing(name) as (accounts, account):
        accounts.lock(account)


@command("comity account unlock 'Dina Ilves'")
@click.argument("name")
def unlock(name: str) -> None:
    """The person NAME can sign in again."""
    with _changing(name) as (accounts, account):
        accounts.unlock(account)


@command("comity account sign-out 'Dina Ilves'")
@click.argument("name")
def sign_out(name: str) -> None:
    """End all sessions of the person NAME at once, on every server of this ledger."""
    with _changing(name) as (accounts, account):
        ended = accounts.end_sessions(account)
    output.tell(f"{output.counted(ended, 'session was', 'sessions were')} ended")


@command("comity account remove 'Dina Ilves' --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Delete the account of the person NAME and all that is known of it; entries of the person stay on record."""
    with _accounts() as (accounts, _):
        account = accounts.find(name)
        prompts.confirm(f"{account.name}: the account is deleted", yes=yes)
        accounts.remove(account.id)
    output.tell(f"the account of {account.name} is deleted")


@command("comity account acts", "comity account acts --format jsonl", refused=Exit.UNDECIDABLE)
def acts() -> None:
    """What was done with accounts: made, linked, locked, signed in and out. Of a person only the account's id."""
    with _accounts() as (accounts, _):
        items = [ActItem(datetime.fromtimestamp(each.at, UTC), each.act, each.account) for each in accounts.acts()]
    output.emit(ActsAnswer(items), ActItem.__struct_fields__, items)


def _item(accounts: Accounts, account: Account) -> AccountItem:
    ways = accounts.ways(account.id)
    subjects = [f"{issuer} {subject}" for issuer, subject in ways.subjects]
    return AccountItem(
        account.name,
        account.id,
        account.office,
        list(account.roles),
        account.locked,
        ways.keys,
        ways.certificates,
        subjects,
        [each.id for each in ways.passkeys],
        ways.sessions,
    )


def _show(accounts: Accounts, account: Account) -> None:
    item = _item(accounts, account)
    lines = [f"{item.name}, {item.office}{' (locked)' if item.locked else ''}", f"  id {item.id}"]
    for name, values in (
        ("key", item.keys),
        ("certificate", item.certificates),
        ("subject", item.subjects),
        ("passkey", item.passkeys),
    ):
        lines += [f"  {name} {value}" for value in values]
    output.emit(AccountAnswer(item), AccountItem.__struct_fields__, [item], text=lambda: "\n".join(lines))


def _fingerprint(path: str) -> str:
    """Return the SHA-256 (hex) of a certificate in a file; `Stop` if there is none."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

    try:
        raw = Path(path).read_bytes()
        found = load_pem_x509_certificate(raw) if b"-----BEGIN" in raw else load_der_x509_certificate(raw)
    except OSError as error:
        raise Stop(f"{path}: {error.strerror}", code=Exit.UNDECIDABLE) from None
    except ValueError:
        raise Stop(f"{path}: no certificate", hint="PEM or DER", code=Exit.UNDECIDABLE) from None
    return sha256(found.public_bytes(Encoding.DER)).hexdigest()
