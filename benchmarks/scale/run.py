"""Build a ledger of a size, and run every step on it that has no outcome yet."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.data.ledgers import filled
from benchmarks.measure import as_installed, cpu_seconds, say, seconds
from benchmarks.scale.outcome import Kept, Outcome, Part
from benchmarks.scale.steps import BULKY, STEPS, Place, Step
from benchmarks.scale.watch import watched
from ledger.adapters.storage.entry_reader import EntryReader

FILL, FILES = "fill", "files"
PART = "part.json"  # the cost of a step that runs, or ran when the run was stopped
_PER_ENTRY = 3_600  # bytes of a ledger on disk, its views and the log of a large transaction among them
_PER_ENTRY_BULKY = 5_800  # more for a whole copy, what is restored from it, and the entries as they are published
_ALWAYS = 300 << 20
_GOOD = (0, 3)  # exit codes: 3 says that the command found something


def room_needed(size: int, *, full: bool) -> int:
    """Return the bytes that a run needs on disk for a ledger of `size` entries."""
    return _ALWAYS + size * (_PER_ENTRY + (_PER_ENTRY_BULKY if full or size <= BULKY else 0))


def room_used(folder: Path, size: int) -> int:
    """Return the bytes that earlier runs for this size have on disk."""
    return sum(_bytes(place) for place in (folder / f"ledger-{size}", _steps_folder(folder, size)))


def outcomes(folder: Path, size: int) -> dict[str, Outcome]:
    """Return what is known of a ledger of `size` entries by step."""
    return Kept(_steps_folder(folder, size) / "outcomes.jsonl").read()


def measure(folder: Path, size: int, *, full: bool, again: Sequence[str] = ()) -> None:
    """Measure every step on a ledger of `size` entries; steps that begin with a word of `again` once more."""
    place = Place(folder / f"ledger-{size}", _steps_folder(folder, size))
    kept = Kept(place.folder / "outcomes.jsonl")
    _fill(place, size, kept)
    for step in STEPS:
        done = kept.read()
        if step.name in done and not step.name.startswith(tuple(again) or ("\0",)) and not _in_vain(done[step.name]):
            continue
        outcome = _left_out(step, size, done, full) or _run(step, place, size)
        kept.add(outcome)
        say(f"{size:>11,}  {step.name:<32} " + (outcome.reason or f"{outcome.seconds:8.2f} s {outcome.mib:7.0f} MiB"))
    kept.add(Outcome(size, FILES, **_circumstances(), more=_files(place.ledger)))


def _in_vain(outcome: Outcome) -> bool:
    """Return True if a step is tried again: it failed, or was left out."""
    return bool(outcome.reason)


def _fill(place: Place, size: int, kept: Kept) -> None:
    """Make the ledger, and forget what was measured on another one.

    The seconds of runs that were killed are not known, so only a fill in one run has a cost.
    """
    policy, known = place.ledger / "trust" / "policy", place.folder / "policy"  # it names the random key of the log
    before = policy.read_bytes() if policy.exists() else b""
    cpu = cpu_seconds()
    taken = seconds(lambda: filled(place.ledger.parent, size))
    cost = cpu_seconds() - cpu
    after = policy.read_bytes()
    if not known.exists() or known.read_bytes() != after:
        shutil.rmtree(place.folder, ignore_errors=True)
        place.folder.mkdir(parents=True)
        known.write_bytes(after)
        reason = "" if before != after else "left out: the ledger was made by several runs, or another one"
        kept.add(Outcome(size, FILL, taken, cost, grown=_bytes(place.ledger), **_circumstances(), reason=reason))


def _left_out(step: Step, size: int, done: dict[str, Outcome], full: bool) -> Outcome | None:
    for needed in step.needs:
        if needed not in done or done[needed].reason:
            return Outcome(size, step.name, **_circumstances(), reason=f"left out: needs {needed!r}")
    if step.bulky and size > BULKY and not full:
        reason = "left out: it writes the whole ledger, or all views, again (FULL=1 does it)"
        return Outcome(size, step.name, **_circumstances(), reason=reason)
    return None


def _run(step: Step, place: Place, size: int) -> Outcome:
    part = _begun(step, place)
    output = place.folder / "output"

    def keep(seconds: float, cpu: float, mib: float) -> None:
        (place.folder / PART).write_bytes(msgspec.json.encode(part.plus(seconds, cpu, mib)))

    cost = watched(step.command(place), _environment(place), output, keep if step.continues else lambda *_: None)
    (place.folder / PART).unlink(missing_ok=True)
    output_bytes = output.stat().st_size
    grown = _bytes(place.ledger) + _bytes(place.folder) - part.bytes
    _remove(place, step.after)
    absent = "comity: no command" in cost.said
    reason = "" if cost.code in _GOOD else f"exit code {cost.code}: {' '.join(cost.said.split())[:200]}"
    reason = "left out: this program has no such command" if absent else reason
    more: dict[str, Any] = {"printed": output_bytes}
    if not reason and step.name in ("desk", "serve"):
        more = json.loads(output.read_text(errors="replace").splitlines()[-1])
    whole = part.plus(cost.seconds, cost.cpu, cost.mib)
    found = (round(whole.seconds, 3), round(whole.cpu, 3), round(whole.mib, 1), grown)
    return Outcome(
        size, step.name, *found, **_circumstances(), more=more, failed=bool(reason) and not absent, reason=reason
    )


def _begun(step: Step, place: Place) -> Part:
    """Return what a stopped run of the step has cost; if there is none, what the step begins with is removed."""
    try:
        part = msgspec.json.decode((place.folder / PART).read_bytes(), type=Part)
    except (FileNotFoundError, msgspec.DecodeError):
        part = None
    if part is not None and part.step == step.name:
        return part
    _remove(place, step.before)
    return Part(step.name, _bytes(place.ledger) + _bytes(place.folder))


def _remove(place: Place, names: Sequence[str]) -> None:
    for name in names:
        root, pattern = (place.ledger, name[len("ledger/") :]) if name.startswith("ledger/") else (place.folder, name)
        for path in list(root.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _environment(place: Place) -> dict[str, str]:
    """Return the environment of a user who has no other ledger."""
    own = {"XDG_STATE_HOME": place / "user-state", "XDG_CONFIG_HOME": place / "user-config", "NO_COLOR": "1"}
    return {**as_installed(), **own}


def _circumstances() -> dict[str, Any]:
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    return {"load": round(os.getloadavg()[0], 1), "at": now, "commit": _commit()}


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _files(ledger: Path) -> dict[str, Any]:
    """Return bytes of the files of a ledger by name, and how many hash tiles it has."""
    sizes = {path.name: path.stat().st_size for path in ledger.glob("*.db")}
    tiles = [path for path in (ledger / "log").rglob("*") if path.is_file()]
    return {**sizes, "log": sum(tile.stat().st_size for tile in tiles), "tiles": len(tiles), "entries": _size(ledger)}


def _size(ledger: Path) -> int:
    with closing(EntryReader(ledger / "entries.db")) as reader:
        return reader.size()


def _bytes(place: Path) -> int:
    return sum(_each(place))


def _each(place: Path) -> Iterator[int]:
    for path in place.rglob("*") if place.exists() else ():
        try:
            yield path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # a temporary file that has gone
            continue


def _steps_folder(folder: Path, size: int) -> Path:
    return folder / f"steps-{size}"
