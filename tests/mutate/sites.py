"""The mutants of a Python file: exact spans of its source and what replaces each."""

from __future__ import annotations

import ast
import random
import re
from itertools import islice
from typing import NamedTuple

AREAS = {  # the longest prefix of a path decides
    "integrity": ("ledger/",),
    "verify": ("ledger/verify/", "ledger/bundle/", "ledger/trust/"),
    "law": ("ledger/law/",),
    "storage": ("ledger/adapters/", "ledger/application/"),
    "projections": ("projections/",),
    "cli": ("cli/", "comity/"),
    "page": ("browser/check/",),
}
# A generated table, and code that only a PostgreSQL server or a PKCS#11 token runs, which `make test` has not. In other
# files that is what takes an `Address` or a connection: a function, a class whose `__init__` does, and the branch of an
# `isinstance`.
LEFT_OUT = re.compile(r"/(characters_table|confusables_table|postgres\w*|copy_entries|pkcs11|token_key)\.py$")

_COMPARED = {
    ast.Lt: ("<", "<=", ">="),
    ast.LtE: ("<=", "<", ">"),
    ast.Gt: (">", ">=", "<="),
    ast.GtE: (">=", ">", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
_COMPUTED = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "//"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "//"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
_CALLED = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "(lambda each, **_: list(each))"}
_IN_POSTGRES = {"Address", "postgres.Connection"}
_WEIGHTS = {"constant": 0.4}


class Mutant(NamedTuple):
    """One change: `after` replaces the bytes `start` to `end` of `file`. `before` and `made` are lines of text."""

    area: str
    file: str
    function: str
    line: int
    statement: int  # the first line of the statement
    start: int
    end: int
    after: str
    what: str
    before: str
    made: str

    @property
    def weight(self) -> float:
        return _WEIGHTS.get(self.what, 1.0)

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.after.encode() + source[self.end :]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}: {self.before} -> {self.made}"


def area_of(path: str) -> str | None:
    """Return the area that a file of the product belongs to, None if it is not asked."""
    held = [(len(prefix), area) for area, prefixes in AREAS.items() for prefix in prefixes if path.startswith(prefix)]
    wanted = path.endswith(".mjs") if path.startswith("browser/") else path.endswith(".py")
    return max(held)[1] if held and wanted and not LEFT_OUT.search(path) else None


def mutant(area: str, file: str, source: bytes, span: tuple[int, int], after: str, **more: object) -> Mutant:
    """Return a mutant with the lines around its span, before and afterwards."""
    start, end = span
    first = source.rfind(b"\n", 0, start) + 1
    last = source.find(b"\n", end)
    last = len(source) if last < 0 else last
    before, made = source[first:last], source[first:start] + after.encode() + source[end:last]
    lines = (" ".join(each.decode().split()) for each in (before, made))
    at = source.count(b"\n", 0, start) + 1
    found = dict(zip(("before", "made"), lines, strict=True))
    return Mutant(area, file, line=at, start=start, end=end, after=after, **{"statement": at, **more, **found})  # type: ignore[arg-type]


def mutants(file: str, source: bytes, area: str) -> list[Mutant]:
    """Return every mutant of a Python source, in the order of its bytes."""
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    made = {
        mutant(area, file, source, span, after, function=function or "<module>", statement=statement, what=what)
        for span, after, what, function, statement in finder.found
    }
    return sorted(made)


