"""Find the ledgers that a signed directory lists, with the trust in each and the checkpoints that it took of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cli.audits.places import Place
from cli.exit_codes import Exit, Stop
from ledger.adapters.log.published_log import LARGEST_NOTE, source
from ledger.application.root_log.reading import read_directory
from ledger.application.root_log.root_log import published
from ledger.trust.trust_folder import Trust

MOST_COMPARED = 1_000  # checkpoints of one ledger that are compared with it, the newest


def listed_places(where: str, trusts: Sequence[Trust], state: Path, now: datetime) -> Iterator[Place]:
    """Yield the ledgers that the directory at `where` lists and that have not ended, each with its trust.

    `Stop` without trust in the directory; `LedgerError` or `RecordError` if it does not verify: nothing of it is used.
    """
    place = published(where)
    origin = source(place)("checkpoint", LARGEST_NOTE).partition(b"\n")[0].decode("ascii", "replace")
    trust = next((each for each in trusts if any(key.name == origin for key in each.policy.logs)), None)
    if trust is None:
        says = f"{where} says it is the directory {origin!r}, and no trust names it"
        raise Stop(says, hint="--trust DIR: the trust folder of the directory", code=Exit.UNDECIDABLE)
    directory, day = read_directory(place, trust, state, now), f"{now.astimezone(UTC):%Y-%m-%d}"
    for entry in directory.current():
        if entry.ended(day) or not entry.address:
            continue
        taken = directory.checkpoints.get(entry.log, [])[-MOST_COMPARED:]
        seen = tuple((f"leaf {index} of {origin}", head.note.decode()) for index, head in taken)
        yield Place(entry.address, entry.log, entry.holder, "", entry.trust(), seen)
