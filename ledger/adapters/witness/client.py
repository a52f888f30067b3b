"""Ask witnesses to cosign a head that follows the last one they have seen.

All witnesses are asked at the same time, each request has five seconds, and every returned line is verified.
A witness that has another size returns it and is asked once more, with a proof from that size. A witness that
refuses the head as not following is not asked again: it is a conflict, and the witness's last note is fetched
as evidence. Source: c2sp.org/tlog-witness, text of July 2026.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ledger.adapters.http_client import Reply, ask
from ledger.adapters.keys import mldsa
from ledger.adapters.witness.witness import SIZE
from ledger.errors import LedgerError, RecordError
from ledger.tlog.add_checkpoint import format_submission
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Head, LogKey, Vkey, decimal, in_turn, lines_of, open_checkpoint, open_note
from ledger.tlog.policy import Policy

SECONDS = 5.0  # for each request to a witness
AHEAD = 300  # seconds by which a witness's clock may be ahead of ours
_FOLLOWED = 6  # requests to a witness that cosigns other heads of the log meanwhile
_LARGEST = 65_536  # bytes of a reply
_MOST_LINES = 16  # verifiers read no more lines, including the log's own

Prove = Callable[[int, int], Sequence[bytes]]  # sizes m, n -> consistency proof


@dataclass(frozen=True, slots=True)
class LastCosignature:
    """Hold the last known cosignature of a witness's key: the size, and the time in seconds since 1970."""

    size: int
    time: int


