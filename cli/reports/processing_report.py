"""Make the record of processing activities of the whole office, and the template of the controller's description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.exit_codes import Exit
from cli.session.ledger_reader import LedgerReader
from cli.terminal import output, prompts
from ledger.entries.case import Case
from ledger.facts import kind_of
from ledger.law.provisions import rules_digest
from ledger.trust.trust_folder import Trust

if TYPE_CHECKING:
    from projections.reports.fillable_form import FillableForm
    from projections.reports.front_page import Provenance

NOT_VERIFIED = "The entries were read and counted; this command verifies no signature: `comity verify` does."
RECORD = "comity record controller-described --from FILE --as ACTOR"


def processing_report(
    reader: LedgerReader, moment: datetime, trust: Trust | None, lang: str
) -> tuple[FillableForm, tuple[str, ...]]:
    """Return the record, and the labels of what is missing; no sealed value is opened."""
    from projections.reports.data_protection.office_record import office_record

    return office_record(
        [e for e in reader.cases.register(reveal=False) if e.at <= moment],
        _cases(reader, moment),
        _making(reader, moment, trust),
        lang,
    )


def _cases(reader: LedgerReader, moment: datetime) -> Iterator[Case]:
    done, size = 0, reader.store.size()
    with prompts.progress("counting") as report:
        for order in reader.cases.orders():
            case = reader.cases.case(order, reveal=False).known(moment)
            yield case
            done += len(case.entries)
            report(done, size)


def _making(reader: LedgerReader, moment: datetime, trust: Trust | None) -> Provenance:
    from cli.reports.integrity import kept_checkpoint
    from cli.version import tool
    from projections.reports.front_page import IntegrityResult, Provenance

    head = kept_checkpoint(reader, reader.head_at(moment), trust)
    unverified = IntegrityResult("INDETERMINATE", NOT_VERIFIED, (), ())
    return Provenance(moment, tool(), rules_digest()[:16], head, unverified, test=reader.folder.test)


def tell_missing(missing: tuple[str, ...]) -> Exit:
    """Tell which contents are missing, and how to state them; FINDINGS if any is."""
    for label in missing:
        output.tell(f"MISSING: {label}")
    if missing:
        output.tell(f"`comity report processing --template` prints the contents to state; then: {RECORD}")
    return Exit.FINDINGS if missing else Exit.DONE


def template() -> str:
    """Return a description to fill in, as JSON: null is refused when it is recorded, so no field is left by mistake."""
    fields = kind_of("controller-described").fields()
    values: dict[str, Any] = {name: [None] if f.type.startswith("list") else None for name, f in fields.items()}
    for name, f in fields.items():
        output.tell(f"{name}: {f.says}")
    return output.dumps(values)
