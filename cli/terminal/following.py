"""The command that usually follows an entry of an order: the way from the order to the papers that are filed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ledger.entries.case import Case, Entry
from ledger.facts import KINDS

if TYPE_CHECKING:
    from ledger.entries.keyring import SigningOffice

CHANNEL = {"EPOC": "decentralised-it-system", "EPOC-PR": "decentralised-it-system"}
PORTAL = "provider-portal"
ASKED_OF = ("notification-sent", "non-disclosure-instructed", "ground-for-refusal-raised", "order-corrected")


class Following:
    """The next command of one order; `here` are the offices whose keys are on this machine, with their roles.

    `name` is that of the order in commands, `files` the paths of files that were just handed over.
    """

    def __init__(self, case: Case, name: str, here: Mapping[str, SigningOffice], files: Sequence[str] = ()) -> None:
        self._case, self._name, self._here, self._files = case, name, here, files

    def after(self, entry: Entry) -> str:
        """Return the command that usually follows an entry, complete as far as the record tells."""
        way = {
            "order-issued": self._transmit,
            "order-transmitted": self._receive_order,
            "order-received": self._disclose,
            "data-disclosed": self._receive_data,
            "evidence-received": self._file,
        }
        other = ("judge" if entry.kind in ASKED_OF else "show", self._name)
        words = way[entry.kind](entry) if entry.kind in way else other
        return shlex.join(("comity", *words))

    def _transmit(self, entry: Entry) -> tuple[str, ...]:
        channel = CHANNEL.get(self._case.instrument, PORTAL)
        to = ("-f", f"addressee={self._provider()}", "-f", f"channel={channel}")
        return ("record", "order-transmitted", self._name, *to, *self._as("order-transmitted", entry))

    def _receive_order(self, entry: Entry) -> tuple[str, ...]:
        addressee = str(entry.get("addressee"))
        if addressee not in self._here:
            return self._disclose(entry)
        return ("record", "order-received", self._name, "-f", "proof_kind=own-stamp", "--as", addressee)

    def _disclose(self, entry: Entry) -> tuple[str, ...]:
        """Return the answer of the provider: its own act, or what the issuing office saw of it."""
        provider = self._provider()
        own: tuple[str, ...] = ("--as", provider)
        if provider not in self._here:
            own = (*self._as("data-disclosed", entry), "--speaks", "observation", "--whose", provider)
        sought = [text for e in self._case.entries for text in e.public.get("elements_sought", ())]
        elements = ("--elements", ",".join(sought)) if sought else ()
        channel = ("--channel", CHANNEL.get(self._case.instrument, PORTAL))
        return ("disclose", self._name, "FILE", *channel, *elements, *own)

    def _receive_data(self, entry: Entry) -> tuple[str, ...]:
        received = {str(e.get("exhibit")) for e in self._case.entries if e.kind == "evidence-received"}
        files = [word for file in self._files or ("FILE",) for word in ("-f", f"manifest={file}")]
        exhibit = next(f"EX-{n}" for n in range(1, len(received) + 2) if f"EX-{n}" not in received)
        said = ("-f", f"exhibit={exhibit}", "-f", "check=equal", *files)
        return ("record", "evidence-received", self._name, *said, *self._as("evidence-received", entry))

    def _file(self, entry: Entry) -> tuple[str, ...]:
        number = next((str(e.public["case_ref"]) for e in self._case.entries if e.public.get("case_ref")), self._name)
        why = ("--audience", "COURT", "--because", f"hearing in {number}")
        return ("file", self._name, *why, *self._as("bundle-issued", entry), "-o", "filing")

    def _provider(self) -> str:
        providers = [p for e in self._case.entries for p in e.public.get("providers") or ()]
        return str(providers[-1]) if providers else "PROVIDER"

    def _as(self, kind: str, entry: Entry) -> tuple[str, ...]:
        """Return who signs: the signer of the entry if it may, else an office on this machine that may.

        The role is named where the office could sign in more than one.
        """
        may = [name for name, office in self._here.items() if {*office.roles} & {*KINDS[kind].signers}]
        actor = entry.by if entry.by in may or (not may and entry.by in self._here) else may[0] if may else "OFFICE"
        held = self._here[actor].roles if actor in self._here else ()
        fitting = [role for role in held if role in KINDS[kind].signers] or list(held)
        return ("--as", actor, *(("--role", fitting[0]) if len(fitting) > 1 else ()))
