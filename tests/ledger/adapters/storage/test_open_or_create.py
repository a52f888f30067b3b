"""A file that several open is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from ledger.adapters.storage.sqlite import open_or_create


def test_threads_that_make_one_file_at_once_all_open_it(tmp_path: Path) -> None:
    threads = 4
    ready = Barrier(threads)

    def opened(path: Path) -> list[tuple[int]]:
        ready.wait()
        c = open_or_create(path, ("CREATE TABLE kept (one INTEGER) STRICT", "INSERT INTO kept VALUES (1)"))
        try:
            return c.execute("SELECT one FROM kept").fetchall()
        finally:
            c.close()

    with ThreadPoolExecutor(threads) as pool:
        for number in range(10):
            path = tmp_path / f"{number}.db"
            assert list(pool.map(opened, [path] * threads)) == [[(1,)]] * threads
            # Connections that close at the same moment may each leave the log to the other; one alone removes it.
            open_or_create(path, ()).close()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".db"] * 10
