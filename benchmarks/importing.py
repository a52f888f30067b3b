"""The cost of importing a table: rows in a second against single records, and whether memory grows with the rows."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.data.generate import BEGIN, made_of, registry
from benchmarks.data.ledgers import new, receive
from benchmarks.measure import Figure, say, seconds
from benchmarks.writing import RECORDS, _records
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.entries.case import wire

SMALL, LARGE = 10_000, 100_000
ROWS_PER_ORDER = 5
BY = "iss-0"

_HEAD = "order,kind,occurred,actor,instrument,from_party,to_party,identifiers,addressee,channel,proof_kind,outcome\n"
_STEPS = (
    "{r},order-issued,{at},,2AP-7,XO,XV,acct-{n},,,,\n",
    "{r},order-transmitted,{at},,,,,,sp-0,provider-portal,,\n",
    "{r},order-received,{at},sp-0,,,,,,,own-stamp,\n",
    "{r},no-data-held,{at},sp-0,,,,,,,,\n",
    "{r},order-closed,{at},,,,,,,,,no-data\n",
)
_RUN = """
import resource, sys
from click.testing import CliRunner
from cli.app import comity
result = CliRunner().invoke(comity, sys.argv[1:])
assert result.exit_code == 0, result.output
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def import_figures(folder: Path) -> dict[str, Figure]:
    """Measure a large table against single records in the same run, and peak memory against a tenth of the table."""
    singles = [_one_by_one(folder)]
    (small, _), (large, rate) = (_imported(folder, rows) for rows in (SMALL, LARGE))
    singles.append(_one_by_one(folder))  # minutes later, for the machine may have had other work meanwhile
    single = statistics.mean(singles)
    made: dict[str, Any] = {"rows": LARGE, "rows_per_second": round(rate), "records_per_second": round(single)}
    memory = {"peak_mib": {str(SMALL): round(small / 1024), str(LARGE): round(large / 1024)}}
    return {
        "import_rate": Figure(rate / single, made, at_least=2),
        "import_memory": Figure(large / small, memory, at_most=1.2),
    }


def _one_by_one(folder: Path) -> float:
    """Return the durable single records in a second."""
    say("recording one by one")
    with tempfile.TemporaryDirectory(dir=folder) as place, new(Path(place) / "ledger") as journal:
        receive(journal, registry())
        records = _records(journal)
        next(records)
        return RECORDS / seconds(lambda: [next(records) for _ in range(RECORDS)])


def _imported(folder: Path, rows: int) -> tuple[int, float]:
    """Return peak memory in KiB and rows in a second of one import, in a separate process."""
    say(f"importing {rows:,} rows")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        ledger, table = Path(place) / "ledger", Path(place) / "orders.csv"
        with new(ledger) as journal:
            receive(journal, registry())
            write(journal.home.keys / BY, SeedKey(made_of(BY)))
        with table.open("w", encoding="utf-8") as file:
            file.write(_HEAD)
            for row in range(rows):
                order, step = divmod(row, ROWS_PER_ORDER)
                at = wire(BEGIN + timedelta(minutes=row))
                file.write(_STEPS[step].format(r=f"PPO-2023-{order:06}", n=order, at=at))
        environment = {**os.environ, "COMITY_LEDGER": str(ledger)}
        command = [sys.executable, "-c", _RUN, "import", str(table), "--as", BY]
        peaks: list[int] = []

        def run() -> None:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            peaks.append(int(done.stdout.split()[-1]))

        taken = seconds(run)
        return peaks[0], rows / taken
