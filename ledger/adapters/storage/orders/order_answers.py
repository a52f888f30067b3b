"""Index the answers of a data protection officer on the orders of a view, so that the register costs what it shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from eventsourcing.sqlite import SQLiteCursor

from ledger.adapters.storage.orders.order_counts import insert_likes
from ledger.adapters.storage.orders.order_row import OrderRow, damaged

if TYPE_CHECKING:
    from ledger.adapters.storage.views import View

NAME = "board_answer"
TABLES = (
    # alike: id in board_like; open: the number of open duties; kept: as in the row, NULL for none
    "CREATE TABLE board_answer (number INTEGER PRIMARY KEY, alike INTEGER NOT NULL, label TEXT NOT NULL,"
    " open INTEGER NOT NULL, kept TEXT)",
    "CREATE INDEX board_answer_alike ON board_answer (alike)",
    "CREATE INDEX board_answer_named ON board_answer (number) WHERE open OR kept IS NOT NULL",
)


class LikeAnswers(NamedTuple):
    """Orders with the same answers and open duties: their number, the answers by question, and each duty with its."""

    orders: int
    answers: dict[str, list[str]]
    open: list[tuple[int, str]]


class AnsweredOrder(NamedTuple):
    """An order with an open duty, or with data that are held: `name` is what it is called, `kept` as in its row."""

    order: str
    name: str
    open: list[tuple[int, str]]
    kept: str | None


_Says = tuple[dict[str, list[str]], list[tuple[int, str]]]
_decoder = msgspec.json.Decoder(_Says)
_encode = msgspec.json.Encoder(order="deterministic").encode


def _decode(says: str) -> _Says:
    try:
        found: _Says = _decoder.decode(says)
    except (msgspec.DecodeError, TypeError) as error:  # TypeError: the text is missing
        raise damaged(error) from None
    return found


def insert_answers(c: SQLiteCursor, rows: Iterable[tuple[int, OrderRow]]) -> None:
    """Insert the answers on orders, each with its number in the index."""
    said = [(number, row, _encode((row.answers, row.open)).decode()) for number, row in rows]
    insert_likes(c, (says for *_, says in said))
    c.executemany(
        "INSERT INTO board_answer SELECT ?, id, ?, ?, ? FROM board_like WHERE says = ?",
        [(number, row.label or "", len(row.open), row.kept_until, says) for number, row, says in said],
    )


def answers_of(view: View) -> tuple[list[LikeAnswers], list[AnsweredOrder]]:
    """Return all orders by their answers, and each order with an open duty or held data, sorted by id; in one state."""
    with view.reading() as select:
        likes = {
            alike: LikeAnswers(orders, *_decode(says))
            for alike, says, orders in select(
                "SELECT f.alike, k.says, f.orders FROM (SELECT alike, count(*) AS orders FROM board_answer"
                " GROUP BY alike) f LEFT JOIN board_like k ON k.id = f.alike"
            )
        }
        named = [
            AnsweredOrder(key, ref or label or key[:8], likes[alike].open, kept)
            for key, ref, label, alike, kept in select(
                "SELECT b.key, b.ref, a.label, a.alike, a.kept FROM board_answer a CROSS JOIN board b"
                " ON b.number = a.number WHERE a.open OR a.kept IS NOT NULL ORDER BY b.key"
            )
        ]
    return list(likes.values()), named
