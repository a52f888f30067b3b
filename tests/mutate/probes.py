"""Which blocks of the product a test runs: each block sets a byte of a file that all processes of the run share.

A block is a run of statements without a branch. Line tracing doubles the time of the suite; this adds a few parts of
a hundred. `prepared` writes the code with probes, and importing it from `PLACE`, a `sitecustomize` there included,
makes every process of the run use it.
"""

from __future__ import annotations

import ast
import builtins
import functools
import marshal
import mmap
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache as _lru_cache
from functools import reduce, wraps
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple
from zlib import compress, decompress

PLACE = "MUTATE_PROBES"  # the folder of the prepared code, for every process of the run
CACHED = ("ledger", "projections", "server", "cli", "comity", "tests")  # packages whose `@cache` is followed
NAME = "__probe__"  # in builtins: a map of bytes, one for each block
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break, ast.Yield, ast.YieldFrom, ast.Await)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Block(NamedTuple):
    """A place in a file: the innermost function and the first lines of the statements."""

    function: str
    lines: list[int]


class Probed(ast.NodeVisitor):
    """Put a probe before each block of a module, numbered from `first`."""

    def __init__(self, source: bytes, first: int) -> None:
        self.tree = ast.parse(source)
        self.first = first
        self.blocks: list[Block] = []
        self._scope: list[str] = []
        self.tree.body = self._suite(self.tree.body)

    def _suite(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        fresh, mine = True, Block("", [])
        for place, each in enumerate(statements):
            late = isinstance(each, ast.ImportFrom) and each.module == "__future__"
            text = not place and isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
            if fresh and not late and not text:
                made.append(self._probe(each))
                fresh, mine = False, self.blocks[-1]
            mine.lines.append(each.lineno)
            made.append(each)
            within = len(self.blocks)
            self._inner(each, mine)
            fresh = fresh or _may_leave(each) or (len(self.blocks) > within and not isinstance(each, _SCOPES))
        return made

    def _probe(self, before: ast.stmt) -> ast.stmt:
        number = self.first + len(self.blocks)
        self.blocks.append(Block(".".join(self._scope), []))
        probe = ast.parse(f"{NAME}[{number}] = 1").body[0]
        for node in ast.walk(probe):
            for name in ("lineno", "end_lineno"):
                if hasattr(node, name):
                    setattr(node, name, before.lineno)
        return probe

    def _inner(self, node: ast.AST, mine: Block) -> None:
        """Put probes into the blocks inside of a statement, itself in the block `mine`."""
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            self._scope.append(node.name)
            if isinstance(node, ast.ClassDef):  # its body is executed where it is
                for each in node.body:
                    mine.lines.append(each.lineno)
                    self._inner(each, mine)
            else:
                node.body = self._suite(node.body)
            self._scope.pop()
            return
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if isinstance(inner, list) and inner:
                setattr(node, name, self._suite(inner))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            if isinstance(part, ast.ExceptHandler):
                mine.lines.append(part.lineno)
            part.body = self._suite(part.body)


def _may_leave(statement: ast.stmt) -> bool:
    """Return whether a statement may end its block early, or pause it."""
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        if isinstance(node, _LEAVES):
            return True
        if not isinstance(node, _SCOPES):
            left += ast.iter_child_nodes(node)
    return False


def prepared(tree: Path, files: Iterable[str], place: Path) -> dict[str, tuple[int, list[Block]]]:
    """Write the code of these files with probes; return the number of the first probe and the blocks of each."""
    place.mkdir(parents=True, exist_ok=True)
    codes: dict[str, bytes] = {}
    layout: dict[str, tuple[int, list[Block]]] = {}
    first = 0
    for file in files:
        path = (tree / file).resolve()
        probed = Probed(path.read_bytes(), first)
        codes[str(path)] = marshal.dumps(compile(probed.tree, str(path), "exec", dont_inherit=True))
        layout[file] = (first, probed.blocks)
        first += len(probed.blocks)
    names = {}
    for number, (name, code) in enumerate(codes.items()):
        names[name] = number
        (place / str(number)).write_bytes(code)
    (place / "names").write_bytes(marshal.dumps(names))
    (place / "hits").write_bytes(bytes(2 * first or 2))  # reached; reached while a module was imported
    (place / "sitecustomize.py").write_text(Path(__file__).read_text("utf-8") + "\n\nHITS = install()\n", "utf-8")
    return layout


class Hits:
    """The bytes of all blocks, shared by every process of a run."""

    def __init__(self, place: Path) -> None:
        with (place / "hits").open("r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 0)
        self.size = len(self.shared) // 2
        self.turn = 0

    def taken(self) -> bytes:
        """Return what was reached since the last call, and forget it."""
        found = self.shared[: self.size]
        self.shared[: self.size] = bytes(self.size)
        self.turn += 1
        return found

    def add(self, found: bytes | bytearray) -> None:
        self.shared[: self.size] = either([self.shared[: self.size], found])

    def imported(self) -> bytes:
        return self.shared[self.size :]

    def importing(self, module: ModuleType, code: CodeType) -> None:
        """Execute a module; keep apart what that reaches."""
        before, during = getattr(builtins, NAME), bytearray(self.size)
        setattr(builtins, NAME, during)
        try:
            exec(code, module.__dict__)  # noqa: S102
        finally:
            setattr(builtins, NAME, before)
            self.shared[self.size :] = either([self.shared[self.size :], during])
            self.add(during)

    def remembering(self, cached: Callable[..., Any]) -> Callable[..., Any]:
        """Make a cached function reach, whenever it is called, what it reached when it computed the result."""
        known: dict[object, list[Any]] = {}
        same: dict[bytes, bytes] = {}

        @wraps(cached)
        def call(*args: Any, **named: Any) -> Any:
            key = (args, tuple(named.items()))
            seen = known.get(key)
            if seen is None:
                before = self.taken()
                try:
                    return cached(*args, **named)
                finally:
                    during = self.shared[: self.size]
                    self.add(before)
                    known[key] = [self.turn, same.setdefault(during, during)]
            if seen[0] != self.turn:
                self.add(seen[1])
                seen[0] = self.turn
            return cached(*args, **named)

        return _like(call, cached)

    def caches(self) -> None:
        """Replace `cache` and `lru_cache` for the functions of the program and its tests."""

        def made(function: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
            mine = getattr(function, "__module__", "").partition(".")[0] in CACHED
            return self.remembering(real(function)) if mine else real(function)

        def lru_cache(maxsize: Any = 128, typed: bool = False) -> Any:
            if callable(maxsize):
                return made(maxsize, _lru_cache(128, typed))
            return lambda function: made(function, _lru_cache(maxsize, typed))

        functools.cache = lambda function: made(function, _lru_cache(None))  # type: ignore[assignment, return-value]
        functools.lru_cache = lru_cache


def _like(call: Any, cached: Any) -> Callable[..., Any]:
    for name in ("cache_clear", "cache_info", "cache_parameters"):
        setattr(call, name, getattr(cached, name))
    return call  # type: ignore[no-any-return]


def packed(hits: bytes) -> str:
    return b64encode(compress(hits, 1)).decode()


def unpacked(text: str) -> bytes:
    return decompress(b64decode(text))


def either(hits: Sequence[bytes | bytearray]) -> bytes:
    """Return the blocks that any of these reached."""
    return reduce(int.__or__, (int.from_bytes(each, "little") for each in hits)).to_bytes(len(hits[0]), "little")


class _Loader(SourceFileLoader):
    hits: Hits
    codes: dict[str, Path]

    def get_code(self, fullname: str) -> CodeType | None:
        made = self.codes.get(os.path.realpath(self.path))
        return marshal.loads(made.read_bytes()) if made else super().get_code(fullname)  # noqa: S302

    def exec_module(self, module: ModuleType) -> None:
        if os.path.realpath(self.path) not in self.codes:
            super().exec_module(module)
            return
        code = self.get_code(module.__name__)
        assert code is not None
        self.hits.importing(module, code)


def install() -> Hits | None:
    """Make this process import the code with probes, if the environment names its folder."""
    if PLACE not in os.environ:
        return None
    place = Path(os.environ[PLACE])
    _Loader.hits = Hits(place)
    _Loader.codes = {name: place / str(n) for name, n in marshal.loads((place / "names").read_bytes()).items()}  # noqa: S302
    setattr(builtins, NAME, _Loader.hits.shared)
    _Loader.hits.caches()

    class Finder(PathFinder):
        @classmethod
        def find_spec(cls, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
            found = super().find_spec(name, path, target)  # type: ignore[arg-type]
            if found is not None and found.origin and os.path.realpath(found.origin) in _Loader.codes:
                found.loader = _Loader(name, found.origin)
            return found

    sys.meta_path.insert(0, Finder)
    return _Loader.hits
