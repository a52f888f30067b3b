"""Builds verify.html, the verifier in one file: `python -m browser.build`.

The page is the modules of this folder, one after the other, without a word changed but their imports and exports,
behind @noble/ed25519 as its author publishes it. The same sources give the same bytes; the line printed is their
SHA-256. @noble/ed25519 comes from the npm registry, is held against the digest in noble.json, and is never committed.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import tarfile
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256, sha512
from html import escape
from pathlib import Path
from typing import Any

from browser.vocabulary import tables

HERE = Path(__file__).parent
PIN = HERE / "noble.json"
QR_PIN = HERE / "jsqr.json"
FETCHED = HERE.parent / ".tools" / "browser"

_IMPORT = re.compile(r"^import \{[^}]*\} from '(?P<path>[a-z0-9./-]+)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?P<kind>async function|function|class|const) (?P<names>\w+|\[[^\]]*\])", re.MULTILINE)


def page() -> bytes:
    """The whole page."""
    texts = languages()
    style = "\n" + (HERE / "page.css").read_text("utf-8")
    scripts = [f"\n{noble()}", f"\n{jsqr()}", f"\n{program(texts)}"]
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src " + " ".join(_source(script) for script in scripts),
            f"style-src {_source(style)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    for script in scripts:
        if re.search(r"</script|<!--", script):
            raise ValueError("a script holds what would end it")
    template = (HERE / "page.html").read_text("utf-8")
    filled = re.sub(r'data-text="([a-z-]+)"[^>]*>', lambda tag: tag[0] + escape(texts["en"]["page"][tag[1]]), template)
    choices = "".join(f'<option value="{code}" lang="{code}">{escape(t["name"])}</option>' for code, t in texts.items())
    parts = {"policy": policy, "style": style, "languages": choices}
    parts |= dict(zip(("noble", "jsqr", "program"), scripts, strict=True))
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], filled).encode()


def languages() -> dict[str, Any]:
    """Every table of texts by its language, English first."""
    tables = [json.loads(file.read_text("utf-8")) for file in sorted((HERE / "texts").glob("*.json"))]
    return {table["language"]: table for table in sorted(tables, key=lambda table: table["language"] != "en")}


def _source(inline: str) -> str:
    """How a Content-Security-Policy names an inline script or style."""
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'"


def program(texts: dict[str, object]) -> str:
    """Every module, in a scope of its own, behind those it imports from; ValueError if two export the same name."""
    made = {"vocabulary.mjs": _table("vocabulary", tables()), "languages.mjs": _table("languages", texts)}
    parts: dict[str, str] = {}
    exporter: dict[str, str] = {}
    for name in _ordered("page/page.mjs"):
        source = made.get(name) or (HERE / name).read_text("utf-8")
        exported = [each for found in _EXPORT.finditer(source) for each in re.findall(r"\w+", found["names"])]
        for each in exported:
            if (other := exporter.setdefault(each, name)) != name:
                raise ValueError(f"{other} and {name} both export {each}")
        body = _EXPORT.sub(r"\g<kind> \g<names>", _IMPORT.sub("", source)).strip()
        head, tail = (
            (f"const {{ {', '.join(exported)} }} = ", f"\nreturn {{ {', '.join(exported)} }};")
            if exported
            else ("", "")
        )
        parts[name] = f"// ---- {name}\n{head}(() => {{\n{body}{tail}\n}})();\n"
    return "\n".join(parts.values())


def _table(name: str, table: dict[str, object]) -> str:
    return f"export const {name} = {_lines(table)};\n"


def _ordered(name: str, seen: list[str] | None = None) -> Iterator[str]:
    """The modules that `name` needs, and then itself."""
    seen = [] if seen is None else seen
    seen.append(name)
    if name not in ("vocabulary.mjs", "languages.mjs"):
        for found in _IMPORT.finditer((HERE / name).read_text("utf-8")):
            needed = Path(name).parent / found["path"]
            needed_name = needed.name if needed.name in ("vocabulary.mjs", "languages.mjs") else _plain(needed)
            if needed_name not in seen:
                yield from _ordered(needed_name, seen)
    yield name


def _plain(path: Path) -> str:
    """A path below this folder without `..`."""
    return (HERE / path).resolve().relative_to(HERE.resolve()).as_posix()


def _lines(value: object, depth: int = 0) -> str:
    """JSON that people can read: what fits on a line stands on one; no `</`, which would end the script."""
    line = json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
    if len(line) + 2 * depth <= 160 or not isinstance(value, dict | list):
        return line
    if isinstance(value, dict):
        rows, ends = [f"{json.dumps(key)}: {_lines(inner, depth + 1)}" for key, inner in value.items()], "{}"
    else:
        rows, ends = [_lines(inner, depth + 1) for inner in value], "[]"
    step = "\n" + "  " * (depth + 1)
    return ends[0] + step + f",{step}".join(rows) + step[:-2] + ends[1]


def noble() -> str:
    """@noble/ed25519 as a script that declares `noble`: its module as published, with its licence."""
    files = published(PIN)
    parted = re.fullmatch(r"(?P<module>.*)\nexport \{(?P<exports>[^}]*)\};\s*", files["index.js"], re.DOTALL)
    if parted is None:
        raise ValueError("this version of @noble/ed25519 does not end with its exports")
    body = f"{parted['module']}\nreturn {{{parted['exports']}}};"
    return f"{_titled(PIN, files['LICENSE'])}const noble = (() => {{\n{body}\n}})();\n"


def jsqr() -> str:
    """JsQR as a script that declares `jsQR`: its file as published, with its licence."""
    files = published(QR_PIN, "dist")
    body = f"const module = {{ exports: {{}} }};\nconst exports = module.exports;\n{files['jsQR.js'].strip()}"
    return f"{_titled(QR_PIN, files['LICENSE'])}const jsQR = (() => {{\n{body}\nreturn module.exports;\n}})();\n"


def _titled(pin: Path, licence: str) -> str:
    """What stands above other people's code: its name, version and digest, and its licence."""
    pinned = json.loads(pin.read_text("utf-8"))
    lines = "".join(f" * {line}".rstrip() + "\n" for line in licence.splitlines())
    return f"/*\n * {pinned['name']} {pinned['version']}, {pinned['integrity']}\n *\n{lines} */\n"


