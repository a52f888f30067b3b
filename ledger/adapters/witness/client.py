"""The conversation with witnesses: does this head follow what you have seen, and when was that?

All are asked at once, each question has five seconds, and every line that comes back is verified. A witness that stands
at another size says so and is asked once more, from there. One that says the head does not follow is not argued with:
it is a conflict, and what it remembers is asked for as evidence. Source: c2sp.org/tlog-witness, text of July 2026.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.adapters.http_client import Reply, ask
from ledger.adapters.keys import mldsa
from ledger.adapters.witness.witness import SIZE
from ledger.errors import LedgerError, RecordError
from ledger.tlog.add_checkpoint import format_submission
from ledger.tlog.note import Head, LogKey, Vkey, decimal, in_turn, lines_of, open_checkpoint, open_note, origin_hash
from ledger.tlog.policy import Policy

SECONDS = 5.0  # for each question to a witness
AHEAD = 300  # seconds by which a witness's clock may be before ours
_LARGEST = 65_536  # bytes of an answer
_MOST_LINES = 16  # verifiers read no more, the log's own among them

Prove = Callable[[int, int], Sequence[bytes]]  # sizes m, n -> consistency proof


@dataclass(frozen=True, slots=True)
class LastCosignature:
    """What is known of a witness's key from before: the size it last cosigned for us, and the time it gave."""

    size: int
    time: int


@dataclass(frozen=True, slots=True)
class WitnessResult:
    """What became of one witness: its names in the policy, and its verified `lines`, or the `fault` that says why none.

    `conflict`: it says that the head does not follow what it cosigned. `theirs`: the note it showed then, unverified.
    `times` are those it signed, in seconds since 1970, believed or not.
    """

    url: str
    names: tuple[str, ...]
    lines: Mapping[Vkey, str]
    fault: RecordError | LedgerError | None = None
    conflict: bool = False
    theirs: bytes | None = None
    times: tuple[int, ...] = ()


def ask_witnesses(
    policy: Policy,
    log: LogKey,
    head: Head,
    prove: Prove,
    *,
    now: int,
    known: Mapping[Vkey, LastCosignature] | None = None,
) -> list[WitnessResult]:
    """Ask every witness of a policy that has a URL to cosign a head of `log`; one value for each, nothing is raised.

    `now` in seconds since 1970. Keys at one URL are one witness. The same head again gives fresh cosignatures.
    """
    own = with_lines(head.note, list(lines_of(head.note, in_turn(log)).values()))

    async def all_at_once() -> list[WitnessResult]:
        questions = (
            _Question(url, keys, policy, head.checkpoint.origin, head.checkpoint.size, own, prove, now, known or {})
            for url, keys in by_url(policy)
        )
        return list(await asyncio.gather(*(question.ask() for question in questions)))

    return asyncio.run(all_at_once())


def remembered(policy: Policy, log: LogKey) -> dict[str, Head]:
    """The newest head of a log that each witness with a URL shows on its monitoring address, by URL; silent ones lack.

    For a log that starts after a restore, and for making its guard again. Only what the log signed counts.
    """
    urls, origin = [url for url, _ in by_url(policy)], in_turn(log)[0].name

    async def all_at_once() -> list[bytes | None]:
        return await asyncio.gather(*(_shown(url, origin) for url in urls))

    heads, witnesses = {}, tuple(policy.witnesses.values())
    for url, note in zip(urls, asyncio.run(all_at_once()), strict=True):
        try:
            if note:
                heads[url] = open_checkpoint(note, origin, log, witnesses, mldsa=mldsa.verify)
        except RecordError:
            continue
    return heads


def with_cosignatures(policy: Policy, note: bytes, lines: Mapping[Vkey, str], log: LogKey) -> bytes:
    """The note with the log's lines and those of its witnesses, in the order of the policy; new `lines` replace old."""
    witnesses = list(policy.witnesses.values())
    own = in_turn(log)
    there = {**lines_of(note, [*own, *witnesses]), **lines}
    cosigned = [there[key] for key in witnesses if key in there]
    signed = [there[key] for key in own if key in there]
    return with_lines(note, [*signed, *cosigned[: _MOST_LINES - len(signed)]])


def with_lines(note: bytes, lines: Sequence[str]) -> bytes:
    """The text of a note with other signature lines."""
    text, blank, _ = note.rpartition(b"\n\n")
    return text + blank + "".join(lines).encode()


