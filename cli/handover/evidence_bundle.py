"""Make an evidence bundle for one audience."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.access.recorded_access import Stated
from cli.exit_codes import Stop
from cli.terminal import output as ui
from cli.version import tool

if TYPE_CHECKING:
    from ledger.application.export.hand_over import ExportedBundle
    from ledger.application.journal import Journal

AUDIENCES = {"COURT": "CT"}  # another name of a role


@dataclass(frozen=True, slots=True)
class Handed:
    """The audience of a bundle, the office that hands it over, and its contents: the options of `comity export`."""

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
def bundle(order: str, file: str, handed: Handed) -> Iterator[ExportedBundle]:
    """Yield the signed evidence bundle of an order; then report its contents on stderr, under the name `file`.

    The block hands the bundle out; an error in the block means that nothing was handed out.
    """
    from cli.handover.hand_over import Handing, handing
    from cli.session.field_values import by_digest
    from cli.session.open_ledger import find, hand, writing
    from ledger.application.export.bundle_contents import BundleRequest
    from ledger.facts.vocabulary import ROLES

    if handed.audience is None:
        raise click.UsageError("--audience ROLE: who is going to read it?")
    reader = role_of(handed.audience)
    with writing() as journal:
        here = find(journal, order)
        maker = handed.actor or _maker(journal, here)
        signer = hand(
            journal, "bundle-issued", maker, handed.role, handed.key_file, here
        )  # before documents are hashed
        request = BundleRequest(
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
            request,
            signer,
            lambda: signer,
            handed.stated.because,
            handed.unwitnessed,
            person=handed.stated.person,
            whole=handed.whole,
        )
        with handing(journal, wanted) as evidence:
            yield evidence
        closed = len(evidence.contents.about.withheld)
        ui.tell(
            f"{file}: {ui.counted(len(evidence.contents.entries), 'entry', 'entries')} for {reader} "
            f"({ROLES[reader]}), {ui.counted(closed, 'sealed value')} not opened"
        )
        if not journal.folder.policy.witnesses:
            ui.tell("NO-WITNESS: the policy asks for none, so no one outside confirms when the log said this")


def role_of(said: str) -> str:
    """Return the code of a role; COURT stands for CT, and an unknown role is a `Stop`."""
    from ledger.facts.vocabulary import ROLES

    role = AUDIENCES.get(said.upper(), said.upper())
    if role not in ROLES:
        from ledger.facts.words.lookup import hint_of

        raise Stop(f"no role {said!r}", hint=f"COURT, or a role: {hint_of(said, ROLES)}")
    return role


def _maker(journal: Journal, order: str) -> str | None:
    """Return the default maker of a bundle: the office that issued the order, if its key is on this machine."""
    from ledger.adapters.keys.key_files import listed

    mine = set(listed(journal.home.keys).values())
    issuer = next((e.by for e in journal.case(order, reveal=False).entries if e.kind == "order-issued"), None)
    return (
        issuer
        if issuer and any(bytes.fromhex(k.public) in mine for k in journal.read_keyring().current(issuer))
        else None
    )
