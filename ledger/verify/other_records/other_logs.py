"""Verify logs of other parties: which policy trusts each of them, and which keys its own register proves.

A log counts if the verifier's trust folder names its key and its checkpoint has the quorum of that policy.
The keys of its people count as far as its register is present: entry by entry from the first one, each with a
proof under such a checkpoint, under the registrar of that trust.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from ledger.entries.case import Entry, ReceivedRegister
from ledger.entries.envelope import OpenedEntry, entry_of, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.log_keys import ALGORITHMS, KIND, Starts, key_at, key_starts
from ledger.entries.placement import Chains, registry_of
from ledger.errors import RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import MLDSA44, Checkpoint, Head, MlDsa, Vkey, lines_of, open_checkpoint, parse_checkpoint
from ledger.tlog.policy import Policy
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof
from ledger.trust.trust_folder import Trust
from ledger.verify.field_forms import check_public, known
from ledger.verify.heads import DRIFT
from ledger.verify.progress import counted

Register = Mapping[int, tuple[bytes, bytes]]  # log index -> sealed entry and its tlog-proof


def unsigned(note: bytes) -> Checkpoint:
    """Return what a note says of its log, without a check of its signatures. Raises `RecordError` CP-FORMAT."""
    return parse_checkpoint(note.decode("utf-8", "replace").partition("\n\n")[0] + "\n")


class NotProven(Exception):
    """A missing proof, where nothing is wrong: a code, and what is not proven."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(f"{code} {says}")
        self.code = code
        self.says = says


class NotKnownHere(NotProven):
    """The register of its log proves the key of an entry, but that log has no say about the office of its signer.

    A register of the reader, or the log of that office itself, can confirm the key.
    """


class State(Struct, frozen=True):
    """A checkpoint of another log that the verifier believes, and the policy by which it does."""

    head: Head
    policy: Policy

    @property
    def by(self) -> datetime | None:
        """The moment by which this state existed, in UTC, as the witnesses prove it; None if they do not."""
        faults, voters = self.policy.faults(), self.policy.voters()
        keys = {self.policy.witnesses[name] for name in voters}
        times = sorted(seconds for key, seconds in self.head.cosignatures if key in keys)
        if faults is None or len(times) <= faults:
            return None
        return datetime.fromtimestamp(times[faults], UTC)


