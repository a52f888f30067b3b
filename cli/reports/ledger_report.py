"""Make the report on a whole ledger, with every entry verified again, its keys and its published heads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.session.ledger_reader import LedgerReader
from ledger.entries.keyring import Keyring
from ledger.errors import RecordError
from ledger.law.provisions import rules_digest
from ledger.messages import Message
from ledger.trust.trust_folder import Trust

if TYPE_CHECKING:
    from projections.reports.ledger_report import KeyRow, Verification

HEADS = 50  # heads listed in the report; all are compared


def audit_report(reader: LedgerReader, trust: Trust | None) -> Verification:
    """Return the report on a whole ledger; every entry is verified again."""
    from cli.reports.integrity import audited, checkpoint, verified
    from cli.version import tool
    from projections.reports.front_page import CheckCommand, Provenance
    from projections.reports.ledger_report import HeadRow, verification

    result = verified(reader, trust)
    heads = reader.kept_heads()
    provenance = Provenance(
        as_of=heads[-1].at if heads else reader.now(),
        tool=tool(),
        rules=rules_digest()[:16],
        head=checkpoint(result.head, {k.size: k for k in heads}, reader.folder.key),
        integrity=audited(result, trust),
        test=reader.folder.test,
    )
    rows = [
        HeadRow(k.size, k.at, None if k.cosigned is None else datetime.fromtimestamp(k.cosigned, UTC), k.digest)
        for k in reversed(heads)
    ]
    anchor = " --anchor CHECKPOINT" if provenance.head else ""
    todo = (
        CheckCommand(
            Message("The same check, on any copy of the ledger:"), f"comity verify LEDGER --trust TRUST{anchor}"
        ),
        CheckCommand(
            Message("Also the guard and everything kept, in the office itself:"), "comity fsck --ledger LEDGER"
        ),
        CheckCommand(Message("As JSON, for a machine to compare:"), "comity verify LEDGER --trust TRUST --json"),
    )
    counts = (result.entries, result.signatures, 1 if result.head else 0)
    return verification(
        provenance, counts, len(list(reader.cases.orders())), _keys(reader, trust), rows[:HEADS], len(rows), todo
    )


def _keys(reader: LedgerReader, trust: Trust | None) -> list[KeyRow]:
    from projections.reports.ledger_report import KeyRow
    from projections.views.timeline import office_names

    registrar = reader.folder.registrar if trust is None or trust.registrar is None else trust.registrar
    keyring = Keyring(reader.cases.registry, registrar)
    for index, opened in reader.cases.opened_registry():
        try:
            keyring.admit(opened, index)
        except RecordError:
            break  # the audit reports it; the keys before it remain valid
    names = office_names(reader.cases.register(reveal=False))
    return [
        KeyRow(
            actor=k.actor,
            name=names.get(k.actor, k.actor),
            party=keyring.offices[k.actor].party if k.actor in keyring.offices else "",
            roles=k.roles,
            public=k.public,
            accepted=k.accepted,
            ended=k.ended,
        )
        for k in keyring.keys.values()
    ]