class _Finder(ast.NodeVisitor):
    """Walk a module, except annotations, docstrings, decorators, arguments of `raise` and texts with values."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.lines = [0]
        for line in source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self.found: list[tuple[tuple[int, int], str, str, str, int]] = []
        self.scope: list[str] = []
        self.statement = 1

    def visit(self, node: ast.AST) -> None:
        before = self.statement
        if isinstance(node, ast.stmt | ast.excepthandler):
            self.statement = node.lineno
        super().visit(node)
        self.statement = before  # the next pattern of a `match` belongs to it, and not to the case before

    # -- places

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.lines[node.lineno - 1] + node.col_offset, self.lines[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self.span(node)
        return self.source[start:end].decode()

    def put(self, span: tuple[int, int], after: str, what: str) -> None:
        self.found.append((span, after, what, ".".join(self.scope), self.statement))

    def operator(self, left: ast.expr, right: ast.expr, names: tuple[str, ...], what: str) -> None:
        """Replace the operator between two operands."""
        start, end = self.span(left)[1], self.span(right)[0]
        gap = self.source[start:end].decode()
        found = re.search(r"\s+".join(map(re.escape, names[0].split())), gap)
        if found is None or "#" in gap:
            return
        for name in names[1:]:
            self.put((start + found.start(), start + found.end()), name, what)

    # -- definitions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if _takes_address(node):
            return
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self.body(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if not any(isinstance(e, ast.FunctionDef) and e.name == "__init__" and _takes_address(e) for e in node.body):
            self.body(node)

    def body(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.scope.append(node.name)
        for each in node.body:
            self.visit(each)
        self.scope.pop()

    # -- statements

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Call | ast.Await | ast.YieldFrom):
            self.put(self.span(node), "pass", "call deleted")
        self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.put(self.span(node), "pass", "raise deleted")

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self.put(self.span(node), "pass", "assignment deleted")
        if any(isinstance(target, ast.Name) and target.id.startswith("__") for target in node.targets):
            return
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.put(self.span(node), "pass", "assignment deleted")
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self.put(self.span(node), "pass", "continue deleted")

    def visit_Break(self, node: ast.Break) -> None:
        self.put(self.span(node), "pass", "break deleted")

    def visit_Return(self, node: ast.Return) -> None:
        value = node.value
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return
        if not (isinstance(value, ast.Constant) and value.value is False):  # a condition takes them for the same
            self.put(self.span(value), "None", "return None")
        if isinstance(value, ast.Compare | ast.BoolOp) or (isinstance(value, ast.Constant) and value.value in (0, 1)):
            self.put(self.span(value), f"not ({self.text(value)})", "return negated")
        self.visit(value)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if isinstance(node.type, ast.Tuple):
            for dropped in node.type.elts:
                left = "".join(f"{self.text(each)}, " for each in node.type.elts if each is not dropped)
                self.put(self.span(node.type), f"({left})", "exception dropped")
        for each in node.body:
            self.visit(each)

    def condition(self, test: ast.expr, *, true: bool = True) -> None:
        if not (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"):
            for value in ("True", "False") if true else ("False",):
                self.put(self.span(test), value, "condition")

    def visit_If(self, node: ast.If | ast.IfExp) -> None:
        if _is_in_postgres(node.test):
            self.put(self.span(node.test), "True", "condition")
            for each in node.orelse if isinstance(node, ast.If) else [node.orelse]:
                self.visit(each)
            return
        self.condition(node.test)
        self.generic_visit(node)

    visit_IfExp = visit_If  # noqa: N815

    def visit_While(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self.condition(node.test, true=False)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self.condition(test)
        self.generic_visit(node)

    def visit_match_case(self, node: ast.match_case) -> None:
        if node.guard is not None:
            self.condition(node.guard)
        self.generic_visit(node)

    # -- expressions

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        return

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.body)

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            self.operator(left, right, _COMPARED[type(op)], "comparison")
        for each in (node.left, *node.comparators):
            inner = each.elts if isinstance(each, ast.Tuple | ast.Set | ast.List) else [each]
            for text in inner:
                self.string(text)
        self.generic_visit(node)

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        self.string(node.value)

    def string(self, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.put(self.span(node), repr(node.value + "~"), "compared string")

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        name, other, neutral = ("and", "or", "True") if isinstance(node.op, ast.And) else ("or", "and", "False")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.operator(left, right, (name, other), "and/or")
        for each in node.values:
            if not (isinstance(each, ast.Constant) and not each.value):  # `or 0`, `or ""` are false already
                self.put(self.span(each), neutral, "operand dropped")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            start, _ = self.span(node)
            self.put((start, start + len("not")), "", "not dropped")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        words = any(isinstance(s, ast.JoinedStr) or _is_text(s) for s in (node.left, node.right))
        if type(node.op) in _COMPUTED and not words and self.scope:
            self.operator(node.left, node.right, _COMPUTED[type(node.op)], "arithmetic")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in _CALLED:
            self.put(self.span(node.func), _CALLED[node.func.id], "function")
        asserts = isinstance(node.func, ast.Name) and node.func.id == "zip"  # that all have one length: it never fails
        for each in (
            node.func,
            *node.args,
            *(word for word in node.keywords if not (asserts and word.arg == "strict")),
        ):
            self.visit(each)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self.put(self.span(node), str(not node.value), "flag")
        elif isinstance(node.value, int):
            self.put(self.span(node), str(node.value + 1), "constant")
            if node.value > 0:
                self.put(self.span(node), str(node.value - 1), "constant")


def _is_in_postgres(test: ast.expr) -> bool:
    """Return whether a condition is `isinstance(place, Address)` and no more."""
    return isinstance(test, ast.Call) and re.fullmatch(r"isinstance\(\w+, Address\)", ast.unparse(test)) is not None


def _takes_address(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a parameter of a function is the address of a PostgreSQL database, or a connection to one."""
    every = (*function.args.args, *function.args.kwonlyargs)
    return any(each.annotation is not None and ast.unparse(each.annotation) in _IN_POSTGRES for each in every)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def sample(every: list[Mutant], count: int, draw: str, sources: dict[str, bytes]) -> list[Mutant]:
    """Return `count` mutants in random order, one of each file before a second of any; `draw` is the seed."""
    chance = random.Random(draw)
    order = sorted(every, key=lambda each: chance.random() ** (1 / each.weight), reverse=True)
    seen: set[str] = set()
    later = []
    drawn: list[Mutant] = []
    for each in order:
        later.append(each) if each.file in seen else drawn.append(each)
        seen.add(each.file)
    sound = (each for each in (*drawn, *later) if each.area == "page" or _compiles(each.applied(sources[each.file])))
    return list(islice(sound, count))


def _compiles(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
