"""Send a log to its mirrors, and take their cosignatures: each states that a mirror stores all entries of a checkpoint.

A mirror gets the checkpoint first, as a witness does. A request without entries then asks which entry is missing there;
so an interrupted upload goes on where it ended. Each following request has up to 32 packages or four MiB. Nothing is
believed but the cosignature: a mirror that answers anything else gets other entries, or nothing. A mirror that states
what it does not store is found by reading it (`check_mirror`). Source: c2sp.org/tlog-mirror, text of July 2026.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.adapters.http_client import Reply, ask
from ledger.adapters.keys import mldsa
from ledger.adapters.log.log import Log
from ledger.adapters.log.published_log import LARGEST_NOTE, Fetch, entries_of
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.witness.client import Question, WitnessResult, with_lines, words_of
from ledger.adapters.witness.cosigning import Cosigned, known, open_published, take_answers
from ledger.errors import LedgerError, RecordError
from ledger.tlog.add_entries import (
    INFO,
    EntryPackage,
    UploadHeader,
    format_header,
    format_package,
    package_ranges,
    parse_info,
)
from ledger.tlog.note import Head, LogKey, Vkey, in_turn, lines_of, open_checkpoint
from ledger.tlog.policy import Policy
from ledger.tlog.subtree import prove_subtree_consistency
from ledger.tlog.tile import FULL, bundles_for
from ledger.tlog.tree import root
from ledger.trust.mirrors import Mirrors

SECONDS = 60.0  # for each request with entries
LONGEST = 600.0  # seconds for all requests to a mirror; the next push goes on
_MOST_PACKAGES = 32
_MOST_BYTES = 4 << 20  # of packages in a request, before compression
_LARGEST_REPLY = 131_072  # bytes
_STANDSTILLS = 3  # answers that do not advance


def push_head(
    log: Log,
    policy: Policy,
    mirrors: Mirrors,
    evidence: Path,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    say: Callable[[str], None] = lambda _: None,
    heard: Callable[[Sequence[WitnessResult]], None] = lambda _: None,
    longest: float | None = LONGEST,
) -> Cosigned:
    """Publish the signed head, send its entries to the mirrors, and publish it again with their cosignatures.

    A mirror that is silent or refuses does not stop the others, and none gets more than `longest` seconds. The other
    arguments and the errors are those of `cosign_head`.
    """
    head = open_published(log, policy)
    own = with_lines(head.note, list(lines_of(head.note, in_turn(log.key)).values()))
    moment, last = int(now().timestamp()), known(log, policy)
    c = head.checkpoint

    async def all_at_once() -> list[WitnessResult]:
        uploads = (
            _Push(log, Question(url, keys, policy, c.origin, c.size, own, log.consistency, moment, last)).send(longest)
            for url, keys in by_address(mirrors)
        )
        return list(await asyncio.gather(*uploads))

    return take_answers(log, policy, head, asyncio.run(all_at_once()), evidence, say=say, heard=heard)


def by_address(mirrors: Mirrors) -> list[tuple[str, tuple[Vkey, ...]]]:
    """Return the mirrors by the address where they take entries: keys at one address are one mirror."""
    keys: dict[str, tuple[Vkey, ...]] = {}
    for key, address in mirrors.items():
        keys[address.submission] = (*keys.get(address.submission, ()), key)
    return list(keys.items())


@dataclass(frozen=True, slots=True)
class _Push:
    """Send one head and its entries to one mirror."""

    log: Log
    question: Question

    async def send(self, longest: float | None) -> WitnessResult:
        """Return the verified lines of the mirror, or the fault; nothing is raised."""
        try:
            async with asyncio.timeout(longest):
                accepted = await self.question.submit()
                return accepted if isinstance(accepted, WitnessResult) else await self._upload()
        except TimeoutError:
            says = f"it has not taken all entries after {longest:g} seconds; comity mirror push goes on"
            return self.question.without(LedgerError("MIRROR-REFUSED", says))
        except (RecordError, LedgerError) as fault:
            return self.question.without(fault)

    async def _upload(self) -> WitnessResult:
        size = self.question.size
        at, ticket, standstills = size, b"", 0
        while True:
            reply = await self._post(at, ticket)
            if reply.status == 200:
                return self.question.taken(reply.body)
            if reply.status not in (202, 409) or reply.media != INFO:
                says = f"status {reply.status} to entries: {words_of(reply)}"
                return self.question.without(LedgerError("MIRROR-REFUSED", says))
            missing = parse_info(reply.body)
            if missing.size != size:
                says = f"it was sent {size} entries, and asks for {missing.size}"
                return self.question.without(LedgerError("MIRROR-REFUSED", says))
            before, at, ticket = at, min(missing.next_entry, size), missing.ticket
            standstills += reply.status == 409 or (at // FULL <= before // FULL and at < size)
            if standstills > _STANDSTILLS:
                return self.question.without(LedgerError("MIRROR-REFUSED", f"it does not get beyond entry {at}"))

    async def _post(self, start: int, ticket: bytes) -> Reply:
        body = gzip.compress(self._request(start, ticket), 6)
        url = f"{self.question.url}/add-entries"
        return await ask(url, _LARGEST_REPLY, SECONDS, body, media="application/octet-stream", encoding="gzip")

    def _request(self, start: int, ticket: bytes) -> bytes:
        """Return a request with the entries from `start` on, as many as fit into one."""
        size, read = self.question.size, self.log.store.hashes
        body = bytearray(format_header(UploadHeader(self.question.origin, start, size, ticket)))
        for number, (first, end) in enumerate(package_ranges(start, size)):
            if number == _MOST_PACKAGES or len(body) > _MOST_BYTES:
                break
            entries = tuple(raw for _, raw in self.log.store.page(first, end - first))
            proof = tuple(prove_subtree_consistency(first - first % FULL, end, size, read))
            body += format_package(EntryPackage(entries, proof))
        return bytes(body)


def check_mirror(store: EntryReader, log: LogKey, policy: Policy, keys: Sequence[Vkey], fetch: Fetch) -> Head:
    """Read all that a mirror shows of a log, compare it with the stored entries, and return the checkpoint it shows.

    `keys` are those of the mirror. `RecordError` CP-*: CP-SIG if the mirror has not cosigned what it shows.
    `LedgerError` LOG-ROLLBACK if it has more entries than this log knows, LOG-FORKED if it has another tree,
    MIRROR-LACKS if an entry is missing there or differs; the errors of `fetch` for the checkpoint.
    """
    note, origin = fetch("checkpoint", LARGEST_NOTE), in_turn(log)[0].name
    head = open_checkpoint(note, origin, log, tuple(policy.witnesses.values()), mldsa=mldsa.verify)
    if not any(key in keys for key, _ in head.cosignatures):
        raise RecordError("CP-SIG", "the mirror has not cosigned the checkpoint that it shows", where="checkpoint")
    size, ours = head.checkpoint.size, store.size()
    if size > ours:
        raise LedgerError("LOG-ROLLBACK", f"the mirror has {size} entries of this log, which knows of {ours}")
    if head.checkpoint.root != root(size, store.hashes):
        raise LedgerError("LOG-FORKED", f"the mirror has another tree of {size} entries of this log")
    for bundle in bundles_for(0, size):
        first = bundle.n * FULL
        try:
            theirs = entries_of(fetch, bundle.n, bundle.width)
        except (LedgerError, RecordError) as fault:
            if fault.code not in ("LOG-UNREACHABLE", "LOG-TILE"):
                raise
            says = f"it states that it stores all {size} entries, and does not show those from {first} on: {fault.says}"
            raise LedgerError("MIRROR-LACKS", says) from fault
        for index, (raw, (_, own)) in enumerate(zip(theirs, store.page(first, bundle.width), strict=True), first):
            if raw != own:
                raise LedgerError("MIRROR-LACKS", f"entry {index} is another one there than in this log")
    return head
