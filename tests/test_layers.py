"""The layers of the packages: the contracts of pyproject.toml hold, and pure files use no disk, network or clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IMPURE = ("ledger.adapters", "ledger.application")  # every other file of `ledger` and `projections` is pure

# What a pure file may import from outside. zoneinfo and pkgutil read the pinned tzdata and nothing else.
STANDARD = """
    __future__ abc base64 binascii bisect calendar collections contextlib copy csv dataclasses datetime decimal
    difflib enum fractions functools hashlib heapq html inspect io ipaddress itertools math operator pkgutil re shlex
    statistics string struct textwrap types typing unicodedata uuid zlib zoneinfo
""".split()
OUTSIDE = {*STANDARD, "cbor2", "msgspec", "orjson", "nacl", "holidays", "tzdata"}
# For projections alone: jinja2 and typst read the templates of the package; babel brings month names.
TEMPLATES = {"babel", "jinja2", "markupsafe", "icalendar", "segno", "typst"}
READING = {  # the parts of those packages that read the disk or draw random numbers
    "nacl.utils",
    "nacl.secret",
    "inspect.findsource",
    "inspect.getsource",
    "inspect.getsourcelines",
    "io.open",
    "io.FileIO",
    "uuid.uuid1",
    "uuid.uuid4",
}
CALLS = {"open", "input", "print", "eval", "exec", "compile", "__import__"}
METHODS = {"now", "utcnow", "today", "uuid1", "uuid4", "FileIO", "read_text", "read_bytes", "write_text", "write_bytes"}


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every import of a file as (line number, dotted name), including those in functions and TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{'.' * node.level}{node.module or ''}.{alias.name}") for alias in node.names)


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every call that could read the disk, the clock or random numbers, as (line number, name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CALLS:
                yield node.lineno, node.func.id
            elif isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                yield node.lineno, node.func.attr


def impurities(root: Path) -> list[str]:
    """Return each import or call under `root` that makes a pure file depend on its surroundings, with file and line."""
    found = []
    for path in sorted(p for package in ("ledger", "projections") for p in (root / package).rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        if module.startswith(IMPURE):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        here = f"{path.relative_to(root)}"
        outside = OUTSIDE | TEMPLATES if module.startswith("projections.") else OUTSIDE
        for number, name in imports(tree):
            first = name.split(".")[0]
            if first in ("ledger", "projections"):
                continue
            if first not in outside or any(f"{name}.".startswith(f"{part}.") for part in READING):
                found.append(f"{here}:{number}: imports {name}")
        found += [f"{here}:{number}: calls {name}()" for number, name in calls(tree)]
    return found


def test_the_domain_and_the_projections_use_no_disk_no_network_and_no_clock() -> None:
    assert impurities(ROOT) == []


@pytest.mark.parametrize(
    ("file", "source", "says"),
    [
        ("ledger/tlog/tree.py", "import os", "imports os"),
        ("ledger/tlog/tree.py", "def f():\n    from pathlib import Path", "imports pathlib.Path"),
        ("ledger/tlog/tree.py", "from ..adapters import storage", "imports ..adapters.storage"),
        ("ledger/verify/heads.py", "import sqlite3", "imports sqlite3"),
        ("ledger/facts/kind.py", "from inspect import getsource", "imports inspect.getsource"),
        ("ledger/law/terms/rule.py", "from jinja2 import Environment", "imports jinja2.Environment"),
        ("ledger/formats/selective_disclosure.py", "open('salt')", "calls open()"),
        ("ledger/formats/selective_disclosure.py", "from nacl.utils import random", "imports nacl.utils.random"),
        ("ledger/formats/selective_disclosure.py", "import uuid\nuuid.uuid4()", "calls uuid4()"),
        ("projections/views/due.py", "from datetime import datetime\ndatetime.now()", "calls now()"),
        ("projections/render/html.py", "from jinja2 import Environment", None),
        ("ledger/adapters/log/log.py", "import os, time", None),
        ("ledger/application/journal.py", "open('x')", None),
    ],
)
def test_a_planted_impurity_is_found(tmp_path: Path, file: str, source: str, says: str | None) -> None:
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(source, encoding="utf-8")
    found = impurities(tmp_path)
    assert len(found) == (says is not None)
    assert all(f.startswith(file) and f.endswith(says or "") for f in found)


PLANTED = {
    "The domain of the ledger imports no adapter": ("ledger/tlog/note.py", "import ledger.verify.heads"),
    "Projections use neither adapters nor the application": (
        "projections/views/due.py",
        "import ledger.adapters.storage.views",
    ),
    "Rules of law build on the reading of an order": (
        "ledger/law/parties/party_register.py",
        "def f():\n    import ledger.law.judge",
    ),
    "Adapters build on the event store": ("ledger/adapters/storage/sqlite.py", "import ledger.adapters.log.log"),
    "The command line uses the Python interface, which uses the server": (
        "comity/ledger.py",
        "import cli.lists.docket",
    ),
    "Reports build on views": ("projections/views/state.py", "import projections.reports.replay"),
}


def test_a_planted_import_from_a_higher_layer_breaks_its_contract(tmp_path: Path) -> None:
    packages = ("ledger", "projections", "server", "cli", "comity")
    for path in (path for package in packages for path in (ROOT / package).rglob("*.py")):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for file, line in PLANTED.values():
        with (tmp_path / file).open("a") as planted:
            planted.write(f"\n{line}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    broken = done.stdout.split("Broken contracts")[1]
    assert [contract for contract in PLANTED if contract not in broken] == []
