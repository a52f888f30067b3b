"""`comity trust`: make, sign, check and update a trust policy that several people sign, in versions.

The folder of a policy has these files:
- N.trust.json: version N. The newest is used; each is trusted because of the one before.
- tsa/<sha256>.pem: the certificates that the versions name.

The fingerprint of version 1 came by another way. It is kept in the configuration of the user, not in the folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import zip_longest
from pathlib import Path

import click
from msgspec import UNSET, Struct
from msgspec.structs import replace

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.handover.trust_folder import _check_plain, _some, pin_of, read_trust
from cli.session import ledger_choice
from cli.session.options import LANG
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, ProblemItem
from cli.terminal.file_io import write
from ledger.adapters.folders.read_trust import expanded, keep_pin, plain_files, read_trust_folder, versions_of
from ledger.command_line import quoted, quoted_path
from ledger.entries.case import wire
from ledger.errors import RecordError
from ledger.trust import signed_policy
from ledger.trust.signed_policy import (
    FORMAT,
    PolicyStatement,
    PolicyVersion,
    Root,
    Span,
    check_unexpired,
    check_versions,
    draft,
    format_version,
    record_of,
    signed,
    spoken,
    used_by,
)
from ledger.trust.trust_folder import fingerprint_of

FINGERPRINT = click.option("--root-fingerprint", "typed", metavar="WORDS|HEX|FILE", help="As it came by another way.")


class VersionItem(Struct, frozen=True):
    """One version of a trust policy: its times, its roots and its signers, by name."""

    version: int
    issued: str
    expires: str
    threshold: int
    roots: list[str]
    signed_by: list[str]


class TrustAnswer(CommandAnswer, tag="comity.trust/1"):
    """The versions of a trust policy, the fingerprint of the first (`pinned` if it was compared), and the newest.

    The file N.trust.json is another document: a DSSE envelope around `newest`.
    """

    fingerprint: str
    words: str
    pinned: bool
    newest: PolicyStatement
    versions: list[VersionItem]
    problems: list[ProblemItem]


class TrustFolderAnswer(CommandAnswer, tag="comity.trust-folder/1"):
    """A trust folder without versions: the fingerprint of its files (`pinned` if it was compared), and their names."""

    fingerprint: str
    words: str
    files: list[str]
    pinned: bool


class TrustVersionAnswer(CommandAnswer, tag="comity.trust-version/1"):
    """The version that was written or taken, and the names of its signers."""

    version: int
    file: str
    expires: str
    signed_by: list[str]
    fingerprint: str
    words: str


@command(
    "comity trust new policy/ --root ada=ada.pub --root bo=bo.pub --root cy=cy.pub --threshold 2",
    "comity trust new policy/ --from ledger/ --days 730          (the next version, by the same roots)",
)
@click.argument("folder", metavar="DIR")
@click.option("--root", "named", multiple=True, metavar="NAME=FILE|HEX", help="Whose signature counts; repeatable.")
@click.option("--threshold", type=int, metavar="K", help="How many of them must sign.")
@click.option("--from", "source", metavar="DIR", help="A trust folder or ledger that says what is signed.")
@click.option("--days", type=int, default=365, show_default=True, metavar="N", help="How long it is in force.")
def new(folder: str, named: tuple[str, ...], threshold: int | None, source: str | None, days: int) -> None:
    """Write the next version of a trust folder, as it is today, into DIR, unsigned."""
    versions = versions_of(folder)
    last = versions[-1].said if versions else None
    roots = tuple(map(_root, named)) or (last.roots if last else ())
    enough = threshold if threshold is not None else last.threshold if last and not named else None
    if not roots or enough is None:
        raise click.UsageError("--root NAME=KEY and --threshold K: whose signatures count, and how many it takes?")
    place = source or ledger_choice.ledger_folder()
    trust = read_trust(place)
    now = ledger_choice.now()
    statement = PolicyStatement(
        format=FORMAT,
        version=last.version + 1 if last else 1,
        issued=wire(now),
        expires=wire(now + timedelta(days=days)),
        roots=roots,
        threshold=enough,
        algorithms=(),
        own=record_of(trust),
        sizes=tuple(_sizes(place)) if ledger_choice.is_ledger(place) else (),
        others=tuple(map(record_of, trust.others)),
        authorities=tuple(sorted(_digest(file) for file in trust.authorities)),
    )
    version = draft(replace(statement, algorithms=tuple(sorted(used_by(statement)))))
    for file in trust.authorities:
        write(Path(folder) / "tsa" / f"{_digest(file)}.pem", file)
    write(Path(folder) / _name(version), format_version(version))
    _tell(version)
    output.tell(f"it takes {enough} of its {len(roots)} roots: comity trust sign {quoted_path(folder)} --key FILE")


@command("comity trust sign policy/ --key ada", "comity trust sign policy/ --key agent:SHA256:...")
@click.argument("folder", metavar="DIR")
@click.option("--key", "reference", required=True, metavar="FILE|URI", help="The key of a root, of it or of the last.")
def sign(folder: str, reference: str) -> None:
    """Sign the newest version in DIR, after reading what it says: `comity trust check DIR`."""
    from cli.session.key_files import home
    from cli.session.open_ledger import opened

    versions = _some(folder)
    newest = versions[-1]
    here = home().keys / reference
    key = opened(str(here) if not os.path.exists(reference) and here.exists() else reference)
    names = {root.key: root.name for version in versions[-2:] for root in version.said.roots}
    if key.public.hex() not in names:
        hint = f"roots are {', '.join(sorted(set(names.values())))}"
        raise Stop(f"{key.public.hex()} is the key of no root", hint=hint, code=Exit.REFUSED)
    version = signed(newest, key.public, key.sign)
    write(Path(folder) / _name(version), format_version(version))
    _tell(version)
    for lack in _lacking([*versions[:-1], version]):
        output.tell(lack)


@command(
    "comity trust check policy/",
    "comity trust check /media/stick --root-fingerprint 'lusab-babad-...'",
    refused=Exit.UNDECIDABLE,
)
@click.argument("folder", metavar="DIR")
@FINGERPRINT
def check(folder: str, typed: str | None) -> None:
    """Check every version in DIR against the one before, and the first against its fingerprint; show what it says.

    Of a folder without versions, such as trust/ of a ledger, it prints and compares the fingerprint of its files.
    """
    if not (versions := versions_of(folder)) and "policy" in plain_files(folder):
        click.get_current_context().exit(_check_folder(folder, pin_of(folder, typed)))
    versions = versions or _some(folder)
    first, newest = versions[0], versions[-1]
    pin = pin_of(folder, typed)
    lacking = None
    try:
        check_versions(versions, pin or first.fingerprint)
    except RecordError as lack:
        if lack.code != "POL-THRESHOLD":
            raise
        lacking = lack  # continue: a root has to read the version before signing it
    _check_plain(folder, expanded(folder, newest))
    problems = [(lacking.code, lacking.says)] if lacking else []
    problems += [] if pin else [("NO_TRUST_ANCHOR", "compare the fingerprint of version 1, by telephone or on paper")]
    try:
        check_unexpired(newest, ledger_choice.now())
    except RecordError as late:
        problems.append((late.code, late.says))
    items = [
        VersionItem(
            v.said.version, v.said.issued, v.said.expires, v.said.threshold, [r.name for r in v.said.roots], _by(v)
        )
        for v in versions
    ]
    answer = TrustAnswer(
        fingerprint=first.fingerprint,
        words=spoken(first.fingerprint),
        pinned=pin is not None,
        newest=newest.said,
        versions=items,
        problems=[ProblemItem(code, says) for code, says in problems],
    )
    columns = VersionItem.__struct_fields__
    # For people, the day is enough.
    shown = [(v.version, v.issued[:10], v.expires[:10], v.threshold, v.roots, v.signed_by) for v in items]
    output.emit(answer, columns, items, text=lambda: f"{output.table(columns, shown)}\n\n{_read_aloud(newest.said)}")
    output.tell(f"fingerprint of version 1: {spoken(first.fingerprint)}")
    for code, says in problems[lacking is not None :]:
        output.tell(f"{code}: {says}")
    if lacking:
        raise lacking
    click.get_current_context().exit(Exit.FINDINGS if problems else Exit.DONE)


@command(
    "comity trust update court/ /media/stick --root-fingerprint 'lusab-babad-...'     (the first time)",
    "comity trust update court/ /media/stick",
)
@click.argument("folder", metavar="DIR")
@click.argument("source", metavar="FROM")
@FINGERPRINT
def update(folder: str, source: str, typed: str | None) -> None:
    """Take the newer versions in FROM into DIR, the folder you hold; each must follow the one before.

    The first time DIR is made, and the fingerprint is kept in the configuration of the user; later nothing in FROM can
    replace what DIR has.
    """
    versions, source_versions = versions_of(folder), _some(source)
    pin = pin_of(folder, typed, source)
    if pin is None:
        raise Stop("nothing says which first version is the true one", hint="--root-fingerprint, by another way")
    for mine, theirs in zip(versions, source_versions, strict=False):
        if mine.fingerprint != theirs.fingerprint:
            says = f"{source} has another version {mine.said.version} than the one you hold: keep both"
            raise RecordError("POL-VERSION", says, where=_name(theirs))
    if versions and len(source_versions) < len(versions):
        says = f"{source} ends with version {source_versions[-1].said.version}, you hold {versions[-1].said.version}"
        raise RecordError("POL-VERSION", says, where=source, hint="it is older; nothing was changed")
    newest = check_versions([*versions, *source_versions[len(versions) :]], pin)
    check_unexpired(newest, ledger_choice.now())
    trust = expanded(source, newest)
    for file in trust.authorities:
        write(Path(folder) / "tsa" / f"{_digest(file)}.pem", file)
    for version in source_versions[len(versions) :]:  # lowest first: a crash leaves fewer versions, in a valid sequence
        write(Path(folder) / _name(version), format_version(version))
    keep_pin(folder, pin)
    _tell(newest)
    output.tell(f"use it with: comity verify FILE --trust {quoted(folder)}")


@command(
    "comity trust stick ledger/trust /media/stick/karsk",
    "comity trust stick policy/ court/ --lang de       (the versions of a signed policy)",
)
@click.argument("folder", metavar="DIR")
@click.argument("out", metavar="OUT")
@LANG
def stick(folder: str, out: str, lang: str) -> None:
    """Write the folder a court is handed: whom to trust, the verifier page, what to compare, and all digests.

    DIR is a trust folder, a ledger, or a folder with the versions of a signed policy. The fingerprint has to reach the
    court by another way than this folder, or the folder vouches for itself.
    """
    from cli.reports.court_folder import PAGE, READ_ME, trust_read_me, verifier_page, versions_read_me
    from ledger.adapters.folders.new_folder import new_folder

    page = verifier_page()
    if versions := versions_of(folder):
        newest = signed_policy.check_versions(versions, versions[0].fingerprint)
        trust = expanded(folder, newest)
        files = {_name(version): signed_policy.format_version(version) for version in versions}
        files |= {f"tsa/{_digest(file)}.pem": file for file in trust.authorities}
        files |= {f"page/{name}": data for name, data in signed_policy.plain_files(trust).items()}
        text = versions_read_me(versions[0], newest, page=page is not None, lang=lang)
    else:
        read_trust_folder(folder)
        files = plain_files(folder)
        fingerprint = fingerprint_of(files)
        text = trust_read_me(fingerprint, files, page=page is not None, lang=lang)
    if os.path.exists(out) and os.listdir(out):
        raise Stop(f"{out} is not empty", hint="a stick is written into a folder of its own")
    files[READ_ME] = text.encode()
    if page is not None:
        files[PAGE] = page
    sums = "".join(f"{_digest(data)}  {name}\n" for name, data in sorted(files.items()))
    with new_folder(out) as making:
        for name, data in sorted({**files, "SHA256SUMS": sums.encode()}.items()):
            write(making / name, data)
    if versions:
        _tell(newest)
    else:
        output.emit(TrustFolderAnswer(fingerprint, signed_policy.spoken(fingerprint), list(files), pinned=False))
    if page is None:
        output.tell(f"{PAGE} is not there: it has not been built here (make browser)")


def _check_folder(folder: str, pin: str | None) -> Exit:
    """Print the fingerprint of a plain trust folder; exit 3 as long as it was compared with none."""
    read_trust_folder(folder, pin)
    files = plain_files(folder)
    words = spoken(fingerprint_of(files))
    output.emit(TrustFolderAnswer(fingerprint_of(files), words, list(files), pinned=pin is not None))
    if pin is None:
        output.tell("NO_TRUST_ANCHOR: compare these words, by telephone or on paper")
    return Exit.FINDINGS if pin is None else Exit.DONE


def _root(said: str) -> Root:
    from cli.session.key_files import public_key

    name, equals, key = said.partition("=")
    if not equals:
        raise click.UsageError(f"--root {said}: it is NAME=FILE or NAME=HEX")
    return Root(name, public_key(key))


def _sizes(ledger: str) -> Iterator[Span]:
    """Yield the sizes that each key of the log signs, by the register; nothing if the log has had one key only."""
    from cli.session.ledger_reader import reading
    from ledger.entries.log_keys import key_starts
    from ledger.verify.entries import rotations

    with reading(Path(ledger)) as reader:
        changes = rotations(o for _, o in reader.cases.opened_registry())
    for starts in key_starts(changes).values():
        firsts = sorted(starts)
        for first, after in zip_longest(firsts, firsts[1:]):
            yield Span(starts[first], first, UNSET if after is None else after)


def _lacking(versions: list[PolicyVersion]) -> Iterator[str]:
    """Yield which signatures the newest version still lacks, by its own roots and by those of the version before."""
    newest = versions[-1]
    for version in versions[-2:]:
        signed = newest.signers(version.said.roots)
        if len(signed) < version.said.threshold:
            missing = [root.name for root in version.said.roots if root.name not in signed]
            more = version.said.threshold - len(signed)
            yield f"{more} more of the roots of version {version.said.version}: {', '.join(missing)}"


def _read_aloud(said: PolicyStatement) -> str:
    """Return the contents of a version as text, for its roots to read before they sign."""
    registers = [record.registrar or "nobody" for record in (said.own, *said.others)]
    lines = [f"registrar: {registers[0]}", *said.own.policy.splitlines()]
    for record, registrar in zip(said.others, registers[1:], strict=True):
        lines += ["", f"about another record; registrar: {registrar}", *record.policy.splitlines()]
    lines += [f"{span.key} signs sizes from {span.first} to {span.end or 'now on'}" for span in said.sizes]
    lines += [f"time-stamp certificate {digest}" for digest in said.authorities]
    return "\n".join([*lines, f"algorithms {', '.join(said.algorithms)}"])


def _by(version: PolicyVersion) -> list[str]:
    return version.signers(version.said.roots)


def _tell(version: PolicyVersion) -> None:
    statement = version.said
    answer = TrustVersionAnswer(
        version=statement.version,
        file=_name(version),
        expires=statement.expires,
        signed_by=_by(version),
        fingerprint=version.fingerprint,
        words=spoken(version.fingerprint),
    )
    output.emit(answer)


def _name(version: PolicyVersion) -> str:
    return f"{version.said.version}.trust.json"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
