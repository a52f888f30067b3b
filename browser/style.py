"""Build the styles of the desk and of the reports: `python -m browser.style`.

style.scss names the components of GOV.UK Frontend and of the Ministry of Justice. Sass compiles them, and PurgeCSS
keeps the rules whose elements, classes and ids stand in the templates of a page. package-lock.json pins the four
packages by digest. The same sources give the same bytes. No page shows a crest, a typeface or a header of gov.uk.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache

from jinja2 import Environment, FileSystemLoader, meta

from browser.packages import HERE, installed

TEMPLATES = HERE.parent / "projections" / "templates"
BUILT = TEMPLATES / "built"
HOLDERS = {
    "@ministryofjustice/frontend": "Copyright (c) 2019 Ministry of Justice",
    "govuk-frontend": "Copyright (C) 2017 Crown Copyright (Government Digital Service)",
}
LARGEST = 30_000  # bytes of a style

_PROPERTY = re.compile(r"--[a-z-]+")
_REDUCE = """
import { readFileSync } from 'node:fs';
import { PurgeCSS } from 'purgecss';
const { css, pages, variables } = JSON.parse(readFileSync(0, 'utf-8'));
const kept = [];
for (const texts of pages) {
  const content = texts.map((raw) => ({ raw, extension: 'html' }));
  const options = { css: [{ raw: css }], content, variables: true, safelist: { variables } };
  kept.push((await new PurgeCSS().purge(options))[0].css);
}
process.stdout.write(JSON.stringify(kept));
"""


def bundle(texts: Iterable[str], own: Iterable[str] = ()) -> str:
    """Return the style for a page: its licence, then the rules of the components that the texts name.

    `texts` is everything that says what the page consists of: markup, templates, scripts. `own` is the CSS that
    follows: the custom properties in it are kept.
    """
    return _reduced([list(texts)], own)[0]


def styles() -> dict[str, str]:
    """Return the style of the desk, of the reports and of the book of rules, by the names of their files."""
    book = ["coverage.html.j2", "rulebook.html.j2"]
    desk = sorted(file.name for file in TEMPLATES.glob("desk_*.j2"))
    reports = sorted({file.name for file in TEMPLATES.glob("*.html.j2")} - {*book, *desk})
    own = [file.read_text("utf-8") for file in sorted(TEMPLATES.glob("*.css"))]
    made = _reduced([_texts(names) for names in (desk, reports, book)], own)
    return dict(zip(("desk.css", "report.css", "rulebook.css"), made, strict=True))


def _reduced(pages: list[list[str]], own: Iterable[str]) -> list[str]:
    """Return the style of each page, by its texts."""
    variables = sorted({name for css in own for name in _PROPERTY.findall(css)})
    asked = json.dumps({"css": _components(), "pages": pages, "variables": variables})
    command = ["node", "--input-type=module", "--eval", _REDUCE]
    done = subprocess.run(command, check=True, capture_output=True, cwd=installed(), input=asked, text=True)
    return [_notice() + css.strip().removeprefix("\ufeff") + "\n" for css in json.loads(done.stdout)]


def _texts(names: Iterable[str]) -> list[str]:
    """Return the templates of these names, and every template that one of them extends or imports."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    found: dict[str, str] = {}
    left = list(names)
    while left:
        if (name := left.pop()) not in found:
            found[name] = (TEMPLATES / name).read_text("utf-8")
            if name.endswith(".j2"):
                left += [each for each in meta.find_referenced_templates(environment.parse(found[name])) if each]
    return list(found.values())


@cache
def _components() -> str:
    """Return the whole style of all components that style.scss names."""
    folder = installed()
    options = ["--style=compressed", "--no-source-map", "--quiet-deps", f"--load-path={folder}/node_modules"]
    command = [f"{folder}/node_modules/.bin/sass", *options, f"--load-path={folder}", str(HERE / "style.scss")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@cache
def _notice() -> str:
    """Return the licence of the components as a comment: MIT asks for it wherever they go."""
    pinned = json.loads((HERE / "package-lock.json").read_text("utf-8"))["packages"]
    heads = [f"{name} {pinned[f'node_modules/{name}']['version']}: {holder}" for name, holder in HOLDERS.items()]
    lines = [*heads, "", *(HERE / "MIT.txt").read_text("utf-8").splitlines()]
    return "/*\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def main() -> None:
    """Write the styles to projections/templates/built, and print their sizes."""
    made = styles()
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.mkdir()
    for name, css in made.items():
        (BUILT / name).write_text(css, "utf-8")
        print(f"{len(css):6} {name}")  # noqa: T201


if __name__ == "__main__":
    main()
