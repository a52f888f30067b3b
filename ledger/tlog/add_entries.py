"""Format and parse what a log sends to a mirror: entries in packages, each with the proof that the checkpoint has them.

    2 bytes   length of the origin        8 bytes   start: index of the first entry that is sent
    n bytes   origin                      8 bytes   end: size of the checkpoint
    2 bytes   length of the ticket        n bytes   ticket, as the mirror gave it

Then packages. Each ends where a bundle of 256 entries of the log ends, or at `end`: the entries, each after its length
in two bytes, the number of hashes in one byte, and the hashes of a subtree consistency proof. All numbers are
big-endian. A request may end after any package.

Source: c2sp.org/tlog-mirror, "add-entries", text of July 2026. Stricter: no empty entry, at most 255 bytes of origin.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from msgspec import Struct

from ledger.errors import RecordError
from ledger.tlog.note import b64, decimal, unb64
from ledger.tlog.tile import FULL, pack_entries

INFO = "text/x.tlog.mirror-info"  # the Content-Type of `MirrorInfo`
_MOST_HASHES = 63
_LONGEST_ORIGIN = 255  # bytes
_LONGEST_TICKET = 65_535  # bytes


class UploadHeader(Struct, frozen=True):
    """The begin of a request: the log, and the entries from index `start` to before `end`, the size of a checkpoint."""

    origin: str
    start: int
    end: int
    ticket: bytes = b""


class EntryPackage(Struct, frozen=True):
    """Entries of one bundle and the proof that the subtree from the bundle's first entry to their end is in the log."""

    entries: tuple[bytes, ...]
    proof: tuple[bytes, ...]


class MirrorInfo(Struct, frozen=True):
    """What a mirror answers if entries are missing: a checkpoint size that it has, and its first missing entry."""

    size: int
    next_entry: int
    ticket: bytes = b""


def package_ranges(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of entries of the packages of an upload, in order: index of the first entry, and the end."""
    while start < end:
        after = min((start // FULL + 1) * FULL, end)
        yield start, after
        start = after


def format_header(header: UploadHeader) -> bytes:
    """Return the begin of a request; ValueError for an origin or a ticket that is too long, or an impossible range."""
    origin = header.origin.encode()
    if not 0 < len(origin) <= _LONGEST_ORIGIN or len(header.ticket) > _LONGEST_TICKET:
        raise ValueError("an origin has 1 to 255 bytes, a ticket at most 65,535")
    if not 0 <= header.start <= header.end < 1 << 63:
        raise ValueError("an upload starts at or before its end")
    numbers = header.start.to_bytes(8, "big") + header.end.to_bytes(8, "big")
    ticket = len(header.ticket).to_bytes(2, "big") + header.ticket
    return len(origin).to_bytes(2, "big") + origin + numbers + ticket


def format_package(package: EntryPackage) -> bytes:
    """Return a package; ValueError for entries or hashes that do not fit."""
    if len(package.proof) > _MOST_HASHES or any(len(each) != 32 for each in package.proof):
        raise ValueError("a proof has at most 63 hashes of 32 bytes")
    return pack_entries(package.entries) + bytes([len(package.proof)]) + b"".join(package.proof)


class UploadParser:
    """Parse a request as it arrives; at most one package and one piece of the request are in memory."""

    def __init__(self) -> None:
        self.done = False  # True after the last package of the upload
        self._buffer = bytearray()
        self._parts = self._read()
        self._wanted = next(self._parts)
        self._found: UploadHeader | EntryPackage | None = None

    def feed(self, data: bytes) -> Iterator[UploadHeader | EntryPackage]:
        """Yield the header and the packages that are complete with these bytes; bytes after the last are ignored.

        MIR-FORMAT for a header or a package that no request can have.
        """
        self._buffer += data
        while not self.done and len(self._buffer) >= self._wanted:
            part = bytes(self._buffer[: self._wanted])
            del self._buffer[: self._wanted]
            try:
                self._wanted = self._parts.send(part)
            except StopIteration:
                self.done = True
            if self._found is not None:
                found, self._found = self._found, None
                yield found

    def _read(self) -> Generator[int, bytes, None]:
        """Read part after part: yield the number of bytes that are needed, and get them."""
        origin = yield from self._prefixed()
        if not 0 < len(origin) <= _LONGEST_ORIGIN:
            raise RecordError("MIR-FORMAT", f"an origin has 1 to {_LONGEST_ORIGIN} bytes")
        start = int.from_bytes((yield 8), "big")
        end = int.from_bytes((yield 8), "big")
        if not start <= end < 1 << 63:
            raise RecordError("MIR-FORMAT", "an upload starts at or before its end, below 2^63")
        ticket = yield from self._prefixed()
        try:
            self._found = UploadHeader(origin.decode(), start, end, ticket)
        except UnicodeDecodeError as error:
            raise RecordError("MIR-FORMAT", "an origin is UTF-8") from error
        for first, after in package_ranges(start, end):
            entries = []
            for index in range(first, after):
                entry = yield from self._prefixed()
                if not entry:
                    raise RecordError("MIR-FORMAT", f"entry {index} is empty")
                entries.append(entry)
            count = (yield 1)[0]
            if count > _MOST_HASHES:
                raise RecordError("MIR-FORMAT", f"a proof has at most {_MOST_HASHES} hashes")
            hashes = yield 32 * count
            self._found = EntryPackage(tuple(entries), tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32)))

    @staticmethod
    def _prefixed() -> Generator[int, bytes, bytes]:
        return (yield int.from_bytes((yield 2), "big"))


def format_info(info: MirrorInfo) -> str:
    """Return the three lines with which a mirror says what is missing."""
    return f"{info.size}\n{info.next_entry}\n{b64(info.ticket)}\n"


def parse_info(body: bytes) -> MirrorInfo:
    """Read the three lines with which a mirror says what is missing; MIR-FORMAT unless they have their one form."""
    try:
        size, next_entry, ticket, rest = body.decode("ascii").split("\n")
        info = MirrorInfo(decimal(size), decimal(next_entry), unb64(ticket))
        if rest or len(info.ticket) > _LONGEST_TICKET:
            raise ValueError("too long")
    except ValueError as error:
        says = "a mirror says in three lines what is missing: size, next entry, a ticket of at most 65,535 bytes"
        raise RecordError("MIR-FORMAT", says) from error
    return info
