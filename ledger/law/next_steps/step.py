"""The rows of the tables of next steps, and the filling of their commands."""

from __future__ import annotations

import string
from collections.abc import Mapping

from msgspec import Struct

from ledger.command_line import quoted
from ledger.entries.case import Entry, wire
from ledger.messages import made

PLAIN = frozenset(string.ascii_letters + string.digits + "-_.:")
FROM = "--from FIELDS"  # the fields of the entry that is recorded again, as JSON
NOTHING = "Nothing that can be recorded changes this"


class NextStep(Struct, frozen=True):
    """What would settle a point: the missing fact in words, and the command that records it.

    `command` is a line for a shell. The caller fills in the words in capitals, such as WHEN. It is None where nothing
    that can be recorded changes the point; `lacks` then says why.
    """

    lacks: str
    command: str | None = None


class Remedy(Struct, frozen=True):
    """A row of a table: the missing fact in words, and the command after `comity`, in which ORDER and ENTRY are filled.

    ENTRY, KIND, MOMENT, SIGNER and WHOSE (whose act it reports) are those of the first entry of `about` kinds (empty:
    any) to which the point refers.
    """

    lacks: str
    command: str | None = None
    about: tuple[str, ...] = ()

    def step(self, order: str, entry: Entry | None) -> NextStep:
        """Return the step for an order by its name; `entry` is the one that the command names."""
        if self.command is None:
            return NextStep(made(self.lacks))
        command, words = self.command, {"ORDER": order}
        if entry is not None:
            words |= {"ENTRY": f"#{entry.number}", "KIND": entry.kind, "MOMENT": wire(entry.on), "SIGNER": entry.by}
            words["WHOSE"] = entry.actor
            command = command.replace(FROM, _stated(entry, command))
            if "--replaces" in command:
                command += _circumstances(entry, command)
        return NextStep(made(self.lacks), filled(command, words))


Remedies = tuple[Remedy, ...]


def record(lacks: str, command: str, about: str = "") -> Remedy:
    """Return a row whose command is `comity record`: `command` is the kind, then its fields and options."""
    kind, _, options = command.partition(" ")
    return Remedy(lacks, f"record {kind} ORDER {options}".rstrip(), tuple(about.split()))


def restate(lacks: str, kinds: str, options: str) -> Remedy:
    """Return a row whose command records an entry of these kinds again, by its own signer, with other values.

    It states the same moment again, if no other one is among the values: without it the entry would happen now.
    """
    moment = "" if "--on " in options else "--on MOMENT"
    return Remedy(
        lacks,
        f"record KIND ORDER --replaces ENTRY --why TEXT {FROM} {options} {moment} --as SIGNER",
        tuple(kinds.split()),
    )


def run(lacks: str, command: str, about: str = "") -> Remedy:
    """Return a row with another command."""
    return Remedy(lacks, command, tuple(about.split()))


def nothing(why: str) -> Remedy:
    """Return a row for a point that no later entry changes, with the reason as a half sentence."""
    return Remedy(f"{NOTHING}: {why}.")


def _stated(entry: Entry, command: str) -> str:
    """Return options that state the fields of an entry again; `--from FIELDS` where they are not all plain."""
    if any(map(entry.stated, entry.sealed)) or not all(
        isinstance(v, str) and PLAIN.issuperset(v) for v in entry.public.values()
    ):
        return FROM
    again = {name: value for name, value in entry.public.items() if f"-f {name}=" not in command}
    return " ".join(f"-f {name}={value}" for name, value in again.items())


def _circumstances(entry: Entry, command: str) -> str:
    """Return the options that state again how the moment is known and whose act it was, if not as usual."""
    stated = {
        "--on-source": (entry.on_source, "own-act"),
        "--speaks": (entry.speaks, "act"),
        "--whose": (entry.whose, None),
    }
    return "".join(
        f" {option} {value}"
        for option, (value, usual) in stated.items()
        if value != usual and f"{option} " not in command
    )


def filled(command: str, words: Mapping[str, str]) -> str:
    """Return a command line with these words filled in, also as the value of a field (`about=ENTRY`)."""
    parts = []
    for part in command.split():
        name, mark, value = part.rpartition("=")
        parts.append(quoted(f"{name}{mark}{words.get(value, value)}"))
    return " ".join(("comity", *parts))