def check_times(cosigned: Sequence[tuple[Vkey, int]], now: int, known: Mapping[Vkey, LastCosignature]) -> None:
    """Refuse cosignatures dated more than five minutes from `now` (CP-FUTURE), before their last, or not at all."""
    for key, time in cosigned:
        if time > now + AHEAD:
            raise RecordError("CP-FUTURE", f"it says that it saw this {time - now} s from now", where=key.name)
        if time == 0 or (key in known and time < known[key].time):
            raise RecordError("CP-TIME", "it gives no time, or one before its last", where=key.name)


def by_url(policy: Policy) -> list[tuple[str, tuple[Vkey, ...]]]:
    """The witnesses of a policy that can be asked: the URL without its last slash, and the keys that sign there."""
    keys: dict[str, tuple[Vkey, ...]] = {}
    for key in policy.witnesses.values():
        if key in policy.urls:
            url = policy.urls[key].rstrip("/")
            keys[url] = (*keys.get(url, ()), key)
    return list(keys.items())


@dataclass(frozen=True, slots=True)
class _Question:
    """One head put to one witness: `own` is the note with the log's line alone."""

    url: str
    keys: tuple[Vkey, ...]
    policy: Policy
    origin: str
    size: int
    own: bytes
    prove: Prove
    now: int
    known: Mapping[Vkey, LastCosignature]

    async def ask(self) -> WitnessResult:
        try:
            return await self._ask()
        except (RecordError, LedgerError) as fault:
            return self._without(fault)

    async def _ask(self) -> WitnessResult:
        before = max((self.known[key].size for key in self.keys if key in self.known), default=0)
        old = min(before, self.size)
        reply = await self._send(old)
        told = _told(reply)
        if told is not None and told != old:
            if told > self.size:
                fault = LedgerError("WITNESS-AHEAD", f"it has cosigned {told} entries, and was shown {self.size}")
                return self._without(fault, theirs=await _shown(self.url, self.origin))
            if told < before:
                fault = LedgerError("WITNESS-LOST", f"it had cosigned {before} entries, and remembers {told}")
                return self._without(fault)
            old = told
            reply = await self._send(old)
            if _told(reply) not in (None, old):
                return self._without(LedgerError("WITNESS-BUSY", "it moved on while it was asked"))
        if reply.status == 200:
            return self._taken(reply.body)
        if reply.status in (409, 422):
            fault = LedgerError("LOG-EQUIVOCATION", f"status {reply.status}: {_words(reply)}")
            return self._without(fault, conflict=True, theirs=await _shown(self.url, self.origin))
        return self._without(LedgerError("WITNESS-REFUSED", f"status {reply.status}: {_words(reply)}"))

    async def _send(self, old: int) -> Reply:
        proof = self.prove(old, self.size) if 0 < old < self.size else ()
        return await ask(f"{self.url}/add-checkpoint", _LARGEST, SECONDS, format_submission(old, proof, self.own))

    def _taken(self, body: bytes) -> WitnessResult:
        """The lines of this witness in its answer, each of them verified; those of others do not matter."""
        note = with_lines(self.own, []) + body
        opened = open_note(note, self.keys, mldsa=mldsa.verify)
        times = tuple(time for _, time in opened.cosigned)
        try:
            check_times(opened.cosigned, self.now, self.known)
        except RecordError as fault:
            return WitnessResult(self.url, self._names, {}, fault, times=times)
        return WitnessResult(self.url, self._names, lines_of(note, self.keys), times=times)

    def _without(
        self, fault: RecordError | LedgerError, *, conflict: bool = False, theirs: bytes | None = None
    ) -> WitnessResult:
        return WitnessResult(self.url, self._names, {}, fault, conflict, theirs)

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name, key in self.policy.witnesses.items() if key in self.keys)


async def _shown(url: str, origin: str) -> bytes | None:
    """The note a witness has for an origin on its monitoring address; None if it does not say."""
    try:
        reply = await ask(f"{url}/{origin_hash(origin)}/checkpoint", _LARGEST, SECONDS)
    except LedgerError:
        return None
    return reply.body if reply.status == 200 and len(reply.body) <= _LARGEST else None


def _told(reply: Reply) -> int | None:
    """The size a witness stands at, from a typed 409; None for any other answer."""
    if reply.status != 409 or reply.media != SIZE:
        return None
    try:
        return decimal(reply.body.decode("ascii").removesuffix("\n"))
    except ValueError:
        return None


def _words(reply: Reply) -> str:
    return " ".join(reply.body[:200].decode(errors="replace").split())
