"""Imports are at the top of a module; one in a function, or for types alone, loads what the module else would not.

The module of a command is loaded when the command is called: what its function imports in any case is at the top. A
module of several commands loads for each of them what that one needs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules(root: Path) -> dict[str, ast.Module]:
    """Return the modules of the product below `root` by their dotted names."""
    found = {}
    for path in (
        path for package in ("ledger", "projections", "server", "cli") for path in (root / package).rglob("*.py")
    ):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text("utf-8"))
    return found


class Found(NamedTuple):
    """An import: whether it is late, and whether a call of a command runs it in any case."""

    node: ast.Import | ast.ImportFrom
    late: bool
    always: bool


def targets(node: ast.Import | ast.ImportFrom, known: Mapping[str, object]) -> set[str]:
    """Return the modules that an import loads, by their dotted names."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    full = [f"{node.module}.{alias.name}" for alias in node.names]
    return {name if name in known else str(node.module) for name in full}


def with_packages(name: str) -> set[str]:
    """Return the dotted names of a module and of its packages."""
    parts = name.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts) + 1)}


def is_command(node: ast.stmt) -> bool:
    """Return whether a statement defines a command."""
    return isinstance(node, FUNCTIONS) and any("command" in ast.dump(by) for by in node.decorator_list)


def imports(body: list[ast.stmt], late: bool = False, always: bool = False) -> Iterator[Found]:
    """Yield each import of a module."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield Found(node, late, always)
        elif isinstance(node, FUNCTIONS):
            yield from imports(node.body, late=True, always=not late and is_command(node))
        else:
            types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for part in ("body", "orelse", "handlers", "finalbody", "cases"):
                yield from imports(getattr(node, part, []), late or types)


def needlessly_late(root: Path) -> list[str]:
    """Return every late import that would load nothing more at the top of its module, with file and line."""
    known = modules(root)
    every = {name: [*imports(tree.body)] for name, tree in known.items()}
    early = {name: {to for x in found if not x.late for to in targets(x.node, known)} for name, found in every.items()}

    next_to_load = {name: set[str]().union(*map(with_packages, to)) for name, to in early.items()}

    def loaded_with(name: str) -> set[str]:
        seen, waiting = set[str](), with_packages(name)
        while waiting:
            seen |= waiting
            waiting = set[str]().union(*(next_to_load.get(each, ()) for each in waiting)) - seen
        return seen

    found = []
    for name, all_of in every.items():
        loaded = loaded_with(name)
        own = {n.name for n in known[name].body if isinstance(n, FUNCTIONS)}
        alone = name.startswith("cli.commands.") and sum(map(is_command, known[name].body)) == 1
        for x in all_of:
            to = targets(x.node, known)
            runs = x.always and alone and to <= {*known}
            if x.late and (runs or to <= loaded) and not own & {alias.asname or alias.name for alias in x.node.names}:
                found.append(f"{name}:{x.node.lineno}: {', '.join(sorted(to))}")
    return found


@pytest.mark.slow
def test_an_import_is_late_only_where_it_loads_what_the_module_else_would_not() -> None:
    assert needlessly_late(ROOT) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("from ledger.a import one\ndef f():\n    from ledger.a import two", 1),
        (
            "from typing import TYPE_CHECKING\nfrom ledger.a import one\nif TYPE_CHECKING:\n    from ledger.a import T",
            1,
        ),
        ("from ledger.b import one\ndef f():\n    if one:\n        from ledger.a import two", 1),
        ("def f():\n    from ledger.a import one", 0),
        ("@command()\ndef f():\n    from ledger.a import one", 1),
        ("@command()\ndef f():\n    if f:\n        from ledger.a import one", 0),
        ("@command()\ndef f():\n    from ledger.a import one\n@command()\ndef g():\n    pass", 0),
        ("@command()\ndef f():\n    import typst", 0),
        ("@command()\ndef one():\n    from ledger.a import one", 0),
    ],
)
def test_a_planted_late_import_is_found(tmp_path: Path, source: str, count: int) -> None:
    files = {"ledger/a.py": "one = 1", "ledger/b.py": "import ledger.a", "cli/commands/planted.py": source}
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert len(needlessly_late(tmp_path)) == count
