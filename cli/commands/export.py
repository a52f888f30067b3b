"""What a court gets and how it checks it: export a bundle, verify one, an entry, or a whole ledger."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile, mkstemp
from typing import TYPE_CHECKING

import click

from cli import lazy_verifiers
from cli.exit_codes import Exit, Stop
from cli.exports.formats import FORMATS
from cli.handover.received_folder import TRUST_FILE, HandedFolder
from cli.session.persons import PERSON
from cli.session.purposes import PURPOSE
from cli.session.recorded_access import Stated
from cli.terminal import output as ui
from cli.terminal import verdict_text

if TYPE_CHECKING:
    from datetime import datetime

    from cli.handover.hand_over import Made
    from ledger.application.journal import Journal
    from ledger.verify import Known, Report, Trust

PROOF = ".tlog-proof"

AUDIENCES = {"COURT": "CT"}  # what people call a role


@ui.command(
    "comity export PPO-2026-123 --audience COURT -o court.evidence.zip",
    "comity export main --audience DEF --documents files/ -o defence.evidence.zip",
    "comity export main --audience CUST --because 'request of 3 May' --person 'Dina Ilves' -o request.evidence.zip",
    "comity export main --format case -o main.case.jsonld",
    "comity export --format ics -o deadlines.ics",
    "comity export main --audience COURT --format asic-e --cert seal.pem --key seal.key -o court.asice",
)
@click.argument("order", required=False)
@click.option("--audience", metavar="ROLE", help="Who reads it: a role, or COURT; every bundle has one.")
@click.option("-o", "--output", "file", required=True, metavar="FILE", help="Where it goes; - is standard output.")
@ui.AS
@ui.ROLE
@ui.KEY
@PURPOSE
@click.option("--because", metavar="TEXT", help="Why values are opened; for a bundle by default its purpose. Recorded.")
@PERSON
@click.option("--basis", multiple=True, metavar="CITE", help="On which legal basis it is handed over; repeatable.")
@click.option("--documents", metavar="DIR", help="Add the documents that lie here and that the audience may see.")
@click.option("--linked", is_flag=True, help="Add the orders this one is linked with.")
@click.option("--unwitnessed", is_flag=True, help="Make it even if no quorum of witnesses saw the log.")
@click.option("--as-of", "as_of", type=ui.MOMENT, help="A table or file as recorded at this moment (default: now).")
@click.option("--reveal", is_flag=True, help="Open sealed values in a table or file; recorded, with the reason.")
@click.option("--cert", metavar="FILE", help="asic-e: the X.509 certificate, in PEM; its key is then --key.")
@click.option("--unsigned", is_flag=True, help="asic-e: leave the signature to a card; see docs/exports.md.")
def export(
    order: str | None,
    audience: str | None,
    file: str,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    purpose: str | None,
    person: str | None,
    basis: tuple[str, ...],
    documents: str | None,
    linked: bool,
    unwitnessed: bool,
    as_of: datetime | None,
    reveal: bool,
    because: str | None,
    cert: str | None,
    unsigned: bool,
) -> None:
    """Write the evidence bundle of ORDER for one audience: what it may read is opened, all else is proven closed.

    With --format the same record in somebody else's form, which is a convenience and no evidence: nothing sealed is
    opened in it but by --reveal. Without ORDER it is of the whole ledger, where the form has room for that.
    """
    stated = Stated(because, purpose, person)
    handed = Handed(audience, actor, role, key_file, stated, basis, documents, linked, unwitnessed)
    if (form := ui.said().format) != "table":
        from cli.exports.formats import Wanted, write

        write(form, Wanted(order, file, handed, as_of, reveal, cert, unsigned))
        return
    if order is None or as_of is not None or reveal:
        raise click.UsageError("a bundle is of one ORDER, as it is recorded now; --format makes other things")
    check_new(file, "a bundle")
    with bundle(order, file, handed) as made:
        if file != "-":
            write_new(file, made.data, made.goes_out)
    if file == "-":  # from its first byte on, something was handed out
        write_new(file, made.data)
    ui.tell(f"check it with: comity verify {file} --trust trust/")


# The common --format knows tables; an export is a file.
next(p for p in export.params if "--format" in p.opts).type = click.Choice(tuple(FORMATS))


@dataclass(frozen=True, slots=True)
class Handed:
    """To whom a bundle is handed, by whom, and what goes with it: the flags of `comity export`."""

    audience: str | None
    actor: str | None = None
    role: str | None = None
    key_file: str | None = None
    stated: Stated = field(default_factory=Stated)
    basis: tuple[str, ...] = ()
    documents: str | None = None
    linked: bool = False
    unwitnessed: bool = False
    whole: bool = False


@contextmanager
def bundle(order: str, file: str, handed: Handed) -> Iterator[Made]:
    """The evidence bundle of an order, signed; says on stderr what is in it under the name `file`.

    The block hands it out; an error in it means that nothing was handed out.
    """
    from cli.handover.bundle_contents import Asked, by_digest
    from cli.handover.hand_over import Handing, handing
    from cli.session.open_ledger import find, hand, writing
    from ledger.facts.vocabulary import ROLES

    if handed.audience is None:
        raise click.UsageError("--audience ROLE: who is going to read it?")
    reader = role_of(handed.audience)
    with writing() as journal:
        here = find(journal, order)
        maker = handed.actor or _maker(journal, here)
        signer = hand(journal, "bundle-issued", maker, handed.role, handed.key_file)  # before documents are hashed
        asked = Asked(
            order=here,
            audience=reader,
            made_at=journal.now(),
            tool=tool(),
            purpose=handed.stated.purpose,
            legal_basis=handed.basis,
            with_linked=handed.linked,
            documents=by_digest(Path(handed.documents)) if handed.documents else {},
        )
        wanted = Handing(
            asked,
            signer,
            lambda: signer,
            handed.stated.because,
            handed.unwitnessed,
            person=handed.stated.person,
            whole=handed.whole,
        )
        with handing(journal, wanted) as made:
            yield made
        closed = len(made.contents.about.withheld)
        ui.tell(
            f"{file}: {ui.counted(len(made.contents.entries), 'entry', 'entries')} for {reader} "
            f"({ROLES[reader]}), {ui.counted(closed, 'sealed value')} not opened"
        )
        if not journal.folder.policy.witnesses:
            ui.tell("NO-WITNESS: the policy asks for none, so no one outside confirms when the log said this")


def role_of(said: str) -> str:
    """The code of a role that somebody named, or of a court."""
    from ledger.facts.vocabulary import ROLES

    role = AUDIENCES.get(said.upper(), said.upper())
    if role not in ROLES:
        raise Stop(f"no role {said!r}", hint=f"there are COURT, {', '.join(ROLES)}")
    return role


def _maker(journal: Journal, order: str) -> str | None:
    """Who makes a bundle when nobody is named: whoever issued the order, if their key is here."""
    from ledger.adapters.keys.key_files import listed

    mine = set(listed(journal.home.keys).values())
    issuer = next((e.by for e in journal.case(order, reveal=False).entries if e.kind == "order-issued"), None)
    return issuer if issuer and any(bytes.fromhex(k.public) in mine for k in journal.keyring.current(issuer)) else None


def tool() -> str:
    """Name and version of what makes a bundle."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"comity {version('comity')}"
    except PackageNotFoundError:
        return "comity, from its source"


