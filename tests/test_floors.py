"""The floor plan, from the imports themselves: a file may import from lines above it, never from below."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From top to bottom. A line is a file or a folder; a folder's files may import each other.
CELLAR = (
    "ledger.refusal",
    "ledger.ed25519",
    "ledger.characters_table",
    "ledger.characters",
    "ledger.canonical",
    "ledger.zones",
    "ledger.order",
    "ledger.veil",
    "ledger.note",
    "ledger.policy",
    "ledger.quorum",
    "ledger.tlog",
    "ledger.tile",
    "ledger.submission",
    "ledger.facts",
    "ledger.dsse",
    "ledger.payload",
    "ledger.texts",
    "ledger.replacing",
    "ledger.door",
    "ledger.envelope",
    "ledger.chain",
    "ledger.exhibit",
    "ledger.keyring",
    "ledger.counterparty",
    "ledger.law",
    "ledger.bundle",
    "ledger.verify",
)
WORLD = (
    "ledger.world.fault",
    "ledger.world.clock",
    "ledger.world.schema",
    "ledger.world.sqlite",
    "ledger.world.postgres",
    "ledger.world.place",
    "ledger.world.home",
    "ledger.world.names",
    "ledger.world.folder",
    "ledger.world.http",
    "ledger.world.shelf",
    "ledger.world.growing",
    "ledger.world.recorder",
    "ledger.world.postgres_recorder",
    "ledger.world.moving",
    "ledger.world.store",
    "ledger.world.keys",
    "ledger.world.agent",
    "ledger.world.token",
    "ledger.world.signing",
    "ledger.world.mldsa",
    "ledger.world.drawer",
    "ledger.world.counterparties",
    "ledger.world.guard",
    "ledger.world.pending",
    "ledger.world.signatory",
    "ledger.world.rotation",
    "ledger.world.signer",
    "ledger.world.heads",
    "ledger.world.tiles",
    "ledger.world.der",
    "ledger.world.stamping",
    "ledger.world.published",
    "ledger.world.following",
    "ledger.world.inspecting",
    "ledger.world.monitor",
    "ledger.world.memory",
    "ledger.world.witness",
    "ledger.world.serving",
    "ledger.world.witness_http",
    "ledger.world.log",
    "ledger.world.asking",
    "ledger.world.cosigning",
    "ledger.world.restoring",
    "ledger.world.succession",
    "ledger.world.audit",
    "ledger.world.whole",
    "ledger.world.views",
    "ledger.world.board",
    "ledger.world.cases",
    "ledger.world.bound",
    "ledger.world.past",
    "ledger.world.founding",
    "ledger.world.receiving",
    "ledger.world.sealing",
    "ledger.world.recalled",
    "ledger.world.arrivals",
    "ledger.world.bulk",
    "ledger.world.erasure",
    "ledger.world.journal",
)
LINES = (*CELLAR, *WORLD, "projections", "cli")
PURE = (*CELLAR, "projections")  # no disk, no network, no clock, no chance
APART = {"projections": "ledger.world", "ledger.world": "projections"}

# What a pure file may import from outside. zoneinfo reads the pinned tzdata, and that is all that is read.
STANDARD = """
    __future__ abc base64 binascii bisect calendar collections contextlib copy csv dataclasses datetime decimal
    difflib enum fractions functools hashlib heapq html io itertools math operator re statistics string struct
    textwrap types typing unicodedata uuid zlib zoneinfo
