"""`comity counterparty`: pin the keys of another office's log, and list the logs that are pinned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.options import KEY
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time


class PinnedLogItem(Struct, frozen=True):
    """One pinned log, and the newest head of it that was seen: its size, its digest, and when."""

    log: str
    size: int | None
    seen: Time | None
    digest: str | None


class CounterpartiesAnswer(CommandAnswer, tag="comity.counterparties/1"):
    """The other logs whose keys are pinned."""

    counterparties: list[PinnedLogItem]


@command("comity counterparty add skylark-trust/ --key adm", "comity counterparty add /media/stick/trust")
@click.argument("folder", metavar="DIR")
@KEY
def add(folder: str, key_file: str | None) -> None:
    """Pin the keys of another office's log: DIR is its trust folder, handed over by a way you trust.

    The registrar records the digest of the folder. From then on `comity receive` verifies entries of that log under
    these keys, and trust/ carries the keys to the verifiers of our bundles.
    """
    from cli.session.open_ledger import hand, writing
    from cli.session.record_target import FolderTarget
    from cli.terminal.receipt import tell
    from ledger.application.counterparties import adoption, keep_counterparty, origin_of, pinned, read_counterparty
    from ledger.facts import build

    place = Path(folder) / "trust" if ledger_choice.is_ledger(folder) else Path(folder)
    if not (place / "policy").exists():
        raise Stop(f"{folder} has no file named policy", hint="it is the folder trust/ of their ledger")
    trust, files = read_counterparty(place)
    with writing() as journal:
        if origin_of(trust) == journal.origin:
            raise Stop(f"{folder} is about this very ledger")
        fact = build("policy-adopted", adoption(trust, files, journal.now().date().isoformat()), {})
        is_pinned = pinned(journal.cases.register(reveal=False)).get(origin_of(trust)) == _digest(fact)
        signer = None if is_pinned else hand(journal, fact.kind, journal.folder.registrar.actor, "ADM", key_file)
        copy = keep_counterparty(journal.folder.path / "trust", trust, files)
        if signer is None:
            output.tell(f"{origin_of(trust)} is pinned already, by these very files")
            return
        tell(FolderTarget(journal), fact.kind, journal.record(fact, journal.registry, signer))
    output.tell(f"{origin_of(trust)}: {copy}")


@command("comity counterparty list", "comity counterparty list --json", refused=Exit.UNDECIDABLE)
def list_() -> None:
    """The other logs whose keys are pinned here, and the newest head of each that was seen."""
    from cli.session.ledger_reader import reading
    from ledger.adapters.witness.followed_logs import newest_seen
    from ledger.application.counterparties import pinned

    items = []
    with reading() as reader:
        for origin in pinned(reader.cases.register(reveal=False)):
            head = newest_seen(reader.folder.others, origin)
            items.append(PinnedLogItem(origin, *((head.size, head.at, head.digest) if head else (None, None, None))))
    output.emit(CounterpartiesAnswer(items), PinnedLogItem.__struct_fields__, items)


def _digest(fact: object) -> str | None:
    document = getattr(fact, "document", None)
    digest = document.get("sha256") if isinstance(document, Mapping) else getattr(document, "sha256", None)
    return digest if isinstance(digest, str) else None
