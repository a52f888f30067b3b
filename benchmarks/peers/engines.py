"""The audit of an archive on each engine, against `comity fsck` of its ledger in the same run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.data.generate import registrar, registrar_seed
from benchmarks.measure import Figure, as_installed, in_turn, say, seconds
from benchmarks.startup import PROGRAM
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey
from ledger.application.archive.engines import ENGINES, EngineName
from ledger.application.archive.make_archive import MadeArchive, make_archive
from ledger.application.export.witnessed_head import published_head
from ledger.application.journal import Journal

PACKAGES: dict[EngineName, str] = {"dask": "distributed", "ray": "ray"}


def archive_figure(large: Path, folder: Path, rounds: int = 1) -> Figure:
    """Measure audits with 1 and 2 workers, in entries a second with the start of the engine, and `comity fsck`.

    The ratio is that of the faster of Dask and Ray with 2 workers to `fsck`. All are programs, run in turn. The
    workers of Dask and Ray are processes that are spoken to over TCP. The load average says what else was running.
    """
    say("auditing an archive")
    archive = folder / f"archive-{large.name}"
    shutil.rmtree(archive, ignore_errors=True)
    made: list[MadeArchive] = []
    taken = seconds(lambda: made.append(_archived(large, archive)))
    size = made[0].size
    engines = [engine for engine in ENGINES if importlib.util.find_spec(PACKAGES.get(engine, "ledger"))]
    words = {
        f"{engine}_{workers}": ["audit", "--archive", str(archive), "--engine", engine, "--workers", str(workers)]
        for engine in engines
        for workers in (1, 2)
    }
    trust = ["--trust", str(large / "trust"), "--state", str(folder / "archive-audits")]
    runs = [lambda: _run(["fsck", "--ledger", str(large)]), *[lambda w=w: _run([*w, *trust]) for w in words.values()]]
    fsck, *times = in_turn(runs, rounds)
    rates = {name: size / each for name, each in zip(words, times, strict=True)}
    made_of: dict[str, Any] = {"fsck_per_second": round(size / fsck)}
    made_of |= {f"{name}_per_second": round(rate) for name, rate in rates.items()}
    made_of |= {f"{engine}_2_to_1": round(rates[f"{engine}_2"] / rates[f"{engine}_1"], 2) for engine in engines}
    made_of["2_to_1_at_least"] = 1.5
    made_of["made_per_second"] = round(size / taken)
    made_of["bytes_per_entry"] = round(sum(f.stat().st_size for f in archive.rglob("*") if f.is_file()) / size)
    with suppress(OSError):
        made_of["load_average"] = round(os.getloadavg()[0], 1)
    shutil.rmtree(archive)
    clusters = [rates[f"{engine}_2"] for engine in engines if engine != "local"] or [rates["local_2"]]
    return Figure(max(clusters) * fsck / size, made_of, at_least=1)


def _archived(ledger: Path, archive: Path) -> MadeArchive:
    with Journal.open(ledger, Home.inside(ledger)) as journal:
        signer = journal.signer(registrar().actor, "ADM", SeedKey(registrar_seed()))
        return make_archive(journal, archive, signer, lambda: published_head(journal))


def _run(words: list[str]) -> None:
    done = subprocess.run([*PROGRAM, *words], capture_output=True, text=True, env=as_installed(), check=False)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"comity {words[0]}: {done.stderr}")
