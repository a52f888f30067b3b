"""Choose the record that a command reads: the ledger, or with --bundle a verified evidence bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from msgspec import UNSET, Struct, UnsetType

from cli.exit_codes import Exit
from cli.handover import trust_folder
from cli.handover.trust_folder import AS_PRINTED, CAME, came_of
from cli.remote.servers import chosen_url
from cli.session import ledger_choice
from cli.session.ledger_reader import LedgerReader, reading
from cli.session.record_reader import RecordReader, VerifiedBundle
from cli.terminal import output
from cli.terminal.answer import BundleItem, BundleReason, ServerItem
from ledger.facts.vocabulary import ROLES
from ledger.trust.held import Came
from ledger.trust.trust_folder import Trust
from ledger.verify.report import Verdict

if TYPE_CHECKING:
    from cli.records.bundle_reader import BundleReader
    from cli.remote.remote_reader import RemoteReader
BUNDLE = click.option("--bundle", metavar="FILE", help="Read this evidence bundle, and no ledger.")
TRUST = click.option("--trust", metavar="DIR|FILE", help="With --bundle: what you hold from elsewhere.")
PIN = click.option("--root-fingerprint", "pin", metavar="WORDS|HEX|FILE", help="With --bundle: of that --trust.")
ANCHOR = click.option("--anchor", metavar="FILE", help="With --bundle: a checkpoint held independently.")


class RecordSource(Struct):
    """The record of a command: the bundle in `file` under `trust` and `anchor`, or the ledger if `file` is None.

    `bundle` is the bundle after it was verified, `server` the office server in the place of a ledger's folder.
    `came` says how trust and anchor came, `typed_as_printed` that a typed anchor was compared with its paper.
    """

    file: str | None = None
    trust: Trust | None = None
    anchor: bytes | None = None
    bundle: VerifiedBundle | None = None
    server: RemoteReader | None = None
    came: Came | None = None
    typed_as_printed: bool = False

    def order(self, named: str | None, reader: RecordReader) -> str:
        """Return what names the order; without a name that of the bundle."""
        if named is not None:
            return named
        return reader.bundle.manifest.order if reader.bundle else ""

    @contextmanager
    def reading_anywhere(self) -> Iterator[LedgerReader | BundleReader | RemoteReader]:
        """Open the record for reading as `reading` does; it may also be behind an office server."""
        if self.file is not None or (url := chosen_url()) is None:
            with self.reading() as reader:
                yield reader
            return
        from cli.remote.remote_reader import served
        from cli.session.open_ledger import secret

        with served(url, secret) as self.server:
            yield self.server

    @contextmanager
    def reading(self) -> Iterator[LedgerReader | BundleReader]:
        """Open the record for reading; of a bundle say on stderr what it is and what it does not prove."""
        if self.file is None:
            with reading() as ledger:
                yield ledger
            return
        from cli.records.bundle_reader import open_bundle

        bundle = open_bundle(
            self.file,
            self.trust,
            self.anchor,
            ledger_choice.now(),
            came=self.came,
            typed_as_printed=self.typed_as_printed,
        )
        self.bundle = bundle.bundle
        for line in describe(bundle.bundle):
            output.tell(line)
        yield bundle


def from_bundle(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that read a bundle; the command gets `source`.

    Only a bundle names its order: without one the argument ORDER is needed, `UsageError`, before a ledger is sought.
    A command that would end with 0 ends with 3 if the bundle is INDETERMINATE.
    """

    @wraps(command)
    def chosen(
        *args: Any,
        bundle: str | None,
        trust: str | None,
        pin: str | None,
        anchor: str | None,
        trust_came: str | None,
        typed_as_printed: bool,
        **more: Any,
    ) -> Any:
        source = source_of(bundle, trust, pin, anchor, trust_came, typed_as_printed=typed_as_printed)
        if source.file is None and more.get("order", "") is None:
            raise click.UsageError("Missing argument 'ORDER'.")
        done = command(*args, source=source, **more)
        return ended(source, done)

    for option in (AS_PRINTED, CAME, ANCHOR, PIN, TRUST, BUNDLE):
        chosen = option(chosen)
    return chosen


