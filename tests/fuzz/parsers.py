"""Every parser and importer of the project (`table`), given inputs that were good before random changes.

Each must give an answer, or its own error with a code that docs/reference/codes.md explains, in bounded time
and memory, and nothing else.

    python -m tests.fuzz.parsers [--seed N] [--seconds S] [--only NAME] [--keep DIR]
    python -m tests.fuzz.parsers --replay FILE...

A failing input is made small and kept as DIR/NAME--ERROR-SEED; `seeds/parsers` keeps the inputs that were
mended.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from cli.exit_codes import Exit, Stop
from ledger.errors import LedgerError, RecordError
from tests.fuzz import inputs
from tests.fuzz.table import CODES, PARSERS, ROOT, Parser, Unforeseen

KEPT = Path(__file__).parent / "seeds" / "parsers"
SECONDS = 5.0  # of the processor, for any input of at most a megabyte
MEMORY = 3 << 29  # bytes beyond what the process has at its beginning


@dataclass(frozen=True)
class Failure:
    """What a parser did that is not allowed; `kind` is the same for the same cause."""

    kind: str
    says: str


# -- one trial ---------------------------------------------------------------------------------------------------------


class _TooLong(BaseException):
    """A parser that does not end."""


def _ring(*_: object) -> None:
    raise _TooLong


def tried(parser: Parser, data: bytes, place: Path, seconds: float = SECONDS) -> Failure | None:
    """Return what a parser does wrong with an input; None where all is well."""
    began = time.process_time()
    main = threading.current_thread() is threading.main_thread()
    before: Any = signal.signal(signal.SIGALRM, _ring) if main else None
    if main:
        signal.setitimer(signal.ITIMER_REAL, 12 * SECONDS)
    try:
        parser.call(data, place)
    except _TooLong as error:
        return Failure(f"endless {_where(error)}", f"it had not ended after {12 * SECONDS:.0f} s")
    except parser.raises as error:
        code = error.code if isinstance(error, RecordError | LedgerError) else ""
        if code and code not in CODES:
            return Failure(f"code {code}", f"docs/reference/codes.md has no {code}: {error}")
        if isinstance(error, Stop) and error.code is Exit.UNFORESEEN:
            return Failure("code 70", str(error))
    except Unforeseen as error:
        ours = re.findall(rf'File "{ROOT}/((?:ledger|projections|cli)/[^"]+)", line (\d+)', str(error))
        (what,) = re.findall(r"unforeseen: (\w+)", str(error))[-1:] or ["?"]
        return Failure(f"{what} {':'.join(ours[-1]) if ours else '?'}", str(error)[-1_500:])
    except Exception as error:
        return Failure(f"{type(error).__name__} {_where(error)}", "".join(traceback.format_exception(error)[-6:]))
    finally:
        if main:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    took = time.process_time() - began
    return Failure("slow", f"{took:.1f} s") if took > seconds else None


def _where(error: BaseException) -> str:
    """Return the innermost line of this project."""
    found = "?"
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(ROOT) and file.parts[len(ROOT.parts)] in ("ledger", "projections", "cli"):
            found = f"{file.relative_to(ROOT).as_posix()}:{line}"
    return found


def smaller(parser: Parser, data: bytes, kind: str, place: Path, seconds: float = 20.0) -> bytes:
    """Return the smallest input found in time that fails in the same way: pieces are left out, large ones first."""
    end, size = time.monotonic() + seconds, max(1, len(data) // 2)
    while size and time.monotonic() < end:
        at = 0
        while at < len(data) and time.monotonic() < end:
            less = data[:at] + data[at + size :]
            again = tried(parser, less, place)
            if again is not None and again.kind == kind:
                data = less
            else:
                at += size
        size //= 2
    return data


def input_of(parser: Parser, seed: int) -> bytes:
    """Return the input of this number."""
    chance = Random(f"{parser.name} {seed}")
    return inputs.changed(chance.choice(list(parser.good())), parser.form, chance)


@contextmanager
def workplace() -> Iterator[Path]:
    """Enter an empty folder, and limit the address space."""
    with tempfile.TemporaryDirectory(prefix="comity-fuzz-") as made:
        yield Path(made)


def bounded() -> None:
    """Limit the memory of this process: what asks for more than `MEMORY` fails."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


# -- many of them ------------------------------------------------------------------------------------------------------


def kept() -> list[tuple[Parser, Path]]:
    """Return the inputs that once failed, each with its parser: a folder of the parser's name."""
    return [(each, path) for each in PARSERS for path in sorted((KEPT / slug(each.name)).glob("*"))]


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz.parsers", description=__doc__)
    ask.add_argument("--seed", type=int, default=0, help="the first input of each parser")
    ask.add_argument("--seconds", type=float, default=60.0, help="how long at most")
    ask.add_argument("--only", help="parsers whose name has this in it")
    ask.add_argument("--keep", type=Path, help="where failing inputs are written, made small")
    ask.add_argument(
        "--replay", type=Path, nargs="+", help="kept inputs; their folder, or what stands before --, names the parser"
    )
    asked = ask.parse_args()
    chosen = [each for each in PARSERS if (asked.only or "") in each.name]
    for each in chosen:
        each.good()  # made before the clock runs
    bounded()
    with workplace() as place:
        return _again(asked.replay, place) if asked.replay else _run(asked, chosen, place)


def _again(paths: Iterable[Path], place: Path) -> int:
    wrong = 0
    for path in paths:
        for parser in PARSERS:
            if slug(parser.name) in (path.parent.name, path.name.partition("--")[0]):
                failure = tried(parser, path.read_bytes(), place)
                say(f"{path.name}: {failure.kind if failure else 'holds'}" + (f"\n{failure.says}" if failure else ""))
                wrong += failure is not None
    return 1 if wrong else 0


def _run(asked: argparse.Namespace, chosen: Sequence[Parser], place: Path) -> int:
    begun, seen, done = time.monotonic(), Counter[tuple[str, str]](), Counter[str]()
    spent: Counter[str] = Counter()
    while time.monotonic() - begun < asked.seconds:
        parser = min(chosen, key=lambda each: spent[each.name])  # each has the same time, not the same number
        seed, tick = asked.seed + done[parser.name], time.monotonic()
        done[parser.name] += 1
        data = input_of(parser, seed)
        failure = tried(parser, data, place)
        spent[parser.name] += int((time.monotonic() - tick) * 1e6) + 1
        if failure is None:
            continue
        seen[parser.name, failure.kind] += 1
        if seen[parser.name, failure.kind] == 1:
            small = smaller(parser, data, failure.kind, place)
            say(f"\n{parser.name}, input {seed}: {failure.kind}\n{failure.says}{small[:300]!r}\n")
            if asked.keep:
                asked.keep.mkdir(parents=True, exist_ok=True)
                (asked.keep / f"{slug(parser.name)}--{slug(failure.kind)[:60]}-{seed}").write_bytes(small)
            begun += time.monotonic() - tick  # what making it small took is not counted
    least = min(done.values(), default=0)
    say(f"{sum(done.values())} inputs for {len(chosen)} parsers in {asked.seconds:.0f} s, {least} or more for each")
    for (name, kind), count in sorted(seen.items()):
        say(f"  {count:5} {name}: {kind}")
    return 1 if seen else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
