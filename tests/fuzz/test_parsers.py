"""Every parser and importer answers whatever it is given, or says no in its own way; and none is forgotten."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from ledger.errors import RecordError
from tests.fuzz import inputs
from tests.fuzz.parsers import input_of, kept, tried
from tests.fuzz.table import OWN, PARSERS, Parser

ROOT = Path(__file__).parents[2]
PLAIN = 8  # inputs for each parser that is called directly
SLOW = ("import ", "lint", "receive", "record", "restore", "setting", "trust check", "verify ")  # a whole command

# What parses, as it is written where it is called; hex that the program wrote is not among them.
WHOLE = {
    "json.load", "json.loads", "orjson.loads", "msgspec.json.decode", "msgspec.json.Decoder", "msgspec.convert",
    "tomllib.loads", "csv.reader", "csv.DictReader", "tarfile.open", "ssl.create_default_context",
}  # fmt: skip
ENDS = {
    "ParserCreate", "ZipFile", "decompressobj", "unpack_from", "b64decode", "urlsafe_b64decode", "fromisoformat",
    "from_bytes", "urlsplit", "urlparse", "parse_qs", "decode_timestamp_response", "literal_eval", "read_text",
}  # fmt: skip
SHORT = {name.rpartition(".")[2] for name in WHOLE}
LOADS = re.compile(r"load_(der|pem|ssh)_\w+")
WORDS = re.compile("|".join(map(re.escape, [*WHOLE, *ENDS])) + r"|load_(der|pem|ssh)_")


@cache
def modules() -> dict[str, str]:
    """Return the source of every module by its name."""
    paths = [
        path for house in ("ledger", "projections", "server", "cli") for path in sorted((ROOT / house).rglob("*.py"))
    ]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return {name: path.read_text("utf-8") for name, path in zip(names, paths, strict=True)}


def parses(source: str) -> set[str]:
    """Return the parser functions of `WHOLE`, `ENDS` and `LOADS` that a module calls."""
    if not WORDS.search(source):
        return set()
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            end = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if end in ENDS or LOADS.fullmatch(end) or (end in SHORT and ast.unparse(node.func) in WHOLE):
                found.add(ast.unparse(node.func))
    return found


def covered() -> set[str]:
    return {place.partition(":")[0] for each in PARSERS for place in each.covers}


def test_every_module_that_parses_is_in_the_table_or_says_why_not() -> None:
    found = {name: calls for name, source in modules().items() if (calls := parses(source))}
    assert {name: calls for name, calls in found.items() if name not in covered() | OWN.keys()} == {}
    assert len(found) > 40


def test_every_function_that_is_called_a_parser_is_in_the_table() -> None:
    """Public ones: a name that begins with `parse_`, at the outermost level of its module."""
    table = (ROOT / "tests" / "fuzz" / "table.py").read_text("utf-8")
    named = {name for source in modules().values() for name in re.findall(r"^def (parse_\w+)", source, re.MULTILINE)}
    assert {name for name in named if not re.search(rf"\b{name}\b", table)} == set()
    assert len(named) > 10


def test_the_table_names_modules_that_there_are() -> None:
    there = modules().keys()
    assert (covered() | OWN.keys()) - there == set()
    assert not covered() & OWN.keys()


@pytest.mark.parametrize(
    "source", ["import json\njson.loads(x)", "import csv\ncsv.reader(f)", "load_pem_public_key(x)"]
)
def test_a_parser_that_is_planted_is_found(source: str) -> None:
    assert parses(source)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_a_parser_answers_or_says_no_in_its_own_way(parser: Parser, tmp_path: Path) -> None:
    for seed in range(1 if parser.name.startswith(SLOW) else PLAIN):
        failure = tried(parser, input_of(parser, seed), tmp_path)
        assert failure is None, (seed, failure)


@pytest.mark.parametrize(("parser", "file"), kept(), ids=lambda value: getattr(value, "stem", ""))
def test_an_input_that_failed_once_fails_no_more(parser: Parser, file: Path, tmp_path: Path) -> None:
    assert tried(parser, file.read_bytes(), tmp_path) is None


@pytest.mark.parametrize("form", inputs.CHANGES)
def test_an_input_is_the_same_for_the_same_number_and_others_differ(form: str) -> None:
    parser = next((each for each in PARSERS if each.form == form), PARSERS[0])
    made = [input_of(parser, seed) for seed in range(6)]
    assert made == [input_of(parser, seed) for seed in range(6)]
    assert len(set(made)) > 3


def test_what_no_parser_may_do_is_a_failure(tmp_path: Path) -> None:
    def called(error: Exception | None) -> Parser:
        def call(data: bytes, place: Path) -> object:
            if error is not None:
                raise error
            return data

        return Parser("a", "raw", lambda: [b"a"], call, (), (RecordError,))

    assert tried(called(None), b"", tmp_path) is None
    assert tried(called(RecordError("CP-SIG", "no")), b"", tmp_path) is None
    for error in (ValueError("x"), RecordError("NO-SUCH-CODE", "no"), RecursionError(), MemoryError()):
        assert tried(called(error), b"", tmp_path) is not None
    assert tried(called(None), b"", tmp_path, seconds=-1) is not None  # slow
