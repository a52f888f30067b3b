"""`comity import profile`, `adopt`, `profiles`: draft a mapping profile, keep it in the ledger, list those in force."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
from msgspec import UNSET, Struct, UnsetType

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.imports.intake.prepared import bytes_of
from cli.session.local_time import typed_day
from cli.session.options import AS, KEY, ROLE
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.application.intake.expand import expand, sentences
from ledger.application.intake.named_offices import proposed_offices
from ledger.application.intake.profile import LARGEST, parse_profile
from ledger.application.intake.table_file import Encoding, read_table
from ledger.entries.envelope import Circumstances
from ledger.facts import build

if TYPE_CHECKING:
    from ledger.application.intake.profile_store import AdoptedProfile


class ProfileNote(Struct, frozen=True):
    """A fault or a note about a row (0: the whole table) and a column (empty: the whole row)."""

    row: int
    column: str
    says: str
    hint: str


class ProfileAnswer(CommandAnswer, tag="comity.import-profile-check/1", kw_only=True):
    """A profile after its check; with a table, how many rows and facts it makes of it, and the faults of its cells."""

    profile: str
    version: str
    sha256: str
    sheet: str | UnsetType = UNSET
    rows: int | UnsetType = UNSET
    facts: int | UnsetType = UNSET
    unread: list[str] | UnsetType = UNSET
    faults: list[ProfileNote] | UnsetType = UNSET
    notes: list[ProfileNote] | UnsetType = UNSET


class ProfileItem(Struct, frozen=True):
    """A profile in force: the office that adopted it, from when, the SHA-256 of its file, the entry that states it."""

    name: str
    version: str
    office: str
    valid_from: str
    sha256: str
    entry: int


class ProfilesAnswer(CommandAnswer, tag="comity.import-profiles/1"):
    """The profiles in force, by name and office."""

    profiles: list[ProfileItem]


@command(
    "comity import profile orders.xlsx > orders.toml",
    "comity import profile orders.csv --encoding cp1252 --header 3",
    "comity import profile orders.xlsx --check orders.toml",
    "comity import profile orders.xlsx --check orders.toml --offices > offices.csv",
)
@click.argument("table")
@click.option("--sheet", default="", metavar="NAME", help="Of a workbook that shows several.")
@click.option("--header", type=click.IntRange(1), help="The row with the headings (else it is guessed).")
@click.option("--encoding", default="utf-8", metavar="NAME", help="Of a CSV, as cp1250 (default utf-8).")
@click.option("--check", "profile", metavar="FILE", help="Check this profile against the table instead.")
@click.option("--offices", is_flag=True, help="With --check: print an address book of the authorities that issue.")
def profile(
    table: str, sheet: str, header: int | None, encoding: str, profile: str | None, offices: bool = False
) -> Exit:
    """Draft a mapping profile from the headings of TABLE (CSV, .xlsx, .ods), or check one against it.

    The draft is TOML. Complete what has `???`: zone, instrument, Parties, the office's words. The check says which
    cells would not be understood and which columns nothing reads. It opens no ledger.

    --offices prints the authorities that issue the orders, one line each, for `comity offices add`: the registrar
    signs for them. A time zone is asked for each Party, and none is guessed.
    """
    from ledger.application.intake.profile_draft import draft_profile, guess_header

    if encoding not in get_args(Encoding):
        raise Stop(f"--encoding {encoding}: known are {', '.join(get_args(Encoding))}")
    data = bytes_of(table)
    if offices and profile is None:
        raise Stop("--offices reads the table by a profile", hint="--check PROFILE names it")
    if profile is None:
        read = read_table(data, table, sheet=sheet, encoding=encoding)
        if not read.rows:
            raise Stop(f"{table} has no row", code=Exit.UNDECIDABLE)
        name = Path(table).stem if table != "-" else "orders"
        click.echo(draft_profile(read, header or guess_header(read), name, encoding=encoding), nl=False)
        return Exit.DONE
    text = bytes_of(profile, LARGEST)
    checked = parse_profile(text, profile)
    rule = checked.table
    made = expand(
        read_table(data, table, sheet=rule.sheet, encoding=rule.encoding, delimiter=rule.delimiter), checked, table
    )
    if offices:
        book, said_of = proposed_offices(made, checked)
        click.echo(book, nl=False)
        output.tell(said_of)
        return Exit.REFUSED if made.faults else Exit.DONE
    answer = ProfileAnswer(
        profile=checked.name,
        version=checked.version,
        sha256=sha256(text).hexdigest(),
        sheet=made.sheet,
        rows=made.rows,
        facts=len(made.facts),
        unread=made.unread,
        faults=[ProfileNote(n.row, n.column, n.says, n.hint) for n in made.faults],
        notes=[ProfileNote(n.row, n.column, n.says, n.hint) for n in made.notes],
    )

    def said() -> str:
        says = [f"{checked.title}: {made.rows} rows, {len(made.facts)} facts, {len(made.faults)} faults"]
        return "\n".join([*says, *sentences(made.faults, made.sheet), *sentences(made.notes, made.sheet)])

    output.emit(answer, ["profile", "version", "rows", "facts"], [answer], text=said)
    return Exit.REFUSED if made.faults else Exit.DONE


@command("comity import adopt orders.toml --as ilves", "comity import adopt orders.toml --as ilves --from 2026-12-01")
@click.argument("file")
@click.option("--from", "since", metavar="DAY", help="From when it is in force (default: today).")
@AS
@ROLE
@KEY
@click.option("--dry-run", is_flag=True, help="Check the profile; record nothing.")
def adopt(
    file: str, since: str | None, actor: str | None, role: str | None, key_file: str | None, dry_run: bool
) -> Exit:
    """Keep the mapping profile FILE in the ledger: the file, and the signed statement that it is in force.

    The statement is policy-adopted in the register, with the digest of the file. `comity import TABLE --profile
    NAME` then uses it, and refuses a file that was changed.
    """
    from cli.session.open_ledger import hand, writing
    from ledger.application.intake.profile_store import adoption, in_force, keep

    data = bytes_of(file, LARGEST)
    read = parse_profile(data, file)
    day = typed_day(since, "--from") if since else None
    with writing() as journal:
        now = journal.now()
        signer = hand(journal, "policy-adopted", actor, role, key_file)
        fields = adoption(read, data, day or now.date())
        for each in in_force(journal.cases.register(reveal=False), day or now.date()):
            if (each.name, each.version, each.office) == (read.name, read.version, signer.actor):
                if each.sha256 == fields["document"]["sha256"]:
                    keep(Path(journal.folder.path), data)
                    output.tell(f"already adopted: {read.title}, entry {each.index} of the log")
                    return Exit.DONE
                hint = "state another `version` in the file"
                raise Stop(f"{read.title} is adopted with other content", hint=hint, code=Exit.REFUSED)
        if dry_run:
            output.tell(f"{read.title} would be adopted from {fields['valid_from']} on; nothing was recorded")
            return Exit.DONE
        keep(Path(journal.folder.path), data)
        fact = build("policy-adopted", fields, {})
        receipt = journal.record(fact, journal.registry, signer, Circumstances(now, now))
        output.tell(f"{read.title} is in force from {fields['valid_from']} on, entry {receipt.index} of the log")
    return Exit.DONE


@command("comity import profiles", "comity import profiles --json")
def profiles() -> None:
    """List the mapping profiles that are in force in the ledger."""
    from cli.session.ledger_reader import reading
    from ledger.application.intake.profile_store import in_force

    with reading() as reader:
        found = in_force(reader.register(), reader.now().date())
    rows = [_item(each) for each in found]
    output.emit(ProfilesAnswer(rows), ("name", "version", "office", "valid_from", "sha256"), rows)


def _item(each: AdoptedProfile) -> ProfileItem:
    return ProfileItem(each.name, each.version, each.office, each.valid_from, each.sha256, each.index)
