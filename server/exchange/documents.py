"""The documents of the exchange between ledgers, which its clients read too. Digests are SHA-256 in hexadecimal."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from server.documents import ApiAnswer, Index

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
MOST_RECEIPTS = 10_000  # as many as a bundle has files


class ExchangeReceipt(Struct, frozen=True, forbid_unknown_fields=True):
    """The receipt of one entry: the entry of the receiving log that names it, with its proof there (tlog-proof).

    `entry` is a sealed line of the kind `counterparty-record-received`.
    """

    entry: Annotated[str, Meta(max_length=1 << 17)]
    proof: Annotated[str, Meta(max_length=1 << 17)]


class Refusal(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a bundle is not in the record: a released code, and a sentence."""

    code: Annotated[str, Meta(max_length=40)]
    says: Annotated[str, Meta(max_length=1000)]


class ExchangeAnswer(ApiAnswer, frozen=True, tag="comity.api-exchange/1"):
    """What became of a bundle with this digest.

    `recorded`: each entry for this ledger is on record, and `receipts` proves it. `quarantined`: it could not be
    proven; a person decides, and nothing of it is in the record. `refused`: a person has refused it for good.
    """

    log: Annotated[str, Meta(max_length=500)]
    digest: Digest
    state: Literal["recorded", "quarantined", "refused"]
    receipts: Annotated[list[ExchangeReceipt], Meta(max_length=MOST_RECEIPTS)]
    reason: Refusal | None = None


class WaitingItem(Struct, frozen=True):
    """A bundle that waits to be fetched: its number, which only grows, its digest, and its size in bytes."""

    number: Index
    digest: Digest
    size: Index


class WaitingAnswer(ApiAnswer, frozen=True, tag="comity.api-exchange-waiting/1"):
    """The bundles that were made for the caller and wait, by number; `next` is the `after` of the following page."""

    bundles: list[WaitingItem]
    next: Index


class AcknowledgedAnswer(ApiAnswer, frozen=True, tag="comity.api-exchange-acknowledged/1"):
    """What the answer of the receiving ledger made of the bundle here."""

    digest: Digest
    state: Literal["acknowledged", "quarantined", "refused"]
