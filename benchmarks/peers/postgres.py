"""Raw PostgreSQL: the same bytes, one row and one transaction each, as many connections as threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue

import psycopg

_Connection = psycopg.Connection[tuple[object, ...]]


@contextmanager
def raw_postgres(url: str) -> Iterator[Callable[[bytes], object]]:
    """Yield a function that inserts a row durably in a separate table; several threads may call it at once."""
    idle: LifoQueue[_Connection] = LifoQueue()
    with psycopg.connect(url, autocommit=True) as c:
        c.execute("CREATE TABLE raw (n bigserial PRIMARY KEY, state bytea NOT NULL)")

    def append(raw: bytes) -> object:
        try:
            connection = idle.get_nowait()
        except Empty:
            connection = psycopg.connect(url, autocommit=True)
        try:
            return connection.execute("INSERT INTO raw (state) VALUES (%s)", (raw,), prepare=True)
        finally:
            idle.put(connection)

    try:
        yield append
    finally:
        while not idle.empty():
            idle.get_nowait().close()