def published(pin: Path, *folders: str) -> dict[str, str]:
    """The text files at the top of an npm package, and of its `folders`, by name.

    ValueError unless it has the digest that `pin` names. It is fetched from the npm registry once, and kept beside the
    other tools of this tree.
    """
    pinned = json.loads(pin.read_text("utf-8"))
    name, version = pinned["name"], pinned["version"]
    file = FETCHED / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    if not file.exists():
        FETCHED.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}"]
        subprocess.run(command, check=True, cwd=FETCHED, capture_output=True)
    data = file.read_bytes()
    if (found := f"sha512-{b64encode(sha512(data).digest()).decode()}") != pinned["integrity"]:
        raise ValueError(f"{file.name} is {found}, pinned is {pinned['integrity']}")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as package:
        places = {"package", *(f"package/{folder}" for folder in folders)}
        top = [member for member in package if member.isfile() and member.name.rpartition("/")[0] in places]
        return {member.name.rpartition("/")[2]: _text(package, member) for member in top}


def _text(package: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    content = package.extractfile(member)
    return content.read().decode("utf-8", "replace") if content else ""


def main() -> None:
    """Writes the page and prints its digest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "verify.html")
    output: Path = parser.parse_args().output
    made = page()
    output.write_bytes(made)
    print(f"{sha256(made).hexdigest()}  {output.name}")  # noqa: T201 - what `sha256sum -c` reads


if __name__ == "__main__":
    main()
