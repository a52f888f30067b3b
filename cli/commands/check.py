"""`comity check`: compare files with the digests of what was disclosed under an order."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.records.source import RecordSource, from_bundle, item
from cli.session.field_values import digest_by, digests
from cli.session.ledger_reader import order_and_files
from cli.terminal import output
from cli.terminal.answer import RecordAnswer
from cli.terminal.judgement_text import numbered
from cli.terminal.table import wrapped as wrapped
from projections.views.custody import Trace, disclosures, standing, trace
from projections.views.custody import custody as hands_of
from projections.views.exhibit_digests import Digest

COLUMNS = ("file", "verdict", "equal_to", "differs_from", "changed_at", "replaced")


class CheckItem(Struct, frozen=True):
    """One file compared with the entries of an order.

    `verdict` is `equal`, `differs` or `unknown`. Entries are `#SEQ KIND`. They state this digest (`equal_to`),
    another digest of the same exhibit (`differs_from`), either of them before they were replaced (`replaced`), or
    digests that cannot be read here (`unread`). `changed_at` is the first entry with another
    digest after the last one with this digest. It is null for a file whose digest no entry states: the file may have
    changed after it was handed out. `disclosed_by` is the disclosure or transmission that states this digest and is
    proven to be its signer's own act. Without one, `reported_by` is the first that another office reports. An act
    without legal effect is neither.
    """

    file: str
    verdict: str
    sha256: str
    equal_to: list[str]
    differs_from: list[str]
    replaced: list[str]
    unread: list[str]
    changed_at: str | None
    disclosed_by: str | None
    reported_by: str | None


class CheckAnswer(RecordAnswer, tag="comity.check/1"):
    """Each file, compared with what was disclosed under an order."""

    files: list[CheckItem]


@command(
    "comity check main skyl-return.json",
    "comity check skyl-return.json --bundle court.evidence.zip --trust trust/",
    refused=Exit.UNDECIDABLE,
)
@click.argument("words", nargs=-1, metavar="[ORDER] FILES...")
@from_bundle
def check(words: tuple[str, ...], source: RecordSource) -> Exit:
    """Compare each FILE with what was disclosed under ORDER, and name the custody step at which it changed.

    With --bundle each argument is a file, and the order is that of the bundle.

    Exit 1 if a file is not what was disclosed; 4 if that is undecided because stated digests cannot be read here, or
    no disclosure with legal effect, and no report of one, states the digest.
    """
    order: str | None = None
    files = list(words)
    if not words:
        raise click.UsageError("Missing argument 'FILES...'.")
    if source.file is None:
        order, files = order_and_files(words, "comity check ORDER FILES...")
    with source.reading() as reader:
        case = reader.case(source.order(order, reader))
        at = reader.now() if source.bundle else None
        every = hands_of(case, at)
    hands = standing(every)
    taken_back = [hand for hand in every if hand.replaced is not None]
    named = sorted({f.digest.partition(":")[0] for hand in every for f in hand.files or () if f.digest})
    items, traces = [], []
    for file, (size, sha256, sha512) in zip(files, digests(files), strict=True):
        found = [digest_by(file, algorithm) for algorithm in named]
        here = [Digest(Path(file).name, size, sha256, sha512, digest) for digest in found or [None]]
        t, before = (max((trace(steps, one) for one in here), key=_decided) for steps in (hands, taken_back))
        traces.append(t)
        given, reported = (None if e is None else f"#{e.number} {e.kind}" for e in disclosures(case, at, t))
        changed = next((h for h in t.differs if t.equal and h.entry.on > t.equal[-1].entry.on), None)
        items.append(
            CheckItem(
                file=file,
                verdict=t.verdict,
                sha256=sha256,
                equal_to=[f"#{h.entry.number} {h.entry.kind}" for h in t.equal],
                differs_from=[f"#{h.entry.number} {h.entry.kind}" for h in t.differs],
                replaced=[f"#{h.entry.number} {h.entry.kind}" for h in (*before.equal, *before.differs)],
                unread=[f"#{h.entry.number} {h.unread}" for h in hands if h.unread] if t.verdict == "unknown" else [],
                changed_at=None if changed is None else f"#{changed.entry.number} {changed.entry.kind}",
                disclosed_by=given,
                reported_by=reported,
            )
        )
    lines = [line for f, t in zip(items, traces, strict=True) for line in _compared(f, t)]
    output.emit(
        CheckAnswer(items, bundle=item(source.bundle)),
        COLUMNS,
        items,
        text=(lambda: "\n".join(lines)) if output.terminal() else None,
    )
    if any(f.verdict != "equal" and not f.unread for f in items):
        return Exit.PROVED_BAD
    return Exit.DONE if all(f.disclosed_by or f.reported_by for f in items) else Exit.UNDECIDABLE


def _decided(t: Trace) -> int:
    """Return how much a comparison decides: an equal digest before another one, and that before none."""
    return ("unknown", "differs", "equal").index(t.verdict)


def _compared(file: CheckItem, t: Trace) -> list[str]:
    """Return the result for one file in a sentence that a court can read, with the entries it is based on."""
    says = {
        "equal": "is what was disclosed"
        if file.disclosed_by
        else "is what was disclosed, as another office reports: no act of who disclosed it proves that"
        if file.reported_by
        else "is what the record speaks of: its digest is stated, but by no disclosure with legal effect",
        "differs": "is not what was disclosed: "
        + ("its digest is stated at a later step only" if t.equal else "no entry states its digest"),
        "unknown": "is not among what was disclosed: no entry states its digest or its name",
    }[file.verdict]
    if file.unread:
        says = f"cannot be told: digests are stated that cannot be read here, at {', '.join(file.unread)}"
    lines = wrapped(f"{says}.", f"{file.file}:", indent=0)
    for word, hands in (("equal to what is stated in", t.equal), ("another digest is stated in", t.differs)):
        if hands:
            lines += wrapped(f"{word} {numbered(h.entry.number for h in hands)}", " ", indent=0)
    if file.replaced:
        says = f"stated before, and replaced since by the same signer: {', '.join(file.replaced)}"
        lines += wrapped(says, " ", indent=0)
    if file.changed_at:
        lines += wrapped(f"from this entry on the record states another digest: {file.changed_at}", " ", indent=0)
    return lines
