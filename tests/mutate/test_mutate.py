from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutate.__main__ import judged, run
from tests.mutate.baseline import ROOT, Baseline
from tests.mutate.sites import Mutant, area_of, mutants, sample

PRODUCT = '''"""Not a word of 3 docstrings changes."""

FIRST = 7


def later(a: "1 < 2", b: int = 5) -> bool:
    """Nor 4 of these."""
    if not a:
        raise ValueError(f"not {1 < 2}", 9)
    return a > b


def climbs(top: int) -> int:
    step = 0
    while step < top:
        step += 1
    return step


def unasked(a: int) -> int:
    return a + 2
'''
SMALL = """
FIRST = 7
STEP = 1
READ_ALONE = 9


def climbs(top):
    step = 0
    while step != top:
        step += STEP
    return step == 1


def unasked():
    return True


def uncalled():
    return True
"""
TESTS = """
import os

from ledger.thing import FIRST, READ_ALONE, climbs, unasked

int(os.environ.get("SEED", 0))  # as the properties do


def test_climbing_ends():
    assert climbs(1)


def test_the_first_is_seven():
    unasked()
    assert FIRST == 7


def test_a_constant_is_read_where_nothing_is_called():
    assert READ_ALONE == 9
"""
PYPROJECT = """
[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]
addopts = "-m 'not slow'"
markers = ["slow"]
"""


@pytest.fixture(scope="module")
def found() -> list[Mutant]:
    return mutants("ledger/thing.py", PRODUCT.encode(), "integrity")


def made(found: list[Mutant], before: str) -> set[str]:
    return {mutant.made for mutant in found if mutant.before == before}


def test_a_comparison_gets_its_boundary_and_its_contrary(found: list[Mutant]) -> None:
    assert made(found, "return a > b") == {"return a >= b", "return a <= b", "return None", "return not (a > b)"}


def test_docstrings_annotations_and_what_is_raised_are_left_alone(found: list[Mutant]) -> None:
    assert made(found, 'raise ValueError(f"not {1 < 2}", 9)') == {"pass"}
    assert not [each for each in found if "docstrings" in each.before or "of these" in each.before]
    assert made(found, 'def later(a: "1 < 2", b: int = 5) -> bool:') == {
        f'def later(a: "1 < 2", b: int = {n}) -> bool:' for n in (4, 6)
    }


STORES = """
class Rows:
    def __init__(self, place: Address) -> None:
        self.size = 1


def counted(to: Address, most: int) -> int:
    return most + 1


def has_tables(c: postgres.Connection) -> bool:
    return c.size == 1


def opened(place, other: Addresses):
    if isinstance(place, Address):
        return 2
    first = 3 if isinstance(place, Address) else 4
    return first
"""


def test_code_that_only_a_postgresql_server_runs_is_left_alone() -> None:
    changed = mutants("ledger/adapters/thing.py", STORES.encode(), "storage")
    assert {(each.before, each.made) for each in changed} == {
        ("if isinstance(place, Address):", "if True:"),
        ("first = 3 if isinstance(place, Address) else 4", "first = 3 if True else 4"),
        ("first = 3 if isinstance(place, Address) else 4", "first = 3 if isinstance(place, Address) else 5"),
        ("first = 3 if isinstance(place, Address) else 4", "first = 3 if isinstance(place, Address) else 3"),
        ("return first", "return None"),
    }


def test_the_length_that_a_zip_asserts_is_left_alone() -> None:
    source = "def f(a, b):\n    g(strict=True)\n    return max(zip(a, b, strict=True))\n"
    changed = {each.made for each in mutants("ledger/thing.py", source.encode(), "integrity")}
    assert changed == {"g(strict=False)", "pass", "return None", "return min(zip(a, b, strict=True))"}


CHOICES = """
def chosen(word, n):
    match word:
        case "a":
            return 1
        case "b" if n > 2:
            return 2
    return 3
"""


def test_a_pattern_with_its_guard_is_reached_where_its_match_is_and_not_where_the_case_before_it_is() -> None:
    reached = {(each.before, each.statement) for each in mutants("ledger/thing.py", CHOICES.encode(), "integrity")}
    assert reached == {
        ('case "a":', 3), ("return 1", 5), ('case "b" if n > 2:', 3), ("return 2", 7), ("return 3", 8),
    }  # fmt: skip