@dataclass(frozen=True, slots=True)
class WitnessResult:
    """Hold the result of one witness: its names in the policy, and its verified `lines` or a `fault`.

    `conflict`: the witness states that the head does not follow what it cosigned. `theirs`: the note that it
    showed then, unverified. `times` are the times that it signed, in seconds since 1970, accepted or not.
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
    """Ask every witness of a policy that has a URL to cosign a head of `log`; return one result for each.

    Nothing is raised. `now` is in seconds since 1970. Keys at one URL are one witness. A repeated call for
    the same head returns new cosignatures.
    """
    own = with_lines(head.note, list(lines_of(head.note, in_turn(log)).values()))

    async def all_at_once() -> list[WitnessResult]:
        questions = (
            Question(url, keys, policy, head.checkpoint.origin, head.checkpoint.size, own, prove, now, known or {})
            for url, keys in by_url(policy)
        )
        return list(await asyncio.gather(*(question.ask() for question in questions)))

    return asyncio.run(all_at_once())


def remembered(policy: Policy, log: LogKey, also: Sequence[str] = ()) -> dict[str, Head]:
    """Return the newest head of a log that each witness with a URL shows, by URL, without silent witnesses.

    Used before a restored log signs, and to make its guard again. Only heads that the log signed count. `also` are
    other monitoring addresses, such as those of mirrors.
    """
    urls, origin = list(dict.fromkeys([*(url for url, _ in by_url(policy)), *also])), in_turn(log)[0].name

    async def all_at_once() -> list[bytes | None]:
        return await asyncio.gather(*(_shown(url, origin) for url in urls))

    heads, witnesses = {}, tuple(policy.witnesses.values())
    for url, note in zip(urls, asyncio.run(all_at_once()), strict=True):
        if note:
            with suppress(RecordError):
                heads[url] = open_checkpoint(note, origin, log, witnesses, mldsa=mldsa.verify)
    return heads


def with_cosignatures(policy: Policy, note: bytes, lines: Mapping[Vkey, str], log: LogKey) -> bytes:
    """Return the note with the log's lines and those of its witnesses, in the order of the policy.

    New `lines` replace older ones.
    """
    witnesses = list(policy.witnesses.values())
    own = in_turn(log)
    all_lines = {**lines_of(note, [*own, *witnesses]), **lines}
    cosigned = [all_lines[key] for key in witnesses if key in all_lines]
    signed = [all_lines[key] for key in own if key in all_lines]
    return with_lines(note, [*signed, *cosigned[: _MOST_LINES - len(signed)]])


def with_lines(note: bytes, lines: Sequence[str]) -> bytes:
    """Return the text of a note with other signature lines."""
    text, blank, _ = note.rpartition(b"\n\n")
    return text + blank + "".join(lines).encode()


def check_times(cosigned: Sequence[tuple[Vkey, int]], now: int, known: Mapping[Vkey, LastCosignature]) -> None:
    """Refuse cosignatures that are dated too far ahead, before their last, or not at all.

    `RecordError` CP-FUTURE if one is more than five minutes ahead of `now` (seconds since 1970), else
    CP-TIME.
    """
    for key, time in cosigned:
        if time > now + AHEAD:
            raise RecordError("CP-FUTURE", f"it says that it saw this {time - now} s from now", where=key.name)
        if time == 0 or (key in known and time < known[key].time):
            raise RecordError("CP-TIME", "it gives no time, or one before its last", where=key.name)


def by_url(policy: Policy) -> list[tuple[str, tuple[Vkey, ...]]]:
    """Return the witnesses of a policy that have a URL: the URL without its last slash, and its keys."""
    keys: dict[str, tuple[Vkey, ...]] = {}
    for key in policy.witnesses.values():
        if key in policy.urls:
            url = policy.urls[key].rstrip("/")
            keys[url] = (*keys.get(url, ()), key)
    return list(keys.items())


@dataclass(frozen=True, slots=True)
class Question:
    """Submit one head to one witness or mirror; `own` is the note with the log's lines alone."""

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
        """Ask for a cosignature; nothing is raised."""
        try:
            reply = await self.submit()
            return reply if isinstance(reply, WitnessResult) else self.taken(reply.body)
        except (RecordError, LedgerError) as fault:
            return self.without(fault)

    async def submit(self) -> Reply | WitnessResult:
        """Return the reply to an accepted head, or the result of a refusal. `LedgerError` HTTP-SILENT, NO-HTTP."""
        before = max((self.known[key].size for key in self.keys if key in self.known), default=0)
        old = min(before, self.size)
        reply = await self._send(old)
        for left in reversed(range(_FOLLOWED)):
            their_size = _told(reply)
            if their_size is None or their_size == old:
                break
            if not left:
                return self.without(LedgerError("WITNESS-BUSY", "it moved on while it was asked"))
            if their_size > self.size:
                fault = LedgerError("WITNESS-AHEAD", f"it has cosigned {their_size} entries, and was shown {self.size}")
                return self.without(fault, theirs=await _shown(self.url, self.origin))
            if their_size < before:
                fault = LedgerError("WITNESS-LOST", f"it had cosigned {before} entries, and remembers {their_size}")
                return self.without(fault)
            old = their_size
            reply = await self._send(old)
        if reply.status == 200:
            return reply
        if reply.status in (409, 422):
            fault = LedgerError("LOG-EQUIVOCATION", f"status {reply.status}: {words_of(reply)}")
            return self.without(fault, conflict=True, theirs=await _shown(self.url, self.origin))
        return self.without(LedgerError("WITNESS-REFUSED", f"status {reply.status}: {words_of(reply)}"))

    async def _send(self, old: int) -> Reply:
        proof = self.prove(old, self.size) if 0 < old < self.size else ()
        return await ask(f"{self.url}/add-checkpoint", _LARGEST, SECONDS, format_submission(old, proof, self.own))

    def taken(self, body: bytes) -> WitnessResult:
        """Return the verified lines of this witness in its reply; lines of other witnesses are ignored."""
        note = with_lines(self.own, []) + body
        opened = open_note(note, self.keys, mldsa=mldsa.verify)
        times = tuple(time for _, time in opened.cosigned)
        try:
            check_times(opened.cosigned, self.now, self.known)
        except RecordError as fault:
            return WitnessResult(self.url, self._names, {}, fault, times=times)
        return WitnessResult(self.url, self._names, lines_of(note, self.keys), times=times)

    def without(
        self, fault: RecordError | LedgerError, *, conflict: bool = False, theirs: bytes | None = None
    ) -> WitnessResult:
        """Return a result without cosignatures."""
        return WitnessResult(self.url, self._names, {}, fault, conflict, theirs)

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name, key in self.policy.witnesses.items() if key in self.keys)


async def _shown(url: str, origin: str) -> bytes | None:
    """Return a witness's note for an origin from its monitoring address; None without a valid reply."""
    try:
        reply = await ask(f"{url}/{origin_hash(origin)}/checkpoint", _LARGEST, SECONDS)
    except LedgerError:
        return None
    return reply.body if reply.status == 200 and len(reply.body) <= _LARGEST else None


def _told(reply: Reply) -> int | None:
    """Return the size that a witness has, from a 409 of the right media type; None for any other reply."""
    if reply.status != 409 or reply.media != SIZE:
        return None
    try:
        return decimal(reply.body.decode("ascii").removesuffix("\n"))
    except ValueError:
        return None


def words_of(reply: Reply) -> str:
    """Return the first words of a reply, in one line."""
    return " ".join(reply.body[:200].decode(errors="replace").split())
