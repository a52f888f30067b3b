"""Have the evidence bundle of an order made by an office server; its manifest is signed here."""

from __future__ import annotations

from pathlib import Path

import click

from cli.access.persons import person_at_server
from cli.access.recorded_access import purpose_for
from cli.exit_codes import Stop
from cli.handover.evidence_bundle import Handed, role_of
from cli.remote.connected import verified
from cli.remote.server_target import recording_served
from cli.session.field_values import by_digest
from cli.terminal import output
from comity.remote.bundles import BundleWanted
from ledger.adapters.keys.open_key import Secret
from ledger.errors import LedgerError
from ledger.facts.vocabulary import ROLES


def served_bundle(url: str, secret: Secret, order: str, file: str, handed: Handed) -> bytes:
    """Return the bundle, verified and signed; then report its contents on stderr, under the name `file`.

    `LedgerError` UNWITNESSED; API-FALSE for a bundle that is not what was asked for.
    """
    if handed.audience is None:
        raise click.UsageError("--audience ROLE: who is going to read it?")
    if handed.stated.because is not None and not handed.stated.because.strip():
        raise Stop("--because is empty", hint="say why the values are handed over, or leave it out")
    reader = role_of(handed.audience)
    with recording_served(url, secret, handed.actor, handed.key_file) as target:
        signer = target.signer("record-accessed", handed.actor, handed.role, handed.key_file)
        wanted = BundleWanted(
            target.find(order),
            reader,
            purpose_for(signer, "export", handed.stated.purpose, reader),
            lambda: person_at_server(target.register(), signer, handed.stated.person),
            handed.stated.because,
            handed.basis,
            handed.linked,
            handed.unwitnessed,
            by_digest(Path(handed.documents)) if handed.documents else {},
        )
        try:
            with verified():
                bundle = target.bundles().make(wanted, signer)
        except LedgerError as fault:
            if fault.code != "UNWITNESSED":
                raise
            hint = "--unwitnessed hands over what the witnesses cannot confirm; or repeat this when they answer"
            raise LedgerError(fault.code, fault.says, hint) from None
    if not bundle.recorded:
        output.tell(f"{url}: no sealed value was opened for this bundle")
    output.tell(
        f"{file}: {output.counted(bundle.report.entries, 'entry', 'entries')} for {reader} ({ROLES[reader]}), "
        f"{output.counted(bundle.closed, 'sealed value')} not opened"
    )
    output.tell(f"{url}: the bundle was verified, and its manifest is signed here")
    return bundle.data
