from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutate.baseline import importing
from tests.mutate.probes import NAME, PLACE, Hits, Probed, either, packed, prepared, unpacked

SOURCE = '''"""A text."""

from __future__ import annotations


def signed(n: int) -> str:
    """Say a sign."""
    if n < 0:
        return "minus"
    said = "plus"
    for _ in range(n):
        if n > 5:
            break
        said += "+"
    try:
        return said[n]
    except IndexError:
        pass
    return said


class Held:
    size = 3

    def one(self) -> int:
        return 1
'''


def reached(call: str) -> set[int]:
    """Return the lines whose blocks a call reaches."""
    probed = Probed(SOURCE.encode(), 0)
    hits = bytearray(len(probed.blocks))
    names: dict[str, object] = {NAME: hits}
    exec(compile(probed.tree, "probed.py", "exec", dont_inherit=True), names)  # noqa: S102
    hits[:] = bytes(len(hits))
    eval(call, names)  # noqa: S307
    return {line for hit, block in zip(hits, probed.blocks, strict=True) if hit for line in block.lines}


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        ("signed(-1)", {8, 9}),
        ("signed(0)", {8, 10, 11, 15, 16, 17}),
        ("signed(6)", {8, 10, 11, 12, 13, 15, 16, 17, 18, 19}),
        ("Held().one()", {26}),
    ],
)
def test_the_lines_of_the_blocks_that_a_call_reaches_are_those_it_may_execute(call: str, lines: set[int]) -> None:
    assert reached(call) == lines


def test_every_statement_is_in_a_block_of_its_function() -> None:
    of = {line: block.function for block in Probed(SOURCE.encode(), 40).blocks for line in block.lines}
    assert {line for line, function in of.items() if function == "signed"} == {8, 9, *range(10, 20)}
    assert {line for line, function in of.items() if function == "Held.one"} == {26}


def test_what_was_reached_is_packed_and_read_again() -> None:
    assert unpacked(packed(bytes(range(200)))) == bytes(range(200))
    assert either([b"\0\1\0", b"\0\0\1", b"\0\1\0"]) == b"\0\1\1"


THING = """
from functools import cache


@cache
def slow(n):
    return part(n)


def part(n):
    return n + 1


FIRST = slow(1)
"""
USE = """
import subprocess, sys
import sitecustomize

hits = sitecustomize.HITS
from cli import thing
print([n for n, hit in enumerate(hits.taken()) if hit], [n for n, hit in enumerate(hits.imported()) if hit])
thing.slow(2)
print([n for n, hit in enumerate(hits.taken()) if hit])
thing.slow(2)
print([n for n, hit in enumerate(hits.taken()) if hit])
subprocess.run([sys.executable, "-c", "import os; from cli import thing; thing.part(3); os.kill(os.getpid(), 9)"])
print([n for n, hit in enumerate(hits.taken()) if hit])
"""


def test_a_cached_result_reaches_what_made_it_and_a_killed_process_counts(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").touch()
    (tmp_path / "cli" / "thing.py").write_text(THING)
    place = tmp_path / "probes"
    first, blocks = prepared(tmp_path, ["cli/thing.py"], place)["cli/thing.py"]
    assert (first, [each.function for each in blocks]) == (0, ["", "slow", "part"])
    environment = os.environ | {PLACE: str(place), "PYTHONPATH": f"{place}:{tmp_path}"}
    done = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.stdout.splitlines(), done.stderr) == (["[0, 1, 2] [0, 1, 2]", "[1, 2]", "[1, 2]", "[0, 1, 2]"], "")


def test_who_imports_a_file_through_others_is_found(tmp_path: Path) -> None:
    files = {"a/__init__.py": "", "a/x.py": "N = 1", "a/y.py": "from a.x import N", "b.py": "from a import y"}
    files |= {"c.py": "def f():\n    import a.y", "d.py": "import json"}
    (tmp_path / "a").mkdir()
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    found = importing(tmp_path, files)
    assert found["a/x.py"] == {"a/y.py", "b.py", "c.py"}
    assert found["a/y.py"] == {"b.py", "c.py"}
    assert found["d.py"] == set()


def test_hits_are_forgotten_when_they_are_taken(tmp_path: Path) -> None:
    (tmp_path / "hits").write_bytes(bytes(6))
    hits = Hits(tmp_path)
    hits.shared[1] = 1
    hits.add(b"\0\0\1")
    assert (hits.taken(), hits.taken(), hits.imported()) == (b"\0\1\1", bytes(3), bytes(3))