def test_a_sample_has_one_mutant_of_each_file_before_a_second_of_any(found: list[Mutant]) -> None:
    every = [each._replace(file=file) for each in found for file in ("ledger/a.py", "ledger/b.py")]
    sources = dict.fromkeys(("ledger/a.py", "ledger/b.py"), PRODUCT.encode())
    assert {each.file for each in sample(every, 2, "1", sources)} == set(sources)
    assert sample(every, 9, "1", sources) == sample(every, 9, "1", sources) != sample(every, 9, "2", sources)


def test_the_longest_folder_decides_the_area() -> None:
    areas = {
        "ledger/tlog/note.py": "integrity",
        "ledger/law/judge.py": "law",
        "browser/check/tlog/note.mjs": "page",
        "ledger/adapters/storage/postgres.py": None,
        "README.md": None,
    }
    assert {file: area_of(file) for file in areas} == areas


@pytest.mark.slow
def test_mutants_are_killed_survive_or_hang_and_none_is_tried_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEED", "4aed5ae2")  # as `make mutate SEED=4aed5ae2` exports it: a sample's word is no number
    files = {"ledger/__init__.py": "", "ledger/thing.py": SMALL, "tests/test_thing.py": TESTS}
    files |= {"pyproject.toml": PYPROJECT}
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    keep = tmp_path / "build" / "kept.jsonl"
    lines = run(tmp_path, keep, "0", 100, ["integrity"], least=2.0)
    how = {(line["before"], line["made"]): line["how"] for line in lines}
    by = {(line["function"], line["made"]): line["how"] for line in lines}
    assert how["return step == 1", "return step != 1"] == "killed"
    assert how["FIRST = 7", "FIRST = 8"] == how["READ_ALONE = 9", "READ_ALONE = 8"] == "killed"
    assert how["step += STEP", "pass"] == how["STEP = 1", "STEP = 0"] == "timeout"
    assert by["unasked", "return None"] == by["uncalled", "return None"] == "survived"
    assert {file: (tmp_path / file).read_text() for file in files} == files
    tried = keep.read_text()
    assert run(tmp_path, keep, "0", 100, ["integrity"]) == lines
    assert keep.read_text() == tried
    assert json.loads(tried.splitlines()[0]).keys() >= {"area", "file", "line", "before", "made", "how", "by"}


@pytest.mark.slow
def test_what_survives_the_fast_tests_is_asked_of_the_slow_ones_once(tmp_path: Path) -> None:
    slow = "import pytest\nfrom ledger.thing import uncalled\n\n@pytest.mark.slow\ndef test_it():\n    assert "
    slow += "uncalled()\n"
    files = {"ledger/__init__.py": "", "ledger/thing.py": SMALL, "tests/test_thing.py": TESTS}
    _tree(tmp_path, files | {"tests/test_slowly.py": slow})
    keep = tmp_path / "build" / "kept.jsonl"
    lines = run(tmp_path, keep, "0", 100, ["integrity"], least=2.0)
    by = {(line["function"], line["made"]): (line["how"], line["by"]) for line in lines}
    assert by["uncalled", "return None"] == ("killed", "tests/test_slowly.py::test_it")
    assert by["unasked", "return None"] == ("survived", "")
    tried = keep.read_text()
    assert run(tmp_path, keep, "0", 100, ["integrity"]) == lines
    assert keep.read_text() == tried


NO_SEED = "import os\n\n\ndef test_it_has_the_usual_sample():\n    assert not {'SEED', 'COUNT'} & set(os.environ)\n"


def test_the_seed_of_the_mutants_is_no_seed_of_the_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED", "ee75a4ac")
    monkeypatch.setenv("COUNT", "300")
    program = _tree(tmp_path, {"tests/test_seed.py": NO_SEED})
    program.measured(program.copied())
    assert [*program.tests] == ["tests/test_seed.py::test_it_has_the_usual_sample"]


def test_tests_that_cannot_be_collected_end_the_run_with_the_place_of_their_log(tmp_path: Path) -> None:
    program = _tree(tmp_path, {"tests/test_broken.py": "import absent_module\n"})
    with pytest.raises(SystemExit, match=r"program-measure\.log"):
        program.measured(program.copied())
    assert "absent_module" in (tmp_path / "build" / "program-measure.log").read_text()