class OtherLogs:
    """The known logs of other parties, with their checkpoints and keys.

    `trusts` are the verifier's. `registers` are the present register entries by the origin hash of their log.
    `now` is aware. `mldsa` verifies ML-DSA-44 cosignatures; without it they are not counted.
    """

    def __init__(
        self,
        trusts: Sequence[Trust],
        registers: Mapping[str, Register],
        now: datetime,
        mldsa: MlDsa | None = None,
    ) -> None:
        self._trusts = trusts
        self._registers = registers
        self._latest = (now + DRIFT).timestamp()
        self._mldsa = mldsa
        self._states: dict[bytes, State | NotProven | RecordError] = {}
        self._keyrings: dict[str, Keyring | NotProven] = {}
        self._entries: dict[str, tuple[Entry, ...]] = {}  # of the registers that hold
        self._roots: dict[tuple[str, int], bytes] = {}
        self._starts: dict[str, dict[int, Starts]] = {}

    def state(self, origin: str, note: bytes) -> State:
        """Open a checkpoint of a log. Raises `NotProven`, and `RecordError` CP-* if the checkpoint is invalid."""
        if note not in self._states:
            try:
                self._states[note] = self._opened(origin, note)
            except (NotProven, RecordError) as wrong:
                self._states[note] = wrong
        state = self._states[note]
        if not isinstance(state, State):
            raise state
        return state

    def _opened(self, origin: str, note: bytes) -> State:
        if (head := unsigned(note)).origin != origin:
            raise RecordError("CP-ORIGIN", f"it is a checkpoint of {head.origin}")
        refused: RecordError | None = None
        for trust in self._trusts:
            logs: tuple[Vkey, ...] = tuple(key for key in trust.policy.logs if key.name == origin)
            if not logs:
                continue
            witnesses = [key for key in trust.policy.witnesses.values() if self._mldsa or key.type != MLDSA44]
            read = tuple(key for key in logs if self._mldsa or key.type != MLDSA44) or logs
            try:
                opened = open_checkpoint(note, origin, read, witnesses, mldsa=self._mldsa)
            except RecordError as wrong:
                refused = wrong
                continue
            self._check_lines(origin, opened, logs)
            state = self._witnessed(origin, opened, trust)
            self._check_one_tree(origin, state.head)
            return state
        if refused is not None:
            raise refused
        raise NotProven("NO_TRUST_ANCHOR", f"that {origin} signed this checkpoint: no key of it is trusted")

    def _check_lines(self, origin: str, head: Head, logs: Sequence[Vkey]) -> None:
        """Raise `NotProven` if by its register a trusted key signs this size too, and its line is missing."""
        if len({key.type for key in logs}) == 1:
            return
        signed = {key.type for key in lines_of(head.note, logs)}
        for kind, starts in self._key_starts(origin).items():
            if kind not in signed and key_at(starts, head.checkpoint.size) in {key.text for key in logs}:
                says = f"that {origin} signed this checkpoint with its {ALGORITHMS[kind]} key: the line is missing"
                raise NotProven("CP-KEY", says)

    def _key_starts(self, origin: str) -> dict[int, Starts]:
        """Return the keys of a log by its register, read as it is here: it can only take a proof away."""
        if origin not in self._starts:
            payloads: list[Mapping[str, Any]] = []
            for _, (raw, _) in sorted(self._registers.get(origin_hash(origin), {}).items()):
                with suppress(RecordError):  # the fold over the register reports it
                    payload = open_(raw).payload
                    if payload.kind == KIND and known(payload) is not None:
                        check_public(payload)
                        payloads.append(payload.public)
            self._starts[origin] = key_starts(payloads)
        return self._starts[origin]

    def _check_one_tree(self, origin: str, head: Head) -> None:
        """Raise `NotProven` if the log signed two trees of one size: they prove only that it has two histories."""
        size, root = head.checkpoint.size, head.checkpoint.root
        if self._roots.setdefault((origin, size), root) != root:
            raise NotProven("SPLIT-VIEW", f"which of two trees of {size} entries is that of {origin}: it signed both")

    def _witnessed(self, origin: str, head: Head, trust: Trust) -> State:
        policy = trust.policy
        cosignatures = tuple((key, time) for key, time in head.cosignatures if time <= self._latest)
        names = policy.names(key for key, _ in cosignatures)
        if not policy.met(names):
            voters = counted(len(policy.voters()), "witness", "witnesses")
            raise NotProven(
                "CP-QUORUM",
                f"that witnesses saw this checkpoint of {origin}: {len(names & policy.voters())} of {voters} did, "
                f"which is not the quorum {policy.quorum!r}",
            )
        return State(Head(head.checkpoint, head.note, cosignatures), policy)

    def keyring(self, origin: str) -> Keyring:
        """Return the keys of a log's people, as far as its register is present. Raises `NotProven`."""
        if origin not in self._keyrings:
            try:
                self._keyrings[origin] = self._folded(origin)
            except NotProven as lacks:
                self._keyrings[origin] = lacks
            except RecordError as wrong:
                self._keyrings[origin] = NotProven(
                    "KEY-UNKNOWN", f"whose keys those of {origin} are: its register fails, {wrong.code}"
                )
        keyring = self._keyrings[origin]
        if isinstance(keyring, NotProven):
            raise keyring
        return keyring

    def registers(self) -> tuple[ReceivedRegister, ...]:
        """Return the registers of other logs that are present and hold, as the law reads them, by origin."""
        read = []
        for origin in sorted({key.name for trust in self._trusts for key in trust.policy.logs}):
            with suppress(NotProven):
                party = self.keyring(origin).registrar.party
                read.append(ReceivedRegister(origin, party, self._entries[origin]))
        return tuple(read)

    def register_size(self, origin: str) -> int:
        """Return how many register entries of a log are present."""
        return len(self._registers.get(origin_hash(origin), {}))

    def _folded(self, origin: str) -> Keyring:
        register = self._registers.get(origin_hash(origin), {})
        if not register:
            raise NotProven("KEY-UNKNOWN", f"whose keys those of {origin} are: its register is not here")
        keyring = Keyring(registry_of(origin), self._registrar(origin))
        chains = Chains(origin)
        read = []
        for index, (raw, proof) in sorted(register.items()):
            entry = self._entry(origin, index, raw, proof)
            if entry.payload.order != keyring.registry:
                raise RecordError("CTX-ORDER", "an entry of an order stands among those of the register")
            chains.follow(entry)
            keyring.admit(entry, index)
            if known(entry.payload) is not None:  # the law reads no field of a later schema
                read.append(entry_of(entry, index))
        if keyring.unread:
            says = f"whose keys those of {origin} are: a later version wrote what its register says of keys"
            raise NotProven("KEY-SCHEMA", says)
        self._entries[origin] = tuple(read)
        return keyring

    def _registrar(self, origin: str) -> Registrar:
        for trust in self._trusts:
            if trust.registrar is not None and any(key.name == origin for key in trust.policy.logs):
                return trust.registrar
        raise NotProven(
            "NO_TRUST_ANCHOR", f"who keeps the register of {origin}: nothing from outside names its registrar"
        )

    def _entry(self, origin: str, index: int, raw: bytes, proof: bytes) -> OpenedEntry:
        entry, parsed = open_(raw), parse_proof(proof)
        check_public(entry.payload)
        state = self.state(origin, parsed.note)
        if parsed.index != index:
            raise RecordError("PRF-INDEX", f"a proof for entry {parsed.index} stands beside entry {index}")
        checkpoint = state.head.checkpoint
        check_inclusion(index, checkpoint.size, leaf_hash(raw), parsed.path, checkpoint.root)
        return entry
