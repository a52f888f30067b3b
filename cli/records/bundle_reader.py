"""Read an order from an evidence bundle: verified first, and never more than the bundle proves.

Nothing is recorded, and no ledger is needed. A bundle that is proved wrong is not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from cli.exit_codes import Exit, Stop
from cli.session.record_reader import DatedState, VerifiedBundle
from cli.terminal import file_io, output
from ledger.application import lazy_verifiers
from ledger.bundle.archive_kind import is_container
from ledger.command_line import quoted_path
from ledger.entries.case import Case
from ledger.errors import LedgerError, RecordError
from ledger.trust.held import Came
from ledger.trust.trust_folder import Trust
from ledger.verify.evidence_file import EvidenceFile, FileKind, read_evidence, verify_file
from ledger.verify.progress import placed
from ledger.verify.report import DatedHead, Verdict


def recognised(file: str) -> EvidenceFile:
    """Read a file and recognise its kind; `RecordError` BND-NONE, with the name of the file, for any other."""
    try:
        content = read_evidence(file_io.read(file))
        if content.kind is FileKind.UNKNOWN:
            raise content.unknown()
    except RecordError as none:
        raise placed(none, file) from None
    if content.from_pdf:
        output.tell(
            "the evidence bundle inside this PDF is verified, not the paper around it: compare the checkpoint it prints"
        )
    return content


def open_bundle(
    file: str,
    trust: Trust | None,
    anchor: bytes | None,
    now: datetime,
    *,
    came: Came | None = None,
    typed_as_printed: bool = False,
) -> BundleReader:
    """Return a reader of the bundle in a file, also of one inside a PDF or an ASiC-E container.

    Raises `Stop` with PROVED_BAD for a bundle that is proved wrong, with FINDINGS for one that was not judged, because
    the trust is of another log, and `RecordError` BND-NONE for another file.
    """
    content = recognised(file)
    if content.kind is not FileKind.BUNDLE:
        raise RecordError("BND-NONE", "it is no evidence bundle", where=file, hint=f"comity verify {quoted_path(file)}")
    if is_container(content.data):
        output.tell("the evidence bundle inside this container is verified, not the signature of the container")
    report = verify_file(
        content,
        trust,
        anchor,
        now,
        mldsa=lazy_verifiers.mldsa,
        stamps=lazy_verifiers.stamps(),
        came=came,
        typed_as_printed=typed_as_printed,
    )
    if report.verdict is Verdict.FAILED or report.case is None or report.manifest is None or report.as_of is None:
        reason = report.reasons[0]
        where = f" {reason.where}" if reason.where else ""
        name = output.in_one_line(file)
        if report.verdict is not Verdict.FAILED:
            says = f"{name} was not judged, and nothing in it is read: {reason.code}: {reason.says}"
            raise Stop(says, hint="--trust: the trust folder of its log", code=Exit.FINDINGS)
        says = f"{name} is proved wrong, and nothing in it is read: {reason.code}{where}: {reason.says}"
        raise Stop(says, hint=f"comity verify {quoted_path(name)}", code=Exit.PROVED_BAD)
    return BundleReader(VerifiedBundle(file, report.manifest, report), report.case, report.as_of)


@dataclass(frozen=True)
class BundleReader:
    """The one order of a verified bundle, as of the moment at which the bundle was made."""

    bundle: VerifiedBundle
    only: Case
    made: datetime

    def find(self, name: str) -> str:
        """Return the id of the order if `name` is its id, the beginning of it, or a reference; else a `LedgerError`."""
        named = {e.get(field) for e in self.only.entries for field in ("reference", "case_ref")}
        if name in named or (name and self.only.order.startswith(name.lower())):
            return self.only.order
        known = next((one for one in sorted(filter(None, named))), self.only.order)
        raise LedgerError("ORDER-UNKNOWN", f"no order in this bundle is called {name!r}", f"it is of the order {known}")

    def case(self, name: str) -> Case:
        """Return the case of the order; other orders are not here."""
        self.find(name)
        return self.only

    def known(self, case: Case, moment: datetime) -> Case:
        """Return the case as recorded at a moment; `Stop` for a moment after the bundle was made."""
        if moment > self.made:
            says = f"the bundle was made at {output.plain(self.made)}: it shows nothing of a later moment"
            raise Stop(says, hint="an earlier --as-of, or none")
        return case if moment == self.made else case.known(moment)

    def now(self) -> datetime:
        """Return the moment as of which the bundle is judged."""
        return self.made

    def around(self, order: str) -> Mapping[str, Case]:
        """Return the order alone: other orders of a bundle are proven, and are not read here."""
        return {order: self.only}

    def holds(self, order: str) -> bool:
        """Return True for the order of the bundle."""
        return order == self.only.order

    def dated(self) -> Sequence[DatedState]:
        """Return the states of the log whose date is proven; if there is none, the states that the signers claim."""
        if proven := self.bundle.report.dated:
            return [DatedState(head.size, head.at, "cosigned", head.note) for head in _rising(proven)]
        return self._claimed

    @cached_property
    def _claimed(self) -> Sequence[DatedState]:
        states: list[DatedState] = []
        entries = {e.index: e.received or e.at for e in (*self.only.registry, *self.only.entries)}
        for index, at in sorted(entries.items()):
            if states and at <= states[-1].at:
                states[-1] = DatedState(index + 1, states[-1].at, "claimed")
            else:
                states.append(DatedState(index + 1, at, "claimed"))
        return states


def _rising(heads: Sequence[DatedHead]) -> list[DatedHead]:
    """Return the heads by size, without a head that is dated later than a larger one: they existed by then."""
    kept: list[DatedHead] = []
    for head in heads:
        while kept and kept[-1].at >= head.at:
            kept.pop()
        kept.append(head)
    return kept
