"""No code searches a finished sentence: what a sentence is about is in its code, its message and its values."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("ledger", "projections", "server", "cli", "comity")
SENTENCES = frozenset(
    ("says", "hint", "lacks", "lack", "not_proven", "unproven", "expected", "sentence", "detail", "error_text")
)
SEARCHES = frozenset(
    ("startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "replace", "find", "split")
)
PATTERNS = frozenset(("match", "fullmatch", "search", "sub", "finditer", "findall"))
# What may look like it, by module, each with the reason.
ALLOWED = {
    "ledger/adapters/timestamps/rfc3161.py": "words of OpenSSL",
    "ledger/law/record_checks/origin.py": "`unproven` is a code",
    "projections/reports/front_page.py": "the full stop of a sentence",
    "server/error_texts/__init__.py": "the full stop of a sentence",
    "projections/sentences/sentence.py": "the first sentence of a kind in the vocabulary, which is a table",
    "projections/reports/order_template.py": "the example in the words of a form, which is a table",
    "cli/imports/template.py": "the example in the words of a form, which is a table",
    "cli/imports/import_report.py": "faults of a table, in English alone",
    "cli/imports/row_parser.py": "faults of a table, in English alone",
    "cli/reports/court_folder.py": "soft hyphens",
    "cli/session/clock_check.py": "what was not done, in English alone",
}


def name_of(node: ast.expr) -> str:
    """Return the name of a variable or attribute, also inside `str(...)`; empty for another expression."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str" and node.args:
        node = node.args[0]
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def is_words(node: ast.expr) -> bool:
    """Return True for a text of several words in the source, and for one with values in it."""
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()
    )


def searches(tree: ast.AST) -> Iterator[str]:
    """Yield each expression that searches a sentence, or compares it with words."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=attr, value=value), args=args):
                found = attr in SEARCHES and name_of(value) in SENTENCES
                if found or (attr in PATTERNS and SENTENCES.intersection(map(name_of, args))):
                    yield ast.unparse(node)
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [left, *others]
                inside = any(isinstance(op, ast.In | ast.NotIn) for op in ops) and isinstance(left, ast.Constant)
                if SENTENCES.intersection(map(name_of, sides)) and (inside or any(map(is_words, sides))):
                    yield ast.unparse(node)


def test_no_code_searches_a_finished_sentence() -> None:
    found = {
        path: some
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if (some := list(searches(ast.parse(file.read_text("utf-8")))))
        and (path := file.relative_to(ROOT).as_posix()) not in ALLOWED
    }
    assert found == {}


def test_every_module_that_may_search_a_text_does() -> None:
    assert [path for path in ALLOWED if not list(searches(ast.parse((ROOT / path).read_text("utf-8"))))] == []


def test_what_this_test_finds() -> None:
    hostile = (
        'says.startswith("x")', 're.match("x", error.says)', 'finding.says == f"{a}: b"', '"x" in wrong.hint',
        'str(error.says).removeprefix("x: ")', 'CODED.fullmatch(lack)', 'says != "two words"',
    )  # fmt: skip
    assert [text for text in hostile if not list(searches(ast.parse(text)))] == []
    harmless = ("says.strip()", 'says == ""', "lack in LACKS", 'code == "FACT"', "says.code == other")
    assert [text for text in harmless if list(searches(ast.parse(text)))] == []
