"""Find words that hide what a sentence is about, in docstrings, comments and documents: `make lint` runs it.

Quotations, code in Markdown and the folders under `[tool.plain-english]` of pyproject.toml are left out.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]

INSTEAD = {
    "told": "say who writes it and who reads it: recorded, reported, passed",
    "untold": "unrecorded, not yet sent",
    "whoever": "the caller, the reader, the operator",
    "nobody": "no one; better: name the person or the office",
    "beside": "next to, with",
    "stands": "is, is recorded (`stands for` is allowed)",
    "lies": "is, is stored",
    "by itself": "automatically; alone",
    "of its own": "own, separate",
    "what is there": "name it: the stored entries, the existing file",
    "those that": "name them",
    "out of sight": "hidden",
    "shelf": "event store",
    "drawer": "key store",
    "cellar": "adapters",
    "tongue": "language",
    "winding": "starting",
}
LISTED = "|".join(INSTEAD).replace(" ", r"\s+")
WORDS = re.compile(rf"\b({LISTED})\b(?!(?<=stands)\s+for\b)", re.I)
QUOTED = re.compile(r"`[^`]*`|“[^”]*”|\"[^\"\n]*\"")
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
SCRIPT_COMMENT = re.compile(r"/\*.*?\*/|(?:^|(?<=\s))//[^\n]*", re.S)
HASH_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")
TEXTS = {".md": None, ".mjs": SCRIPT_COMMENT, ".js": SCRIPT_COMMENT, ".sh": HASH_COMMENT, ".toml": HASH_COMMENT}


def blank(text: str, pattern: re.Pattern[str]) -> str:
    """Replace each match by spaces, so that every line keeps its number."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def prose_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield docstrings and comments as (line number of the first line, text); adjacent comment lines are one text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str(text), lineno=line)), *_]:
                    yield line, text
    comments = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT]
    block: list[tokenize.TokenInfo] = []
    for comment in comments:
        if block and comment.start != (block[-1].start[0] + 1, block[-1].start[1]):
            yield block[0].start[0], "\n".join(part.string.lstrip("# ") for part in block)
            block = []
        block.append(comment)
    if block:
        yield block[0].start[0], "\n".join(part.string.lstrip("# ") for part in block)


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of one file that a person reads, as (line number of the first line, text)."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from prose_of_python(source)
    elif (comment := TEXTS[path.suffix]) is None:
        yield 1, blank(source, FENCED)
    else:
        for match in comment.finditer(source):
            yield source.count("\n", 0, match.start()) + 1, match[0]


def findings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the listed words of one file as (line number, word)."""
    for line, text in prose(path):
        for match in WORDS.finditer(blank(text, QUOTED)):
            yield line + text.count("\n", 0, match.start()), " ".join(match[0].lower().split())


def tracked() -> list[str]:
    """Return the paths of the repository that can be read, relative to its root."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if Path(name).suffix in {*TEXTS, ".py"} and (ROOT / name).is_file()]


def main(paths: Sequence[str]) -> int:
    """Print the findings under the given paths, by default the whole repository without its exceptions."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["plain-english"]
    left_out = tuple(settings["except"])
    names = [n for n in tracked() if (n.startswith(tuple(paths)) if paths else not n.startswith(left_out))]
    found = [(name, line, word) for name in names for line, word in sorted(findings(ROOT / name))]
    for name, line, word in found:
        sys.stdout.write(f"{name}:{line}: {word!r}: {INSTEAD[word]}\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
