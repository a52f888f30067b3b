"""The table of the addresses of the exchange, for its description; `server.exchange.endpoint` answers them."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from server.documents import ApiAnswer
from server.exchange.documents import AcknowledgedAnswer, ExchangeAnswer, WaitingAnswer

BUNDLE: Final = "application/zip"
COLLECTION: Final = "/v1/exchange"
ITEM: Final = "/v1/exchange/{digest}"


class Address(Struct, frozen=True):
    """One address. A body or an answer that is None is a bundle, where the method and `after` allow one."""

    method: Literal["GET", "POST"]
    path: str
    name: str
    summary: str
    answer: type[ApiAnswer] | None
    body: type[Struct] | None = None
    after: bool = False
    codes: tuple[str, ...] = ()


ADDRESSES: Final = (
    Address(
        "POST", COLLECTION, "exchangeHandIn", "Hand a bundle in, and get its receipts", ExchangeAnswer,
        codes=("API-MEDIA", "API-LARGE", "BUSY", "EXCHANGE-FULL"),
    ),
    Address("GET", COLLECTION, "exchangeWaiting", "The bundles that wait for this peer", WaitingAnswer, after=True),
    Address("GET", ITEM, "exchangeFetch", "A bundle that waits for this peer", None),
    Address(
        "POST", ITEM, "exchangeAcknowledge", "What became of a bundle that was fetched", AcknowledgedAnswer,
        ExchangeAnswer, codes=("API-MEDIA", "API-LARGE", "EXCHANGE-RECEIPT"),
    ),
)  # fmt: skip
