"""The build of the signing page: words in every language, no network, no markup, one file with a strict policy."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import pytest

from browser import build
from browser.words import words
from ledger.facts import KINDS
from ledger.facts.vocabulary import INSTRUMENTS, ROLES, OnSource
from tests.browser.page.test_build import MARKUP, REACHES_OUT

SIGN = build.HERE / "sign"
SOURCES = sorted(SIGN.glob("*.mjs"))
TEXTS: dict[str, dict[str, str]] = {lang: table["page"] for lang, table in build.languages(build.SIGNING).items()}
CODE = "".join(source.read_text("utf-8") for source in SOURCES)
DOCS = build.HERE.parent / "docs" / "reference"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_no_source_of_the_page_reaches_out_or_makes_markup(source: Path) -> None:
    code = source.read_text("utf-8")
    assert (
        re.findall(REACHES_OUT, code.replace("'https://'", "").replace("http:\\/\\/", "").replace("https?:", "")) == []
    )
    assert re.findall(MARKUP, code) == []


def test_every_text_of_the_page_is_used_and_every_text_that_is_used_is_there() -> None:
    quoted = set(re.findall(r"'([a-z0-9]+(?:-[a-z0-9]+)*)'", CODE))
    quoted |= set(re.findall(r'data-text="([a-z-]+)"', (SIGN / "sign.html").read_text("utf-8")))
    made = {f"speaks-{each}" for each in ("observation", "import")} | {f"source-{each}" for each in get_args(OnSource)}
    made |= {f"column-{each}" for each in ("field", "value", "readers")}
    assert TEXTS["en"].keys() - quoted - made == set()
    checks = build.languages()["en"]["checks"].keys()
    asked = set(re.findall(r"say\(\['([a-z0-9-]+)'", CODE))
    asked |= set(re.findall(r"Refused\('[A-Z0-9-]+', \['([a-z0-9-]+)'", CODE))
    assert asked - TEXTS["en"].keys() - checks == set()
    assert TEXTS["en"].keys() & checks == set()


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_of_the_page_says_everything_and_of_the_same_values(language: str) -> None:
    assert list(TEXTS[language]) == list(TEXTS["en"])
    for key, text in TEXTS[language].items():
        values = [sorted(re.findall(r"\{[^}]*\}", each)) for each in (text, TEXTS["en"][key])]
        assert values[0] == values[1], key


def test_every_code_of_the_page_is_explained() -> None:
    explained = set(re.findall(r"^\| `([A-Z_-]+)` \|", (DOCS / "codes.md").read_text("utf-8"), re.MULTILINE))
    own = set(re.findall(r"^- \*\*([A-Z-]+)\*\*", (DOCS / "signing.md").read_text("utf-8"), re.MULTILINE))
    said = set(re.findall(r"'([A-Z]+-[A-Z-]+)'", CODE)) - {"AES-CTR"}
    assert said - explained == own


@pytest.mark.parametrize("language", TEXTS)
def test_every_kind_and_every_field_has_a_name_in_every_language(language: str) -> None:
    named = words()[language]
    assert named["kinds"].keys() == KINDS.keys()
    fields = {name for kind in KINDS.values() for name in kind.fields()}
    assert fields - named["fields"].keys() == set()
    assert all(text.strip() for table in (named["kinds"], named["fields"]) for text in table.values())
    assert (named["roles"].keys(), named["instruments"].keys()) == (ROLES.keys(), INSTRUMENTS.keys())


def test_german_has_words_for_all_that_english_has() -> None:
    named = words()
    for table in ("says", "roles", "instruments"):
        assert named["de"][table].keys() == named["en"][table].keys()
    for number, codes in named["en"]["codes"].items():
        assert named["de"]["codes"][number].keys() == codes.keys()


@pytest.mark.browser
def test_two_builds_of_the_page_are_the_same_bytes(signing_page: Path) -> None:
    assert build.page(build.SIGNING) == signing_page.read_bytes()


@pytest.mark.browser
def test_the_policy_of_the_page_allows_its_scripts_and_its_style_and_no_network(signing_page: Path) -> None:
    html = signing_page.read_text("utf-8")
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert found is not None
    policy: dict[str, Any] = dict(part.split(" ", 1) for part in found[1].split("; "))
    inline = {
        "script-src": re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL),
        "style-src": re.findall(r"<style>(.*?)</style>", html, re.DOTALL),
    }
    for directive, parts in inline.items():
        digests = [f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'" for part in parts]
        assert policy.pop(directive).split() == digests
    assert policy.pop("require-trusted-types-for") == "'script'"
    assert policy == dict.fromkeys(("default-src", "connect-src", "base-uri", "form-action", "trusted-types"), "'none'")
    assert not re.search(r"<(link|img|iframe|object|embed|base)\b| (src|on[a-z]+)=", html.partition("<script>")[0])


@pytest.mark.browser
def test_the_source_in_the_page_is_the_source_in_the_tree(signing_page: Path) -> None:
    """Check that the page contains every line of its modules except imports and the word export: no minifier."""
    html = signing_page.read_text("utf-8")
    for source in SOURCES:
        code = re.sub(r"^import \{[^}]*\} from '[^']*';\n", "", source.read_text("utf-8"), flags=re.MULTILINE)
        for line in code.splitlines():
            assert line.removeprefix("export ") in html, (source.name, line)
