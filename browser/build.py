"""Build verify.html, sign.html and hashing.js, the verifier, the signing page and a worker: `python -m browser.build`.

A page holds modules of this folder one after the other. Only their imports and the word export are left out.
In front of them is one script that esbuild bundles from the npm packages that libraries.mjs names. package-lock.json
pins every package, esbuild too, by version and digest; none of them is committed. The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from browser.packages import installed
from browser.phrases import phrases, reserved
from browser.style import bundle
from browser.vocabulary import tables
from browser.words import words
from ledger.messages import LANGUAGES
from projections.sentences.catalogue import NAME, in_language

HERE = Path(__file__).parent

_IMPORT = re.compile(r"^import \{[^}]*\} from '(?P<path>[a-z0-9_./-]+)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?P<kind>async function|function|class|const) (?P<names>\w+|\[[^\]]*\])", re.MULTILINE)
_FROM_LIBRARIES = re.compile(r"^import \{([^}]*)\} from '[./]*libraries\.mjs';$", re.MULTILINE)
_GENERATED = ("vocabulary.mjs", "languages.mjs", "words.mjs", "phrases.mjs", "reserved.mjs")
_LIBRARIES = "libraries.mjs"


class Page(NamedTuple):
    """A page: its file, its template and the styles behind those of GOV.UK Frontend, and the file of its texts.

    `modules` are its modules, to which all imported ones belong too. `policy` are directives of its
    Content-Security-Policy besides those of every page.
    """

    file: str
    template: str
    styles: tuple[str, ...]
    texts: str
    modules: tuple[str, ...]
    policy: tuple[str, ...] = ()


# Every module of check/ is in the verifier page, of which the page may not use each.
VERIFIER = Page(
    "verify.html",
    "page.html",
    ("page.css",),
    "texts/verifier.json",
    (*sorted(file.relative_to(HERE).as_posix() for file in HERE.glob("check/**/*.mjs")), "page/page.mjs"),
)
SIGNING = Page(
    "sign.html",
    "sign/sign.html",
    ("page.css", "sign/sign.css"),
    "texts/signing.json",
    ("sign/page.mjs",),
    ("connect-src 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"),
)
PAGES = (VERIFIER, SIGNING)
WORKER = ("hashing.js", "desk/hashing.mjs")  # a script of the desk, and its module


def page(which: Page = VERIFIER) -> bytes:
    """Return a whole page."""
    texts = languages(which)
    template = (HERE / which.template).read_text("utf-8")
    own = "".join((HERE / name).read_text("utf-8") for name in which.styles)
    modules = list(_modules(which))
    named = [
        template,
        *(
            (HERE / name).read_text("utf-8")
            for name in sorted(modules)
            if "check/" not in name and name not in _GENERATED
        ),
    ]
    style = f"\n{bundle(named, [own])}{own}"
    scripts = {"libraries": f"\n{libraries(modules)}", "program": f"\n{program(texts, modules)}"}
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src " + " ".join(_source(script) for script in scripts.values()),
            f"style-src {_source(style)}",
            "base-uri 'none'",
            "form-action 'none'",
            *which.policy,
        )
    )
    for script in scripts.values():
        if re.search(r"</script|<!--", script):
            raise ValueError("a script contains `</script` or `<!--`, which would end it")
    filled = re.sub(r'data-text="([a-z-]+)"[^>]*>', lambda tag: tag[0] + escape(texts["en"]["page"][tag[1]]), template)
    choices = "".join(f'<option value="{code}" lang="{code}">{escape(t["name"])}</option>' for code, t in texts.items())
    parts = {"policy": policy, "style": style, "languages": choices, **scripts}
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], filled).encode()


def script(module: str) -> bytes:
    """Return a script: a module of this folder, and what it imports."""
    modules = list(_ordered(module))
    return f"{libraries(modules)}{program({}, modules)}".encode()


def english(which: Page) -> dict[str, dict[str, Any]]:
    """Return the English texts of a page by what they are for and by their names, some with a context."""
    texts: dict[str, dict[str, Any]] = json.loads((HERE / which.texts).read_text("utf-8"))
    return texts


def languages(which: Page = VERIFIER) -> dict[str, Any]:
    """Return the table of texts of each language, English first: from the catalogue, in English where it has none.

    The texts of the verifier on what it checks are those of every page.
    """
    texts = english(VERIFIER) if which is VERIFIER else {**english(VERIFIER), **english(which)}
    return {code: _table_of(code, texts, steps=which is VERIFIER) for code in LANGUAGES}


def _table_of(code: str, texts: Mapping[str, Any], *, steps: bool) -> dict[str, Any]:
    said = {part: in_language(texts[part], code) for part in ("steps", "checks", "page") if steps or part != "steps"}
    nouns = {noun: in_language(forms, code) for noun, forms in texts["nouns"].items()}
    return {"language": code, **in_language({"name": NAME}, code), "nouns": nouns, **said}


def _source(inline: str) -> str:
    """Return the source by which a Content-Security-Policy allows an inline script or style."""
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'"


def program(texts: Mapping[str, object], modules: Iterable[str]) -> str:
    """Return the modules, each in its own scope.

    Raises ValueError if two modules export the same name, or for a form of import or export that is not read here.
    """
    sources = {
        "vocabulary.mjs": _table("vocabulary", tables()),
        "languages.mjs": _table("languages", texts),
        "words.mjs": _table("words", words()),
        "phrases.mjs": _table("phrases", phrases()),
        "reserved.mjs": _table("reserved", reserved()),
    }
    parts: dict[str, str] = {}
    exporter: dict[str, str] = {}
    for name in modules:
        source = sources.get(name) or (HERE / name).read_text("utf-8")
        exported = [each for match in _EXPORT.finditer(source) for each in re.findall(r"\w+", match["names"])]
        for each in exported:
            if (other := exporter.setdefault(each, name)) != name:
                raise ValueError(f"{other} and {name} both export {each}")
        body = _EXPORT.sub(r"\g<kind> \g<names>", _IMPORT.sub("", source)).strip()
        if left := re.search(r"^(import|export)\b.*", body, re.MULTILINE):
            raise ValueError(f"{name}: not read here: {left[0]}")
        head, tail = (
            (f"const {{ {', '.join(exported)} }} = ", f"\nreturn {{ {', '.join(exported)} }};")
            if exported
            else ("", "")
        )
        parts[name] = f"// ---- {name}\n{head}(() => {{\n{body}{tail}\n}})();\n"
    return "\n".join(parts.values())


def _table(name: str, table: Mapping[str, object]) -> str:
    return f"export const {name} = {_lines(table)};\n"


def _modules(which: Page) -> Iterator[str]:
    """Yield the modules of a page, each after the modules it imports."""
    seen: set[str] = set()
    for name in which.modules:
        if name not in seen:
            yield from _ordered(name, seen)


def _ordered(name: str, seen: set[str] | None = None) -> Iterator[str]:
    """Yield the modules that `name` imports, directly or not, each before its importers, then `name`."""
    seen = set() if seen is None else seen
    seen.add(name)
    if name not in _GENERATED:
        for match in _IMPORT.finditer((HERE / name).read_text("utf-8")):
            needed = _below((HERE / name).parent / match["path"])
            if needed not in seen and needed != _LIBRARIES:
                yield from _ordered(needed, seen)
    yield name


def _below(path: Path) -> str:
    """Return a path relative to this folder; a generated module is here, wherever its importer looks for it."""
    return path.name if path.name in _GENERATED else path.resolve().relative_to(HERE.resolve()).as_posix()


def _lines(value: object, depth: int = 0) -> str:
    """Return readable JSON: a value that fits on one line is on one line; no `</`, which would end the script."""
    line = json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
    if len(line) + 2 * depth <= 160 or not isinstance(value, dict | list):
        return line
    if isinstance(value, dict):
        rows, ends = [f"{json.dumps(key)}: {_lines(inner, depth + 1)}" for key, inner in value.items()], "{}"
    else:
        rows, ends = [_lines(inner, depth + 1) for inner in value], "[]"
    step = "\n" + "  " * (depth + 1)
    return ends[0] + step + f",{step}".join(rows) + step[:-2] + ends[1]


def libraries(modules: Iterable[str]) -> str:
    """Return a script that declares what modules import of libraries.mjs, after the licences of the packages in it."""
    own = [(HERE / name).read_text("utf-8") for name in modules if name not in _GENERATED]
    wanted = set(re.findall(r"\w+", " ".join(each for text in own for each in _FROM_LIBRARIES.findall(text))))
    lines = (HERE / _LIBRARIES).read_text("utf-8").splitlines(keepends=True)
    exported = {found[1]: line for line in lines if (found := re.search(r"(\w+) \}", line)) and found[1] in wanted}
    source, names = "".join(exported.values()), ", ".join(exported)
    folder = installed()
    with tempfile.TemporaryDirectory() as scratch:
        meta, out = Path(scratch, "meta.json"), Path(scratch, "out.js")
        options = ["--bundle", "--charset=utf8", "--format=iife", "--global-name=libraries", "--log-level=error"]
        command = [f"{folder}/node_modules/.bin/esbuild", *options, f"--metafile={meta}", f"--outfile={out}"]
        subprocess.run(command, check=True, cwd=folder, input=source, text=True)
        inputs, bundle = json.loads(meta.read_text("utf-8"))["inputs"], out.read_text("utf-8")
    packages = {path.partition("node_modules/")[2] for path in inputs}
    titles = [_title(name, folder) for name in sorted({_package(path) for path in packages if path})]
    return f"{''.join(titles)}{bundle}const {{ {names} }} = libraries;\n"


def _package(path: str) -> str:
    """Return the name of the package that a file below node_modules belongs to."""
    return "/".join(path.split("/")[: 2 if path.startswith("@") else 1])


def _title(name: str, folder: Path) -> str:
    """Return the comment over the code of a package: its name, version, digest and licence."""
    pinned = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"][f"node_modules/{name}"]
    licence = (folder / "node_modules" / name / "LICENSE").read_text("utf-8")
    lines = "".join(f" * {line}".rstrip() + "\n" for line in licence.splitlines())
    return f"/*\n * {name} {pinned['version']}, {pinned['integrity']}\n *\n{lines} */\n"


def main() -> None:
    """Write the pages and print their digests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=HERE, help="the folder, by default the one of the sources")
    folder: Path = parser.parse_args().output
    for which in PAGES:
        content = page(which)
        (folder / which.file).write_bytes(content)
        print(f"{sha256(content).hexdigest()}  {which.file}")  # noqa: T201 - what `sha256sum -c` reads
    name, module = WORKER
    (folder / name).write_bytes(script(module))


if __name__ == "__main__":
    main()
