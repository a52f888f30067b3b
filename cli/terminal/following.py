"""The command that usually follows an entry of an order: the way from the order to the papers that are filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.application.counterparties import pinned
from ledger.command_line import command_line
from ledger.entries.case import Case, Entry
from ledger.entries.keyring import SigningOffice, fitting_roles
from ledger.facts import KINDS

CHANNEL = {"EPOC": "decentralised-it-system", "EPOC-PR": "decentralised-it-system"}
PORTAL = "provider-portal"
ISSUER_SIDE = "ISS"  # may report what a provider without a ledger has answered
ASKED_OF = ("notification-sent", "non-disclosure-instructed", "ground-for-refusal-raised", "order-corrected")
BEFORE_ISSUE = ("order-drafted", "order-supervised", "order-validated")
NOTIFIED = "notification-sent"
SERVICE = ("order-issued", NOTIFIED, "order-transmitted")  # the order goes to its addressee and to the authority


def usual_channel(instrument: str | None) -> str:
    """Return the channel by which orders of an instrument usually go."""
    return CHANNEL.get(instrument or "", PORTAL)


def authority_to_notify(stated: str | None, party: str | None, register: Sequence[Entry]) -> str | None:
    """Return the authority that an order states, else the only one of its Party in the register; None without one."""
    if stated:
        return stated
    offices = (e.public for e in register if e.kind == "authority-registered" and e.public.get("party") == party)
    names = {str(o["actor"]) for o in offices if "NOT" in o.get("roles", ())}
    return names.pop() if len(names) == 1 else None


class Following:
    """The next command of one order; `here` are the offices whose keys are on this machine, with their roles.

    `name` is that of the order in commands, `files` the paths of files that were just handed over. `missing` are the
    kinds of `SERVICE` that the order still lacks, the first of which comes next.
    """

    def __init__(
        self,
        case: Case,
        name: str,
        here: Mapping[str, SigningOffice],
        files: Sequence[str] = (),
        missing: Sequence[str] = (),
    ) -> None:
        self._case, self._name, self._here, self._files, self._missing = case, name, here, files, missing

    def after_all(self, entries: Sequence[Entry]) -> str:
        """Return the command that follows several entries that came together: of the last one that has a step here."""
        found = [self.after(e) for e in entries]
        idle = (command_line("show", self._name), command_line("judge", self._name))
        return next((one for one in reversed(found) if one not in idle), found[-1])

    def after(self, entry: Entry) -> str:
        """Return the command that usually follows an entry, complete as far as the record tells."""
        way = {
            "order-issued": self._transmit,
            "order-transmitted": self._receive_order,
            "order-received": self._disclose,
            NOTIFIED: self._receive_notification,
            "no-ground-confirmed": self._disclose,
            "data-disclosed": self._receive_data,
            "evidence-received": self._file,
        }
        if entry.kind in BEFORE_ISSUE and not any(e.kind == "order-issued" for e in self._case.entries):
            return command_line("issue", "--from", "FILE", "--order", self._name, *self._as("order-issued", entry))
        if entry.kind in SERVICE and self._missing and self._mine(self._missing[0]):
            return command_line(*(self._notify if self._missing[0] == NOTIFIED else self._transmit)(entry))
        other = ("judge" if entry.kind in ASKED_OF else "show", self._name)
        words = way[entry.kind](entry) if entry.kind in way else other
        return command_line(*words)

    def _notify(self, entry: Entry) -> tuple[str, ...]:
        authority = authority_to_notify(
            self._stated("notified_authority"), self._stated("to_party"), self._case.registry
        )
        return ("notify", self._name, "--to", authority or "AUTHORITY", *self._as(NOTIFIED, entry))

    def _stated(self, field: str) -> str | None:
        return next((str(e.public[field]) for e in self._case.entries if e.public.get(field)), None)

    def _mine(self, kind: str) -> bool:
        """Return True unless an entry of this kind is an act of offices that have no key on this machine."""
        return not self._here or any({*office.roles} & {*KINDS[kind].signers} for office in self._here.values())

    def _transmit(self, entry: Entry) -> tuple[str, ...]:
        if not self._mine("order-transmitted"):
            return self._receive(self._provider(entry))
        to = ("-f", f"addressee={self._provider(entry)}", "-f", f"channel={usual_channel(self._case.instrument)}")
        return ("record", "order-transmitted", self._name, *to, *self._as("order-transmitted", entry))

    def _receive_order(self, entry: Entry) -> tuple[str, ...]:
        addressee = str(entry.get("addressee"))
        if addressee not in self._here or self._has("order-received", addressee):
            return self._disclose(entry)
        return self._receive(addressee)

    def _receive(self, addressee: str) -> tuple[str, ...]:
        """Return the receipt of the order by its addressee, if that has a key on this machine."""
        if addressee not in self._here:
            return ("show", self._name)
        return ("record", "order-received", self._name, "-f", "proof_kind=own-stamp", "--as", addressee)

    def _receive_notification(self, entry: Entry) -> tuple[str, ...]:
        """Return the receipt of the notification by its authority, if that has a key here and has not received it."""
        authority = str(entry.get("notified_authority"))
        if authority not in self._here or self._has("notification-received", authority):
            return ("judge", self._name)
        return ("record", "notification-received", self._name, "-f", "proof_kind=own-stamp", "--as", authority)

    def _has(self, kind: str, by: str) -> bool:
        return any(e.kind == kind and e.by == by for e in self._case.entries)

    def _waits_for_authority(self) -> bool:
        """Return True while the notified authority may still say no, and the provider must not disclose before."""
        kinds = {e.kind for e in self._case.entries}
        return self._case.instrument == "EPOC" and NOTIFIED in kinds and "no-ground-confirmed" not in kinds

    def _disclose(self, entry: Entry) -> tuple[str, ...]:
        """Return the answer of the provider: its own act, or what the issuing office saw of it.

        None while the authority may still say no, after an answer, or where no office here may state it: what is due.
        """
        provider = self._provider(entry)
        answers = {ISSUER_SIDE, *KINDS["data-disclosed"].signers}
        no_one = bool(self._here) and not any(answers & {*office.roles} for office in self._here.values())
        if provider not in self._here and self._exchanges():
            if entry.kind == "order-transmitted" and not no_one and not self._has("order-received", provider):
                return self._hand_over(entry, "SP", "order")
            no_one = True  # its own ledger says what it answers
        if no_one or self._waits_for_authority() or self._has("data-disclosed", provider):
            return ("judge", self._name)
        own: tuple[str, ...] = ("--as", provider)
        if provider not in self._here:
            observer = entry.by if entry.by in self._here else next(iter(self._here), "OFFICE")
            own = (*self._signed("data-disclosed", observer), "--speaks", "observation", "--whose", provider)
        versions = [e.public["elements_sought"] for e in self._case.entries if e.public.get("elements_sought")]
        elements = ("--elements", ",".join(versions[-1])) if versions else ()
        channel = ("--channel", usual_channel(self._case.instrument))
        return ("disclose", self._name, "FILE", *channel, *elements, *own)

    def _receive_data(self, entry: Entry) -> tuple[str, ...]:
        """Return how the data are received, or how the provider hands over that it has disclosed them."""
        if not self._mine("evidence-received"):
            return self._hand_over(entry, "ISS")
        received = {str(e.get("exhibit")) for e in self._case.entries if e.kind == "evidence-received"}
        files = [word for file in self._files or ("FILE",) for word in ("-f", f"manifest={file}")]
        exhibit = next(f"EX-{n}" for n in range(1, len(received) + 2) if f"EX-{n}" not in received)
        said = ("-f", f"exhibit={exhibit}", "-f", "check=equal", *files)
        return ("record", "evidence-received", self._name, *said, *self._as("evidence-received", entry))

    def _exchanges(self) -> bool:
        """Return True if this ledger has pinned the keys of another: what an office there does, it states itself."""
        return bool(pinned(self._case.registry))

    def _hand_over(self, entry: Entry, audience: str, what: str = "answer") -> tuple[str, ...]:
        """Return the export of what an office has recorded, for the office on the other side."""
        signs = self._as("bundle-issued", entry)
        return ("export", self._name, "--audience", audience, "-o", f"{what}.evidence.zip", *signs)

    def _file(self, entry: Entry) -> tuple[str, ...]:
        number = next((str(e.public["case_ref"]) for e in self._case.entries if e.public.get("case_ref")), self._name)
        why = ("--audience", "COURT", "--because", f"hearing in {number}")
        return ("file", self._name, *why, *self._as("bundle-issued", entry), "-o", "filing")

    def _provider(self, entry: Entry) -> str:
        """Return the provider that signed the entry, else the last one that the order names."""
        providers = [p for e in self._case.entries for p in e.public.get("providers") or ()]
        if entry.by in providers:
            return entry.by
        return str(providers[-1]) if providers else "PROVIDER"

    def _as(self, kind: str, entry: Entry) -> tuple[str, ...]:
        """Return who signs: the signer of the entry if it may, else an office on this machine that may.

        The role is named where the office could sign in more than one of those in which it has signed here.
        """
        may = [name for name, office in self._here.items() if {*office.roles} & {*KINDS[kind].signers}]
        return self._signed(kind, entry.by if entry.by in may else may[0] if may else "OFFICE")

    def _signed(self, kind: str, actor: str) -> tuple[str, ...]:
        """Return the options for an office that signs, with its role where it could sign in more than one."""
        used = {e.role for e in self._case.entries if e.by == actor}
        fitting = fitting_roles(kind, self._here[actor].roles if actor in self._here else (), used)
        return ("--as", actor, *(("--role", fitting[0]) if len(fitting) > 1 else ()))