def test_a_run_that_breaks_says_so_instead_of_leaving_mutants_out(tmp_path: Path) -> None:
    broken = "def pytest_runtestloop(session):\n    raise ZeroDivisionError\n"
    program = _tree(tmp_path, {"conftest.py": broken, "tests/test_seed.py": NO_SEED})
    with pytest.raises(SystemExit, match=r"pytest broke, .*program-measure\.log"):
        program.measured(program.copied())
    assert "ZeroDivisionError" in (tmp_path / "build" / "program-measure.log").read_text()


def _tree(root: Path, files: dict[str, str]) -> Baseline:
    for file, text in (files | {"pyproject.toml": PYPROJECT}).items():
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    (root / "build").mkdir(exist_ok=True)
    return Baseline(root, root / "build", "program", (), ())


@pytest.mark.slow
def test_what_survives_the_tests_that_were_named_is_tried_again_with_all(tmp_path: Path) -> None:
    more = "from ledger.thing import uncalled\n\n\ndef test_it_is_so():\n    assert uncalled()\n"
    files = {"ledger/thing.py": SMALL, "tests/test_thing.py": TESTS, "tests/test_more.py": more}
    files |= {"ledger/__init__.py": "", "pyproject.toml": PYPROJECT}
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    keep = tmp_path / "build" / "kept.jsonl"
    for named, how in ((["tests/test_thing.py"], "survived"), (None, "killed"), (["tests/test_thing.py"], "killed")):
        lines = run(tmp_path, keep, "0", 100, ["integrity"], tests=named, least=2.0)
        assert {line["how"] for line in lines if line["function"] == "uncalled"} == {how}


GRAB = """
from tests.mutate.plugin import MEMORY, in_fork


def grab():
    try:
        return f"got {len(bytes(MEMORY))}"
    except MemoryError:
        return "refused"


def takes():
    try:
        return str(len(bytes(MEMORY)))
    except MemoryError as error:
        raise RuntimeError("a plugin says so") from error


print(in_fork(grab), len(bytes(MEMORY // 8)) > 0, in_fork(takes))
"""


SWAP = """
import gc
from pathlib import Path
from cli import thing
from tests.mutate.plugin import Imported

gc.freeze()
source = Path(thing.__file__).read_bytes()
before = thing.kept(), thing.plain()
there = Imported()
assert there.replaced(thing.__file__, source, source.replace(b"+ 1", b"+ 5"))
there.forget()
print(before, thing.kept(), thing.plain())
print(there.replaced(thing.__file__, source, source.replace(b"N = 2", b"N = 3")), there.replaced("later.py", b"", b""))
"""
KEPT = """from functools import cache

N = 2


@cache
def kept():
    return plain()


def plain():
    return N + 1
"""


def test_code_is_replaced_in_frozen_objects_and_cached_results_are_forgotten(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli/__init__.py").touch()
    (tmp_path / "cli/thing.py").write_text(KEPT)
    (tmp_path / "task.json").write_text("{}")
    environment = os.environ | {"MUTATE_TASK": str(tmp_path / "task.json"), "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", SWAP], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("(3, 3) 7 7\nFalse True\n", "")


def test_a_mutant_gets_a_part_of_the_memory_alone(tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text("{}")
    environment = os.environ | {"MUTATE_TASK": str(tmp_path / "task.json")}
    done = subprocess.run([sys.executable, "-c", GRAB], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "refused True the memory of the process ended\n"


def test_the_score_leaves_out_what_is_harmless_and_at_most_eight_of_a_hundred_may_be() -> None:
    def lines(killed: int, survived: int, harmless: int) -> list[dict[str, str]]:
        how = ["killed"] * killed + ["survived"] * survived + ["harmless"] * harmless
        return [{"area": "law", "how": each} for each in how]

    scores, good = judged(lines(95, 5, 8))
    assert scores["law"] == {"tried": 108, "killed": 95, "survived": 5, "harmless": 8, "score": 95.0}
    assert good
    assert not judged(lines(94, 6, 0))[1]
    assert not judged(lines(95, 5, 9))[1]