def check_new(file: str, what: str) -> None:
    """Raise now what `write_new` would raise later: the name is taken, or nothing can be written beside it."""
    if file == "-":
        return
    if os.path.exists(file):
        raise Stop(f"{file} is there already", hint=f"{what} is never overwritten; choose another name")
    with TemporaryFile(dir=os.path.dirname(file) or "."):
        pass


def write_new(file: str, data: bytes, before: Callable[[], None] = lambda: None) -> None:
    """Write a file whole, under a name that was free; `-` is standard output.

    `before` is called when all is written and only the name is missing.
    """
    if file == "-":
        sys.stdout.buffer.write(data)
        return
    handle, part = mkstemp(suffix=".part", prefix=f"{os.path.basename(file)[:100]}.", dir=os.path.dirname(file) or ".")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        before()
        os.link(part, file)  # unlike a rename, never takes another file's place
    except FileExistsError:
        raise Stop(f"{file} is there already", hint="a bundle is never overwritten; choose another name") from None
    finally:
        os.unlink(part)


@ui.command(
    "comity verify court.evidence.zip --trust trust/",
    "comity verify 12.dsse.json --trust trust/          (its proof, 12.tlog-proof, beside it)",
    "comity verify custody.pdf --trust trust/           (the bundle inside; the paper itself is not verified)",
    "comity verify court.asice --trust trust/           (the bundle inside; the container's signature is not)",
    "comity verify ledger/ --trust trust/ --json",
    "comity verify 4f1c.split-view.json --trust their-trust/",
    "comity verify court.evidence.zip --trust /media/stick --root-fingerprint 'lusab-babad-...'",
    "comity verify ours.evidence.zip --with theirs.evidence.zip --trust trust/ -o fork.split-order.json",
    refused=Exit.UNDECIDABLE,
)
@click.argument("file", metavar="FILE|DIR")
@click.option("--trust", metavar="DIR|FILE", help="What you hold from elsewhere: policy and registrar.")
@click.option("--root-fingerprint", metavar="WORDS|HEX|FILE", help="Of version 1 of a signed trust policy.")
@click.option("--anchor", metavar="FILE", help="A checkpoint held independently: a note, or its three lines.")
@click.option("--with", "other", metavar="FILE", help="Another bundle of the same log, to hold FILE against.")
@click.option("-o", "--output", metavar="FILE", help="With --with: where the exhibit goes, if the log is convicted.")
@click.option("--store", metavar="ADDRESS", default="", help="Of a ledger in a database: where its entries are.")
def verify(
    file: str,
    trust: str | None,
    root_fingerprint: str | None,
    anchor: str | None,
    other: str | None,
    output: str | None,
    store: str,
) -> None:
    """Check a bundle, an entry with its proof, a whole ledger, or an exhibit against a log.

    A bundle is found inside a PDF report and inside an ASiC-E container, too.

    Integrity and procedure are two answers. Without --trust a ledger can at best be INDETERMINATE, and without --trust
    or --anchor a bundle: nothing vouches for itself. `comity fsck` asks whether a ledger of one's own is whole. Two
    bundles of one log that each pass may contradict each other: --with holds FILE against the other one, which is
    verified by itself first.
    """
    now = ui.now()
    if root_fingerprint is not None and trust is None:
        raise click.UsageError("--root-fingerprint is of the versions in the folder of --trust")
    held = None if trust is None else read_trust(trust, root_fingerprint)
    pinned = None if anchor is None else ui.read(anchor)
    if output is not None and other is None:
        raise click.UsageError("-o is for the exhibit that --with may give")
    if other is not None and os.path.isdir(file):
        raise click.UsageError("--with holds a bundle against another bundle, not a folder")
    if os.path.isdir(file):
        from cli.handover.verify_ledger import verify_folder

        report = verify_folder(Path(file), held, pinned, store)
    elif store:
        raise click.UsageError("--store says where the entries of a ledger are: verify its folder")
    else:
        from ledger.entries.split_view import form_of
        from ledger.verify import verify as verify_bundle
        from ledger.verify import verify_entry, verify_exhibit

        data = _bundle_or_other(file)
        bundled = _meant(data, file)
        if other is not None and not bundled:
            raise click.UsageError("--with holds a bundle against another bundle")
        if bundled:
            read = partial(verify_bundle, mldsa=lazy_verifiers.mldsa, stamps=lazy_verifiers.stamps())
            elsewhere = None if other is None else _elsewhere(other, held, now, read)
            report = read(data, held, pinned, now, elsewhere=elsewhere)
        elif data.startswith(b'{"payload":'):
            report = verify_entry(data, proof_beside(file), held, pinned, now, mldsa=lazy_verifiers.mldsa)
        elif form_of(data):
            report = verify_exhibit(data, held)
        else:
            says = f"it is neither a bundle, nor a sealed entry, nor an exhibit ({_begins(data)})"
            raise _no_bundle(file, says, "`comity export` makes bundles; a folder is verified as a ledger")
    if output is not None and report.exhibit is not None:
        write_new(output, report.exhibit)
        ui.tell(f"the exhibit is {output}; it convicts the log before all who hold its key: comity verify {output}")
    tell(report)