""".split()
OUTSIDE = {*STANDARD, "msgspec", "orjson", "nacl", "holidays", "tzdata"}
# For projections alone: templates are read that lie beside them, nothing else; a calendar is only put
# together; babel brings month names.
TEMPLATES = {"babel", "jinja2", "markupsafe", "icalendar", "segno", "typst"}
WINDOWS = {
    "nacl.utils",
    "nacl.secret",
    "io.open",
    "io.FileIO",
    "uuid.uuid1",
    "uuid.uuid4",
}  # what those packages have of the world
CALLS = {"open", "input", "print", "eval", "exec", "compile", "__import__"}
METHODS = {"now", "utcnow", "today", "uuid1", "uuid4", "FileIO", "read_text", "read_bytes", "write_text", "write_bytes"}


def line_of(name: str) -> str | None:
    """The line of the plan on which a module, or a name in it, stands; None for the empty rooms above it."""
    return max((line for line in LINES if f"{name}.".startswith(f"{line}.")), key=len, default=None)


def imports(tree: ast.AST, module: str, package: bool) -> Iterator[tuple[int, str]]:
    """Every import of a file as (line number, absolute dotted name), those inside functions and TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = module.split(".")[
                : None if package and node.level == 1 else len(module.split(".")) - node.level + package
            ]
            source = ".".join([*(here if node.level else []), *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def windows(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every call by which a file could look at the disk, the clock or a die, as (line number, name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CALLS:
                yield node.lineno, node.func.id
            elif isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                yield node.lineno, node.func.attr


def faults(root: Path) -> list[str]:
    """What in the tree under `root` breaks the floor plan, one line each with file and line number."""
    found = []
    for path in sorted(p for house in ("ledger", "projections", "cli") for p in (root / house).rglob("*.py")):
        package = path.name == "__init__.py"
        parts = path.relative_to(root).with_suffix("").parts
        module = ".".join(parts[:-1] if package else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        line = line_of(module)
        if line is None and not (package and module in ("ledger", "ledger.world")):
            found.append(f"{path.relative_to(root)}: stands on no line of the plan")
            continue
        for number, name in imports(tree, module, package):
            if fault := forbidden(module, line, name):
                found.append(f"{path.relative_to(root)}:{number}: {fault}")
        if line in PURE:
            found += [f"{path.relative_to(root)}:{n}: calls {name}()" for n, name in windows(tree)]
    return found


def forbidden(module: str, line: str | None, name: str) -> str | None:
    """Why `module` may not import `name`; None if it may."""
    if name.split(".")[0] not in ("ledger", "projections", "cli"):
        outside = OUTSIDE | TEMPLATES if line == "projections" else OUTSIDE
        if line in PURE and (name.split(".")[0] not in outside or any(f"{name}.".startswith(f"{w}.") for w in WINDOWS)):
            return f"imports {name} from the world"
        return None
    target = line_of(name)
    if target is None:
        return f"imports {name}, which is no line of the plan"
    if line is None or LINES.index(target) > LINES.index(line):
        return f"imports {name} from below"
    apart = APART.get(line)
    return f"imports {name}, which it stands apart from" if apart and f"{name}.".startswith(f"{apart}.") else None


def test_no_file_imports_from_below_its_floor() -> None:
    assert faults(ROOT) == []


@pytest.mark.parametrize(
    ("file", "source", "says"),
    [
        ("ledger/tlog.py", "import os", "imports os from the world"),
        ("ledger/tlog.py", "def f():\n    from pathlib import Path", "imports pathlib.Path from the world"),
        ("ledger/verify.py", "import sqlite3", "imports sqlite3 from the world"),
        ("ledger/note.py", "from ledger.tlog import root", "imports ledger.tlog.root from below"),
        ("ledger/note.py", "from ledger import verify", "imports ledger.verify from below"),
        ("ledger/law/rules.py", "from ..bundle import pack", "imports ledger.bundle.pack from below"),
        ("ledger/law/__init__.py", "from ..verify import verify", "imports ledger.verify.verify from below"),
        ("ledger/facts/order.py", "from . import answer", None),
        ("ledger/envelope.py", "from ledger.facts.order import OrderIssued", None),
        ("ledger/world/store.py", "from ledger.world.journal import Journal", "from below"),
        ("ledger/world/log.py", "import os, time\nfrom ledger.tlog import Frontier", None),
        ("projections/due.py", "from ledger.world import store", "which it stands apart from"),
        ("projections/due.py", "from datetime import datetime\ndatetime.now()", "calls now()"),
        ("projections/page.py", "from jinja2 import Environment", None),
        ("ledger/law/rules.py", "from jinja2 import Environment", "imports jinja2.Environment from the world"),
        ("ledger/veil.py", "open('salt')", "calls open()"),
        ("ledger/veil.py", "from nacl.utils import random", "imports nacl.utils.random from the world"),
        ("ledger/veil.py", "import uuid\nuuid.uuid4()", "calls uuid4()"),
        ("ledger/helpers.py", "", "stands on no line of the plan"),
        ("cli/main.py", "import ledger.world.journal, projections.due, subprocess", None),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, file: str, source: str, says: str | None) -> None:
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(source, encoding="utf-8")
    found = faults(tmp_path)
    assert [f for f in found if f.startswith(file)] == found
    assert len(found) == (says is not None)
    assert all(f.endswith(says or "") for f in found)
