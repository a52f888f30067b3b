"""The steps that are measured on one ledger, in their order: later ones need what earlier ones left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data.generate import registrar
from benchmarks.data.ledgers import ASKER, REFERENCE
from benchmarks.startup import PROGRAM

AUDITOR = "auditor.example/scale"
MORE = 1_000  # entries that are added for the steps behind "copy, later"
BULKY = 5_000_000  # a ledger with more entries is copied, published and viewed twice only if that is asked for


@dataclass(frozen=True)
class Place:
    """A ledger, and a folder for what the steps make."""

    ledger: Path
    folder: Path

    def __truediv__(self, name: str) -> str:
        return str(self.folder / name)


@dataclass(frozen=True)
class Step:
    """One command to be measured.

    `needs` are steps without which it cannot run. `before` are removed first, `after` when it is done: paths, relative
    to the folder of the steps or, with a leading `ledger/`, to the ledger. `bulky` steps write the whole ledger, or all
    views of it, again. A step that `continues` does not repeat what it has done before its run was stopped. `plain`
    steps are run to prepare others, and have no row in the table.
    """

    name: str
    command: Callable[[Place], Sequence[str]]
    needs: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    bulky: bool = False
    continues: bool = False
    plain: bool = False


def _comity(*words: str, on_ledger: bool = True) -> Callable[[Place], Sequence[str]]:
    """Return a command of the program; `{}` in a word is the folder of the steps, `{ledger}` the ledger."""

    def command(place: Place) -> Sequence[str]:
        given = [word.replace("{ledger}", str(place.ledger)).replace("{}", str(place.folder)) for word in words]
        return [*PROGRAM, *given, *(["--ledger", str(place.ledger)] if on_ledger else [])]

    return command


def _module(name: str, *words: str) -> Callable[[Place], Sequence[str]]:
    return lambda place: [sys.executable, "-m", f"benchmarks.scale.{name}", *words, str(place.ledger)]


_ASKED = ("--person", "Dina Ilves", "--unwitnessed", "--audience", "COURT")
_WHY = ("--because", "request of 3 May", "--purpose", "investigation")
_YEAR = ("--from", "2024-01-01", "--to", "2025-01-01")
_COPY = ("backup", "{ledger}", "-o")
_FSCK = ("fsck", "--auditor", AUDITOR, "--state", "{}/auditor")
_MONITOR = ("monitor", "--entries", "--trust", "{ledger}/trust", "--state", "{}/monitor", "{}/published")
_SENT = ("record", "notification-sent", REFERENCE, "-f", "notified_authority=not-0", "-f", "includes=order", "--yes")
_ARCHIVE = ("archive", "{}/archive", "--as", registrar().actor)

STEPS: tuple[Step, ...] = (
    Step("start: --version", _comity("--version", on_ledger=False)),
    Step("show", _comity("show", REFERENCE)),
    Step("judge", _comity("judge", REFERENCE)),
    Step("timeline", _comity("timeline", REFERENCE)),
    Step("custody", _comity("custody", REFERENCE)),
    Step("replay", _comity("replay", REFERENCE, "--at", "2024-06-01T00:00:00Z")),
    Step("export", _comity("export", REFERENCE, *_ASKED, "-o", "{}/court.zip"), before=("court.zip",)),
    Step(
        "verify: bundle",
        _comity("verify", "{}/court.zip", "--trust", "{ledger}/trust", on_ledger=False),
        needs=("export",),
    ),
    Step("log: newest entries", _comity("log", "--limit", "20")),
    Step("fsck", _comity("fsck")),
    Step("verify: ledger", _comity("verify", "{ledger}", "--trust", "{ledger}/trust", on_ledger=False)),
    Step("audit new", _comity("audit", "new", AUDITOR, "--state", "{}/auditor"), before=("auditor",), plain=True),
    Step("fsck --auditor, from nothing", _comity(*_FSCK, "--all"), needs=("audit new",)),
    Step("fsck --auditor, nothing new", _comity(*_FSCK), needs=("fsck --auditor, from nothing",)),
    Step("due, views from nothing", _comity("due", "--limit", "50"), before=("ledger/views.*db*",), continues=True),
    Step("due", _comity("due", "--limit", "50")),
    Step("views --rebuild", _comity("views", "--rebuild"), before=("ledger/views.next.db*",), bulky=True),
    Step("due, whole list", _comity("due", "--format", "csv")),
    Step("orders", _comity("orders", "--limit", "50")),
    Step("orders by last entry", _comity("orders", "--limit", "50", "--sort", "-last")),
    Step("stats, first", _comity("stats", "--art28", *_YEAR)),
    Step("stats", _comity("stats", "--art28", *_YEAR)),
    Step("register, first", _comity("register")),
    Step("register", _comity("register")),
    Step("log publish, first", _comity("log", "publish", "{}/published"), before=("published",), bulky=True),
    Step("monitor, first", _comity(*_MONITOR), needs=("log publish, first",), before=("monitor",)),
    Step("monitor, nothing new", _comity(*_MONITOR), needs=("monitor, first",)),
    Step("archive", _comity(*_ARCHIVE), before=("archive",), bulky=True),
    Step(
        "audit --archive",
        _comity(
            "audit", "--archive", "{}/archive", "--trust", "{ledger}/trust", "--state", "{}/audits", on_ledger=False
        ),
        needs=("archive",),
        before=("audits",),
    ),
    Step("copy, whole", _comity(*_COPY, "{}/whole.tar", on_ledger=False), before=("whole.tar",), bulky=True),
    Step(f"receive {MORE:,} entries", _module("grow", "receive")),
    Step(f"fsck --auditor, {MORE:,} new", _comity(*_FSCK), needs=("fsck --auditor, from nothing",)),
    Step(f"due, {MORE:,} new", _comity("due", "--limit", "50")),
    Step(f"stats, {MORE:,} new", _comity("stats", "--art28", *_YEAR)),
    Step(f"log publish, {MORE:,} new", _comity("log", "publish", "{}/published"), needs=("log publish, first",)),
    Step(f"monitor, {MORE:,} new", _comity(*_MONITOR), needs=("monitor, first",), after=("published", "monitor")),
    Step(f"archive, {MORE:,} new", _comity(*_ARCHIVE), needs=("archive",), after=("archive", "audits")),
    Step(
        f"copy, later, {MORE:,} new",
        _comity(*_COPY, "{}/later.tar", "--since", "{}/whole.tar", on_ledger=False),
        needs=("copy, whole",),
        before=("later.tar",),
    ),
    Step(
        "restore both copies",
        _comity("restore", "--behind", "{}/whole.tar", "{}/later.tar", "{}/restored", on_ledger=False),
        needs=(f"copy, later, {MORE:,} new",),
        before=("restored",),
        after=("restored", "whole.tar", "later.tar"),
    ),
    Step("record", _comity(*_SENT, "--as", ASKER)),
    Step("find a person", _comity("subject", "find", "ACCT-0000123", *_WHY, "--as", ASKER, *_ASKED[:2])),
    Step("register one office", _module("grow", "office"), plain=True),
    Step("due, one new office", _comity("due", "--limit", "50"), needs=("register one office",)),
    Step("desk", _module("pages", "desk")),
    Step("serve", _module("pages", "serve")),
)
