"""The offline verdict on an evidence bundle."""

from __future__ import annotations

from datetime import UTC, datetime
from os import PathLike, fspath
from pathlib import Path
from typing import Literal

from ledger.adapters.folders.handed_folder import read_named
from ledger.adapters.folders.read_trust import kept_pin, lies_beside, read_trust_folder
from ledger.application import lazy_verifiers
from ledger.errors import RecordError
from ledger.trust.held import Came
from ledger.trust.signed_policy import parse_fingerprint
from ledger.trust.trust_folder import Trust, parse_trust
from ledger.verify.evidence_bundle import verify as verify_bundle
from ledger.verify.evidence_file import FileKind, read_evidence
from ledger.verify.report import Report

Source = str | PathLike[str] | bytes


def verify(
    bundle: Source,
    trust: str | PathLike[str] | Trust | None = None,
    anchor: Source | None = None,
    now: datetime | None = None,
    *,
    root_fingerprint: str | None = None,
    trust_came: Literal["with", "apart", "voice"] | None = None,
    typed_as_printed: bool = False,
) -> Report:
    """Verify an evidence bundle, as `comity verify FILE` does. Nothing else is read, and no network is used.

    `bundle` is a path or the bytes of a bundle, also of a PDF report or an ASiC-E container that carries one. `trust`
    is a trust folder, the folder of a ledger, a policy file, or a `Trust`. `root_fingerprint` (words or 64 hex digits)
    is of version 1 of a signed trust policy. `anchor` is a checkpoint held independently, as path or bytes. `now` is
    aware, by default the present moment. `trust_came` says how trust and anchor came: with the bundle, by another way,
    or compared by voice. By default what is in or next to the folder of the bundle came with it, and vouches for
    nothing. `typed_as_printed` says that a typed anchor was compared with its paper, letter by letter.

    The report has `verdict` (PASSED, INDETERMINATE, FAILED), its `reasons`, and apart from it `procedure`. Without
    `trust` and `anchor` the best verdict is INDETERMINATE NO_TRUST_ANCHOR. Whatever is wrong in a bundle ends in a
    report. `RecordError` is raised for what is no bundle (BND-NONE), of a later version (BND-VERSION), or larger than
    a bundle may be (NOT-A-FILE), and for a wrong `trust` or `anchor`. `OSError`: a file cannot be read.

        report = comity.verify("court.evidence.zip", trust="trust")
        if report.verdict is not comity.Verdict.PASSED:
            print(report.integrity, [reason.says for reason in report.reasons])
    """
    if now is not None and now.tzinfo is None:
        raise ValueError(f"{now} has no time zone: the same words are another moment elsewhere")
    data = bundle if isinstance(bundle, bytes) else read_named(bundle)
    file = read_evidence(data)
    if file.kind is not FileKind.BUNDLE:
        raise RecordError("BND-NONE", "it is no evidence bundle", hint="`comity verify` reads entries and ledgers too")
    return verify_bundle(
        file.data,
        trust if trust is None or isinstance(trust, Trust) else _trust(fspath(trust), root_fingerprint),
        anchor if anchor is None or isinstance(anchor, bytes) else read_named(anchor),
        now or datetime.now(UTC).replace(microsecond=0),
        mldsa=lazy_verifiers.mldsa,
        stamps=lazy_verifiers.stamps(),
        came=Came(trust_came) if trust_came else _place(bundle, trust, anchor, root_fingerprint),
        typed_as_printed=typed_as_printed,
    )


def _place(bundle: Source, trust: Source | Trust | None, anchor: Source | None, pin: str | None) -> Came | None:
    """Return how trust and anchor came, by their places; None if they did not come with the bundle."""

    def enclosed(held: Source | None) -> bool:
        return (
            not isinstance(bundle, bytes)
            and isinstance(held, str | PathLike)
            and lies_beside(fspath(held), fspath(bundle))
        )

    if trust is None:
        return Came.BESIDE if enclosed(anchor) else None
    if (
        isinstance(trust, bytes | Trust)
        or pin is not None
        or kept_pin(fspath(trust)) is not None
        or not enclosed(trust)
    ):
        return None
    return Came.BESIDE if anchor is None or enclosed(anchor) else Came.TRUST_BESIDE


def _trust(place: str, root_fingerprint: str | None) -> Trust:
    pin = None if root_fingerprint is None else parse_fingerprint(root_fingerprint)
    if pin is None and not Path(place).is_dir():
        return parse_trust({"policy": read_named(place)})
    return read_trust_folder(place, pin)