def _bundle_or_other(file: str) -> bytes:
    data = ui.read(file)
    return _taken_out(data, file) if data.startswith(b"%PDF-") else data


def _elsewhere(file: str, trust: Trust | None, now: datetime, read: Callable[..., Report]) -> Known:
    """What another bundle shows, verified by itself first; one that is proved wrong is compared with nothing."""
    from ledger.verify import Verdict, known_of

    data = _bundle_or_other(file)
    if not _meant(data, file):
        raise _no_bundle(file, f"it is no bundle ({_begins(data)})")
    report = read(data, trust, None, now)
    ui.tell(f"{file} by itself: {report.integrity}")
    if report.verdict is Verdict.FAILED:
        says = f"{file} is proved wrong by itself, so nothing is held against it"
        raise Stop(says, hint=f"comity verify {file}", code=Exit.UNDECIDABLE)
    return known_of(data, trust)


def _taken_out(paper: bytes, file: str) -> bytes:
    """The bundle that travels in a report on paper, which is itself not verified, and is said not to be."""
    from cli.reports.pdf_attachment import bundle_inside

    inside = bundle_inside(paper)
    if inside is None:
        hint = f"`pdfdetach -saveall {file}` takes out what is in it"
        raise _no_bundle(file, "it carries no evidence bundle that is read here", hint)
    ui.tell(
        "the evidence bundle inside this PDF is verified, not the paper around it: compare the checkpoint it prints"
    )
    return inside


