"""The bodies and answers of the addresses about kept files."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from ledger.entries.payload import Hex64
from projections.documents.times import Time
from server.documents import AccessPlace, ApiAnswer, Code, Head, Moment, ReceiptItem, SealedEntry


class FileOffered(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that a caller has: its SHA-256 (hex) and its number of bytes.

    With `ask` nothing is begun: the answer says whether the file is here.
    """

    sha256: Hex64
    size: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    ask: bool = False


class UploadAnswer(ApiAnswer, frozen=True, tag="comity.api-upload/1"):
    """How much of a file is here: `received` of `pieces` pieces with `piece` bytes each, the last one with the rest.

    `object` is the name of the upload in its address, empty if none was begun. `entry` is the leaf hash of the entry
    that states the file. `kept` says that the whole file is here and its SHA-256 is the stated one.
    """

    object: str
    order: str
    entry: str
    size: int
    piece: int
    pieces: int
    received: int
    kept: bool


class KeptItem(Struct, frozen=True):
    """One entry (leaf hash) with files here: how many are `kept`, and how many are not whole yet."""

    entry: str
    kept: int
    unfinished: int


class KeptFilesAnswer(ApiAnswer, frozen=True, tag="comity.api-kept-files/1"):
    """Of which entries of an order files are here. `place` is where the entry belongs that has to say who opens them.

    `place` is null for a caller who may open none. It rests on the server.
    """

    head: Head
    order: str
    entries: list[KeptItem]
    place: AccessPlace | None


class FilesAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """The files of one entry (leaf hash) that a caller opens: for what purpose, with which key (hex), in which role.

    `access` is the sealed entry `record-accessed` of the caller, with its disclosures. Its reason begins with the leaf
    hash of the entry, a colon and a space.
    """

    entry: Hex64
    purpose: Code
    key: Hex64
    role: Code
    made_at: Moment
    access: SealedEntry


class OpenedFile(Struct, frozen=True):
    """One file that may be fetched: its object, the field that states it, and its name, digest and size."""

    object: str
    field: str
    name: str
    sha256: str
    size: int


class OpenedFilesAnswer(ApiAnswer, frozen=True, tag="comity.api-opened-files/1"):
    """The files of one entry, which the caller may fetch until a moment, and the receipt of the access entry.

    `disclosures` are those of the sealed fields that state the files: with the entry, which commits to them, they show
    that the digests are the stated ones.
    """

    head: Head
    order: str
    entry: str
    until: Time
    disclosures: list[str]
    files: list[OpenedFile]
    receipt: ReceiptItem
