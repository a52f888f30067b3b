"""Every link between the Markdown pages leads to a file, and to a heading of it where it names one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "browser", "benchmarks", "fixtures/stories", "requirements")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
SOURCES = ("ledger", "projections", "server", "cli", "comity", "browser", "tests", "release")
SUFFIXES = (".py", ".sql", ".mjs", ".html", ".typ", ".toml")
LINK = re.compile(r"\]\((?P<file>[^)\s#]*)(?:#(?P<heading>[^)\s]+))?\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@cache
def headings(page: Path) -> frozenset[str]:
    """Return the anchors of a page, by the rule of GitHub and of Python-Markdown: letters, digits, hyphens."""
    text = CODE.sub(lambda found: found[0].strip("`") if "\n" not in found[0] else "", page.read_text("utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return frozenset(re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip()) for title in titles)


def test_every_link_between_pages_leads_somewhere() -> None:
    dead = []
    for page in PAGES:
        for found in LINK.finditer(CODE.sub("", page.read_text("utf-8"))):
            if "://" in found["file"] or found["file"].startswith("mailto:"):
                continue
            target = (page.parent / found["file"]).resolve() if found["file"] else page
            missing = not target.exists() or (
                found["heading"] and target.suffix == ".md" and found["heading"] not in headings(target)
            )
            if missing:
                dead.append(f"{page.relative_to(ROOT)}: {found[0][1:]}")
    assert dead == []


def test_every_page_named_in_the_code_exists() -> None:
    named = re.compile(r"docs/[\w/-]+\.md")
    files = [path for folder in SOURCES for path in (ROOT / folder).rglob("*.*") if path.suffix in SUFFIXES]
    sources = [path for path in files if "node_modules" not in path.parts]
    gone = {
        f"{source.relative_to(ROOT)}: {name}"
        for source in (*sources, ROOT / "Makefile", ROOT / "pyproject.toml")
        for name in named.findall(source.read_text("utf-8", errors="replace"))
        if not (ROOT / name).exists()
    }
    assert gone == set()


def test_a_reader_finds_every_page_from_the_index() -> None:
    """Directly, or through a page to which the index leads."""
    known, todo = set(), [ROOT / "docs" / "index.md"]
    while todo:
        page = todo.pop()
        if page in known:
            continue
        known.add(page)
        for found in LINK.finditer(CODE.sub("", page.read_text("utf-8"))):
            target = (page.parent / found["file"]).resolve()
            if found["file"].endswith(".md") and target.exists():
                todo.append(target)
    pages = set((ROOT / "docs").rglob("*.md")) - {ROOT / "docs" / "examples" / "README.md"}
    assert sorted(str(page.relative_to(ROOT)) for page in pages - known) == []


def test_pages_of_the_site_link_to_pages_of_the_site() -> None:
    """`make docs` builds `docs` alone, so a link to a file outside it would be dead on the site."""
    docs = ROOT / "docs"
    outside = [
        f"{page.relative_to(docs)}: {found['file']}"
        for page in PAGES
        if docs in page.parents
        for found in LINK.finditer(CODE.sub("", page.read_text("utf-8")))
        if found["file"] and "://" not in found["file"] and docs not in (page.parent / found["file"]).resolve().parents
    ]
    assert outside == []