def _meant(data: bytes, file: str) -> bool:
    """True for what is meant to be a bundle, or a container with one in it, whole or damaged: on that is a verdict.

    `Refused` BND-NONE for any other archive, of which nothing is said.
    """
    from ledger.bundle.archive_kind import ENDING, inside, is_bundle, is_container, names
    from ledger.errors import Refused

    try:
        if is_bundle(data) or (is_container(data) and inside(data) is not None):
            return True
    except Refused:  # which is the verdict
        return True
    if not data.startswith(b"PK"):
        return False
    held = [name for name in names(data) if name.endswith(ENDING)]
    hint = f"take {held[0]} out of it and verify that" if held else "`comity export` makes bundles"
    raise _no_bundle(file, "it is a ZIP archive and not an evidence bundle", hint)


def _no_bundle(file: str, says: str, hint: str = "") -> Exception:
    """What was never meant to be a bundle is no alarm: exit 4, and no verdict."""
    from ledger.errors import Refused

    return Refused("BND-NONE", says, where=file, hint=hint)


def tell(report: Report) -> None:
    """Print a verdict as it was asked for, and end with its exit code."""
    columns = ("code", "level", "where", "says")
    ui.emit(
        "verify",
        verdict_text.document(report),
        columns,
        verdict_text.rows(report),
        text=lambda: verdict_text.text(report),
    )
    click.get_current_context().exit(verdict_text.exit_of(report))


def read_trust(place: str, root_fingerprint: str | None = None) -> Trust:
    """What a verifier holds: a trust folder, a ledger's own, versions of a signed policy, or a policy file alone."""
    from cli.commands.trust import signed_trust
    from ledger.verify import parse_trust

    if signed := signed_trust(place, root_fingerprint):
        return signed
    if not os.path.isdir(place):
        return parse_trust({"policy": ui.read(place)})
    folder = os.path.join(place, "trust") if ui.is_ledger(place) else place
    return _parsed(trust_files(folder), folder)


def trust_files(folder: str) -> dict[str, bytes]:
    """The files of a trust folder by their names in it: what a verifier reads there, all of it public."""
    there = HandedFolder(folder)
    names = ["policy", "registrar", *(f"tsa/{name}" for name in there.names("tsa"))]
    names += [f"others/{name}/{file}" for name in there.names("others") for file in ("policy", "registrar")]
    found = ((name, there.read(name, TRUST_FILE)) for name in names)
    return {name: data for name, data in found if data is not None}


def _parsed(files: Mapping[str, bytes], folder: str) -> Trust:
    from ledger.verify import parse_trust

    if "policy" not in files:
        hint = "a trust folder holds `policy` and `registrar`, as trust/ of a ledger does"
        raise Stop(f"{folder} has no file named policy", hint=hint, code=Exit.UNDECIDABLE)
    return parse_trust(files)


def proof_beside(file: str) -> bytes:
    """The proof that lies beside a sealed entry, under its name with another ending."""
    beside = (file.removesuffix(".json").removesuffix(".dsse")) + PROOF
    if file == "-" or not os.path.exists(beside):
        hint = f"put it beside the entry as {os.path.basename(beside) if file != '-' else 'NAME' + PROOF}"
        raise Stop(f"{file} is a sealed entry, and its proof is missing", hint=hint, code=Exit.UNDECIDABLE)
    return ui.read(beside)


def _begins(data: bytes) -> str:
    return f"it begins with {data[:8]!r}" if data else "it is empty"
