"""`comity monitor`: follow published logs, and report what people should look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import replace

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, ProblemItem
from cli.terminal.log_output import VERBOSE
from ledger.adapters.folders.user_folders import Home, private_folder
from ledger.adapters.log.published_log import LARGEST_NOTE, source
from ledger.adapters.storage.connection import Location
from ledger.adapters.witness.monitor import Alarm, Patience, look
from ledger.errors import LedgerError
from ledger.trust.trust_folder import Trust

PROVED = frozenset({"SPLIT-VIEW", "SPLIT-ORDER", "MAP-ROOT", "MAP-SIZE", "LOG-ROLLBACK", "LOG-CORRUPT", "LOG-FORKED"})
# entries that a log accepted against its own rules
OF_ENTRIES = ("CTX-", "ENV-", "FACT", "JSON-", "KEY-", "SD-", "SIG-")
UNREACHED = frozenset({"LOG-UNREACHABLE", "HTTP-SILENT", "NO-HTTP", "DISK-ERROR", "DISK-FULL"})


class FollowedLogItem(Struct, frozen=True):
    """One log as it was found at `where`: its size, the size seen before, and the entries that were opened."""

    log: str
    where: str
    size: int | None
    before: int | None
    entries: int | None
    alarms: list[ProblemItem]


class MonitorAnswer(CommandAnswer, tag="comity.monitor/1"):
    """One look at each log, and the folder in which evidence is kept."""

    logs: list[FollowedLogItem]
    evidence: str


@command(
    "comity monitor --trust karsk-trust/ https://ledger.example/karsk",
    "comity monitor --trust karsk-trust/ --trust ardel-trust/ --silence 26 --stale 26       (cron: exit 1, 3 or 4)",
    "comity monitor --ledger ledger/ --entries          (its counterparties, where their policies have a URL)",
    refused=Exit.UNDECIDABLE,
)
@click.argument("places", nargs=-1, metavar="[DIR|URL]...")
@click.option(
    "--trust", "trusts", multiple=True, metavar="DIR|FILE", help="Whose logs: their trust folders; repeatable."
)
@click.option(
    "--state", metavar="DIR", help="What was seen, and evidence (default: the ledger's, or your state folder)."
)
@click.option(
    "--silence", type=click.FloatRange(0), metavar="HOURS", help="Alarm if a log shows nothing new for so long."
)
@click.option("--stale", type=click.FloatRange(0), metavar="HOURS", help="Alarm if no witness cosigned for so long.")
@click.option(
    "--entries", is_flag=True, help="Read every new entry as well, where they are published; sealed values stay sealed."
)
@VERBOSE
def monitor(
    places: tuple[str, ...],
    trusts: tuple[str, ...],
    state: str | None,
    silence: float | None,
    stale: float | None,
    entries: bool,
) -> Exit:
    """Look once at each log: does it follow what it showed before? Made to be run again and again.

    With --entries each new entry is opened: its signature, its place in its order, its key by the register of that log.
    Exit 1 if a log is proved to contradict itself, to have turned back, to publish other entries than it signed, or to
    have let one in against its own rules; 3 if one is silent, stale, or cannot show that it only grew; 4 if one cannot
    be reached; 0 if there is nothing to look at. Evidence is kept in the folder `evidence` of the state; without
    --trust in the ledger, whose counterparties are checked together with what came in their bundles.
    """
    folder, evidence, heads = _memory(state, trusts)
    private_folder(folder)
    patience = Patience(_hours(silence), _hours(stale))
    columns, rows, looks = ("log", "size", "before", "entries", "code", "says"), [], []
    for place, trust, origin in _logs(places, trusts):
        seen = look(
            place,
            trust.policy,
            origin,
            folder,
            ledger_choice.now(),
            patience,
            entries=entries,
            registrar=trust.registrar,
            evidence=evidence,
            heads_in=heads,
        )
        if entries and trust.registrar is None:
            unopened = Alarm("NO_TRUST_ANCHOR", "no registrar is trusted: entries were held against the tree alone")
            seen = replace(seen, alarms=(*seen.alarms, unopened))
        looks.append(seen)
        for code, says in [(alarm.code, alarm.says) for alarm in seen.alarms] or [("", "nothing to look at")]:
            rows.append((seen.log, seen.size, seen.before, seen.entries, code, says))
    if not looks:
        hint = "name a folder or URL and whose log it is (--trust), or give the log line of their policy a URL"
        raise Stop("no log to look at", hint=hint)
    logs = [
        FollowedLogItem(
            log=seen.log,
            where=seen.where,
            size=seen.size,
            before=seen.before,
            entries=seen.entries,
            alarms=[ProblemItem(alarm.code, alarm.says) for alarm in seen.alarms],
        )
        for seen in looks
    ]
    output.emit(MonitorAnswer(logs, str(evidence)), columns, rows)
    return _exit([alarm for seen in looks for alarm in seen.alarms])


def _memory(state: str | None, trusts: tuple[str, ...]) -> tuple[Path, Path, Location]:
    """Return the folders for what was checked and for evidence, and the place of heads.

    They are in --state, in the ledger, or with --trust in the user's state folder.
    """
    from ledger.adapters.folders.ledger_folder import OTHERS, read_folder

    if state is None and not trusts:
        ledger = read_folder(Path(ledger_choice.ledger_folder()))
        return ledger.path / OTHERS, ledger.evidence, ledger.others
    folder = Path(state) if state else Home.user().state / "monitor"
    return folder, folder / "evidence", folder


def _exit(alarms: list[Alarm]) -> Exit:
    codes = {alarm.code for alarm in alarms}
    if codes & PROVED or any(code.startswith(OF_ENTRIES) for code in codes):
        return Exit.PROVED_BAD
    if codes - UNREACHED:
        return Exit.FINDINGS
    return Exit.UNDECIDABLE if codes else Exit.DONE


def _hours(hours: float | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)


def _logs(places: tuple[str, ...], trusts: tuple[str, ...]) -> Iterator[tuple[str, Trust, str]]:
    """Yield (where, trust, origin) of each log: the named places, else every log with a URL in its policy."""
    parsed_trusts = _held(trusts)
    if places:
        for place in places:
            yield place, *_whose(place, parsed_trusts)
        return
    for trust in parsed_trusts:
        for key, url in trust.policy.urls.items():
            if key in trust.policy.logs:
                yield url, trust, key.name


def _held(trusts: tuple[str, ...]) -> list[Trust]:
    from cli.handover.trust_folder import read_trust
    from ledger.adapters.folders.ledger_folder import read_folder

    if trusts:
        return [read_trust(trust) for trust in trusts]
    folder = read_folder(Path(ledger_choice.ledger_folder()))
    return list(read_trust(str(folder.path)).others)


def _whose(place: str, held: list[Trust]) -> tuple[Trust, str]:
    """Return the trust that knows the log published at a place, and its origin.

    The origin is the one that the log states; the verification that follows proves it.
    """
    logs = {key.name: trust for trust in held for key in trust.policy.logs}
    try:
        origin = source(place)("checkpoint", LARGEST_NOTE).partition(b"\n")[0].decode("ascii", "replace")
    except LedgerError:
        if len(logs) != 1:
            raise
        origin = next(iter(logs))
    if origin not in logs:
        origins = ", ".join(sorted(logs)) or "none"
        raise Stop(f"{place} says it is the log {origin!r}", hint=f"--trust DIR for it; known is {origins}")
    return logs[origin], origin