def source_of(
    bundle: str | None,
    trust: str | None,
    pin: str | None,
    anchor: str | None,
    trust_came: str | None = None,
    *,
    typed_as_printed: bool = False,
) -> RecordSource:
    """Return the record that the options name."""
    if bundle is None:
        given = {"--trust": trust, "--root-fingerprint": pin, "--anchor": anchor, "--trust-came": trust_came}
        for name, value in {**given, "--typed-as-printed": typed_as_printed or None}.items():
            if value is not None:
                raise click.UsageError(f"{name} is for a bundle: --bundle FILE")
        return RecordSource()
    if pin is not None and trust is None:
        raise click.UsageError("--root-fingerprint is of the folder of --trust")
    from cli.terminal import file_io

    return RecordSource(
        bundle,
        None if trust is None else trust_folder.read_trust(trust, pin),
        None if anchor is None else file_io.read(anchor),
        came=came_of(trust_came, bundle, trust, pin, anchor),
        typed_as_printed=typed_as_printed,
    )


def ended(source: RecordSource, done: Any) -> Any:
    """Return how a command ends: with 3 in the place of 0 where it read an INDETERMINATE bundle."""
    if source.bundle is None or done not in (None, Exit.DONE):
        return done

    return done if source.bundle.report.verdict is Verdict.PASSED else Exit.FINDINGS


def describe(bundle: VerifiedBundle) -> Iterator[str]:
    """Yield what is said of every bundle that is read: its verdict, its moment, and that the view is partial."""
    report, said = bundle.report, bundle.manifest
    reasons = "; ".join(f"{reason.code}: {reason.says}" for reason in report.reasons)
    yield f"{output.in_one_line(bundle.file)}: {report.verdict}{f' {reasons}' if reasons else ''}"
    if said.test:
        yield "TEST: it comes from a test ledger and is not evidence"
    size = report.head.checkpoint.size if report.head else 0
    role = ROLES.get(said.audience, said.audience)
    yield f"made for {said.audience} ({role}), as of {output.plain(report.as_of)}, log {said.log}, size {size}"
    yield partial(bundle)


def partial(bundle: VerifiedBundle) -> str:
    """Return in a sentence that the law was judged on a partial record, and what of the bundle was not read."""
    closed = output.counted(bundle.withheld, "sealed value is", "sealed values are")
    withheld = (
        f"judged on what this audience may read: {closed} withheld from it, shown as [sealed]; a gap may come of that"
        if bundle.withheld
        else "judged on what this audience may read; no sealed value is withheld"
    )
    if not bundle.unread:
        return withheld
    others = output.counted(bundle.unread, "entry of other orders is", "entries of other orders are")
    return f"{withheld}; {others} proven in this bundle and not read here"


def server_item(server: RemoteReader | None) -> ServerItem | UnsetType:
    """Return the office server as part of an answer; UNSET for a folder and a bundle."""
    return UNSET if server is None else server.item()


def item(bundle: VerifiedBundle | None) -> BundleItem | UnsetType:
    """Return the bundle as part of an answer; UNSET for a ledger."""
    if bundle is None or bundle.report.as_of is None or bundle.report.head is None:
        return UNSET
    report, said = bundle.report, bundle.manifest
    return BundleItem(
        file=bundle.file,
        order=said.order,
        log=said.log,
        size=bundle.report.head.checkpoint.size,
        audience=said.audience,
        as_of=bundle.report.as_of,
        verdict=str(report.verdict),
        reasons=[BundleReason(reason.code, reason.where, reason.says) for reason in report.reasons],
        withheld=said.withheld_count,
        test=said.test,
        partial=partial(bundle),
    )
