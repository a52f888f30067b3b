"""Hand a bundle over from the command line or the desk: `ledger.application.export`, with prompts and messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from cli.access.persons import person_of
from cli.access.recorded_access import purpose_for
from cli.exit_codes import Stop, lines_of
from cli.session.clock_check import check_heard
from cli.terminal import output
from ledger.application.export.bundle_contents import BundleRequest
from ledger.application.export.hand_over import Export, ExportedBundle, hand_over
from ledger.application.export.witnessed_head import Witnesses
from ledger.application.journal import Journal
from ledger.entries.envelope import Signer


@dataclass(frozen=True, slots=True)
class Handing:
    """A bundle that a user asks for; the members are those of `Export`.

    `person` is the name of the person who opens values (by default the one known for the key).
    `otherwise` is the hint for a user who can get no quorum of witnesses.
    """

    asked: BundleRequest
    signer: Signer
    opener: Callable[[], Signer]
    because: str | None = None
    unwitnessed: bool = False
    otherwise: str = "--unwitnessed hands over what they cannot confirm"
    person: str | None = None
    whole: bool = False


def witnesses(journal: Journal, otherwise: str = "", *, every_mirror: bool = False) -> Witnesses:
    """Return the witnesses of a ledger; their answers are compared with the clock, messages go to stderr."""
    return Witnesses(journal, output.tell, partial(check_heard, journal), otherwise, every_mirror)


@contextmanager
def handing(journal: Journal, wanted: Handing) -> Iterator[ExportedBundle]:
    """Make a bundle for the block to hand out; see `hand_over`.

    `Stop` with REFUSED where no purpose or person is known.
    """

    def opener() -> Signer:
        if wanted.because is not None and not wanted.because.strip():
            raise Stop("--because is empty", hint="say why the values are handed over, or leave it out")
        return wanted.opener()

    request = wanted.asked
    purpose = purpose_for(wanted.signer, "export", request.purpose, request.audience)
    export = Export(
        replace(request, purpose=purpose),
        wanted.signer,
        opener,
        lambda signer: person_of(journal, signer, wanted.person),
        wanted.because,
        wanted.unwitnessed,
        wanted.whole,
        output.tell,
        lambda error: lines_of(error)[0],
    )
    with hand_over(journal, export, witnesses(journal, wanted.otherwise)) as bundle:
        yield bundle
