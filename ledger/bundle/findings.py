"""Write and read `views/findings.json`: what the maker of a bundle found on the procedure, by the rules that it had.

It is computed from what the audience of the bundle may read, as of the head and the moment of the bundle. It
is a statement of the maker under the signature of the manifest, and no evidence: a reader treats it as
untrusted text. Format: docs/reference/formats/evidence-bundle.md.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ledger.bundle.manifest import Manifest
from ledger.entries.case import Case, wire
from ledger.entries.payload import Count, Name
from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical, parse_json
from ledger.law import Judgement
from ledger.messages import plain

PATH = "findings.json"  # below views/
FORMAT = "comity.findings/1"
CODE = "CMP-FINDINGS"
MAX_BYTES = 1 << 20
MAX_NODES = 100_000
MAX_ENTRIES = 100  # entries that one finding lists; the number of the others is in `more`

_Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
_Line = Annotated[str, Meta(min_length=1, max_length=4_000)]  # without line feed


class CitedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry on which a finding rests: its index in the log of the bundle, and its leaf hash."""

    index: Count
    leaf: _Digest


class StatedFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One finding; `more` is the number of its entries that are not listed."""

    code: Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z0-9-]{0,79}$")]
    level: Literal["V", "W", "G"]
    says: _Line
    cite: Annotated[list[Name], Meta(max_length=50)]
    mark: Literal["text", "known", "likely", "design"]
    entries: Annotated[list[CitedEntry], Meta(max_length=MAX_ENTRIES)]
    more: Count


class StatedFindings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The findings that the maker of a bundle states on its order.

    `size` is that of the checkpoint of the bundle, `as_of` the moment of the judgement, `rules` the digest of
    the rules. `audience` may read what the findings rest on.
    """

    format: Literal["comity.findings/1"] = "comity.findings/1"
    log: Name
    order: Name
    audience: Name
    size: Count
    as_of: Name
    rules: _Digest
    findings: Annotated[list[StatedFinding], Meta(max_length=1_000)]


def stated(case: Case, judgement: Judgement, *, log: str, audience: str, size: int, rules: str) -> StatedFindings:
    """Return the findings of a judgement, by the rules with this digest, on a case of what `audience` may read."""
    places = {entry.leaf: entry.index for entry in (*case.entries, *case.registry)}
    findings = [
        StatedFinding(
            finding.code,
            finding.level.value,
            finding.says,
            list(finding.cite),
            finding.mark.value,
            [CitedEntry(places[leaf], leaf) for leaf in finding.entries[:MAX_ENTRIES]],
            max(0, len(finding.entries) - MAX_ENTRIES),
        )
        for finding in judgement.findings
    ]
    return StatedFindings(
        log=log,
        order=case.order,
        audience=audience,
        size=size,
        as_of=wire(judgement.as_of),
        rules=rules,
        findings=findings,
    )


def format_findings(stated: StatedFindings) -> bytes:
    """Return the file: canonical JSON."""
    return canonical(msgspec.to_builtins(stated, enc_hook=plain), max_nodes=MAX_NODES)


def parse_findings(raw: bytes) -> StatedFindings:
    """Return the findings of a file by anybody; `RecordError` CMP-FINDINGS if it does not have the form."""
    try:
        found = msgspec.convert(parse_json(raw, max_bytes=MAX_BYTES, max_nodes=MAX_NODES), StatedFindings)
    except RecordError as wrong:
        raise RecordError(CODE, f"it is not canonical JSON within its bounds ({wrong.code})") from wrong
    except ValueError as error:  # includes those of msgspec
        raise RecordError(CODE, str(error)) from None
    if any("\n" in text for each in found.findings for text in (each.code, each.says, *each.cite)):
        raise RecordError(CODE, "a finding is one line")
    if other := next((each for each in found.findings if level_of(each.code) not in (None, each.level)), None):
        raise RecordError(CODE, f"{other.code} has the level {other.level}")
    return found


def level_of(code: str) -> str | None:
    """Return the level that the code of a finding says, as `V` of `V-NOT-IN-FORCE`; None for a code such as F713."""
    return code[0] if code[0] in "VWG" and code[1:2] == "-" else None


def check_findings(found: StatedFindings, manifest: Manifest, size: int, carried: Container[tuple[int, str]]) -> None:
    """Raise `RecordError` CMP-FINDINGS if a file is not about its bundle, of a log of `size` entries.

    `carried` are the entries of the bundle, wrapped ones included, as (index in the log, leaf hash).
    """
    theirs = (manifest.log, manifest.order, manifest.audience, size, manifest.made_at, manifest.rules)
    for name, there in zip(("log", "order", "audience", "size", "as_of", "rules"), theirs, strict=True):
        if getattr(found, name) != there:
            raise RecordError(CODE, f"its {name} is not that of the bundle")
    for finding in found.findings:
        for entry in finding.entries:
            if (entry.index, entry.leaf) not in carried:
                raise RecordError(
                    CODE, f"{finding.code} rests on entry {entry.index}, which is another one or not here"
                )
