"""The build of the page: from readable sources, the same bytes every time, without a reference to other servers."""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import pytest

from browser import build
from browser.packages import MANIFESTS, installed
from browser.phrases import phrases
from ledger.facts import KINDS
from ledger.facts.vocabulary import OnSource
from ledger.tlog.audit_statement import CHECKS
from release.pins import STYLES, scripts

SOURCES = sorted((*build.HERE.glob("check/**/*.mjs"), *build.HERE.glob("page/**/*.mjs")))
LANGUAGES = build.languages()
TEXTS: dict[str, Any] = LANGUAGES["en"]


def test_every_package_of_the_page_is_pinned_by_version_and_digest_and_none_is_in_the_tree() -> None:
    asked, locked = (json.loads((build.HERE / name).read_text("utf-8")) for name in MANIFESTS)
    versions = {**asked["dependencies"], **asked["devDependencies"]}
    packages = {path.removeprefix("node_modules/"): pinned for path, pinned in locked["packages"].items() if path}
    assert {name: packages[name]["version"] for name in versions} == versions
    assert all(re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", pinned["integrity"]) for pinned in packages.values())
    assert not any("resolved" in pinned for pinned in packages.values())
    assert not any("uvRatio" in source.read_text("utf-8") for source in SOURCES)


REACHES_OUT = (
    r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|Worker|eval|Function)\(|import\(|https?://"
)
MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|\.style\b"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_no_source_reaches_out_or_makes_markup_of_what_it_reads(source: Path) -> None:
    code = source.read_text("utf-8")
    assert re.findall(REACHES_OUT, code) == []
    assert re.findall(MARKUP, code) == []


def test_every_text_is_used_and_every_text_that_is_used_is_there() -> None:
    code = "".join(source.read_text("utf-8") for source in SOURCES)
    template = (build.HERE / "page.html").read_text("utf-8")
    quoted = set(re.findall(r"'([a-z0-9]+(?:-[a-z0-9]+)*)'", code)) | set(
        re.findall(r'data-text="([a-z-]+)"', template)
    )
    made = {f"speaks-{each}" for each in ("observation", "import")}
    made |= {f"source-{each}" for each in get_args(OnSource)}
    made |= {f"field-{each}" for each in ("field", "value", "state", "public", "opened", "withheld", "erased")}
    made |= {f"result-{each}" for each in ("passed", "indeterminate", "failed", "not-run")}
    made |= {f"any-{each}" for each in ("bundle", "other", "evidence", "trust", "left")}
    made |= {f"withheld-{each}" for each in ("audience", "erased", "not-held")}
    made |= {
        f"{each}-means" for each in ("total-passed", "indeterminate", "total-failed", "not-judged", "not-examined")
    }
    made |= {f"{each}-label" for each in ("policy", "registrar", "anchor")}
    made |= {f"makers-{each}" for each in ("none", "unreadable")} | {f"level-{each}" for each in "vwg"}
    made |= {f"audit-{check}" for check in CHECKS}
    known = TEXTS["checks"].keys() | TEXTS["page"].keys()
    assert known - quoted - made == set()
    asked = set(re.findall(r"say\(\['([a-z0-9-]+)'", code)) | set(
        re.findall(r"Refused\('[A-Z0-9-]+', \['([a-z0-9-]+)'", code)
    )
    assert asked - known == set()


def test_every_code_of_the_page_is_one_of_the_program_but_one() -> None:
    code = "".join(source.read_text("utf-8") for source in SOURCES)
    page = (build.HERE.parent / "docs" / "reference" / "codes.md").read_text("utf-8")
    explained = set(re.findall(r"^\| `([A-Z_-]+)` \|", page, re.MULTILINE))
    said = set(re.findall(r"'([A-Z]+-[A-Z-]+)'", code)) - {"RSA-PSS", "TOTAL-PASSED", "TOTAL-FAILED"}
    assert said - explained == {
        "SIG-DISAGREE",
        "G-UNKNOWN-KIND",
        "V-ROLE-NOT-HELD",
    }  # the last two are findings of the law


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_gives_a_word_that_is_for_the_court(language: str) -> None:
    words = r"\b(in)?(admissib\w+|valid|validity)\b|\bOK\b|\b(un)?(gültig|zulässig|rechtmäßig)\w*"
    words += r"|\b((in|ir)?(valide|recevable|licite)|valable)s?\b"
    for text in (*LANGUAGES[language]["checks"].values(), *LANGUAGES[language]["page"].values()):
        assert not re.search(words, text, re.IGNORECASE), text


def test_every_number_of_things_has_its_two_forms() -> None:
    used = set(re.findall(r"\{\d:([a-z-]+)\}", json.dumps(TEXTS)))
    assert used - {"moment"} == set(TEXTS["nouns"])
    assert all(set(forms) == {"one", "other"} for forms in TEXTS["nouns"].values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_and_of_the_same_values(language: str) -> None:
    table = LANGUAGES[language]
    assert table.keys() == TEXTS.keys()
    assert phrases()[language]["patterns"].keys() == KINDS.keys()
    for part in ("nouns", "steps", "checks", "page"):
        assert table[part].keys() == TEXTS[part].keys()
        for key, text in table[part].items():
            assert "other" in text if part == "nouns" else _values(text) == _values(TEXTS[part][key]), key


def _values(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


@pytest.mark.browser
def test_two_builds_are_the_same_bytes(page: Path) -> None:
    assert build.page() == page.read_bytes()


@pytest.mark.browser
def test_the_policy_of_the_page_allows_its_own_scripts_and_style_and_nothing_else(page: Path) -> None:
    html = page.read_text("utf-8")
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert found is not None
    policy = dict(part.split(" ", 1) for part in found[1].split("; "))
    inline = {
        "script-src": re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL),
        "style-src": re.findall(r"<style>(.*?)</style>", html, re.DOTALL),
    }
    for directive, parts in inline.items():
        digests = [f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'" for part in parts]
        assert policy.pop(directive).split() == digests
    assert policy == {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
    assert not re.search(r"<(link|img|iframe|object|embed|base)\b| (src|on[a-z]+)=", html.partition("<script>")[0])


@pytest.mark.browser
def test_the_source_in_the_page_is_the_source_in_the_tree(page: Path) -> None:
    """Check that the page contains every line of every module except imports and the word export: no minifier."""
    html = page.read_text("utf-8")
    for source in SOURCES:
        code = re.sub(r"^import \{[^}]*\} from '[^']*';\n", "", source.read_text("utf-8"), flags=re.MULTILINE)
        for line in code.splitlines():
            assert line.removeprefix("export ") in html, (source.name, line)


@pytest.mark.browser
@pytest.mark.parametrize("which", build.PAGES, ids=lambda which: which.file)
def test_the_packages_in_a_page_are_those_of_the_bill_of_materials_and_their_licences_are_in_it(
    page: Path, which: build.Page
) -> None:
    html = build.page(which).decode()
    packages = installed() / "node_modules"
    listed = [script for script in scripts() if f"browser/{which.file}" in script.bundled_in]
    bundled = [script for script in listed if script.name not in STYLES]
    for script in bundled:
        assert (
            f"/*\n * {script.name} {script.version}, sha512-{b64encode(bytes.fromhex(script.sha512)).decode()}\n"
            in html
        )
        licence = (packages / script.name / "LICENSE").read_text("utf-8")
        assert all(line.strip() in html for line in licence.splitlines())
    files = re.findall(r"^ *// node_modules/((?:@[^/\n]+/)?[^/\n]+)/.*$", html, re.MULTILINE)
    assert set(files) == {script.name for script in bundled}
    assert {*STYLES} <= {script.name for script in listed}
    assert all(f" * {name} " in html for name in STYLES)


@pytest.mark.browser
def test_a_package_with_another_digest_is_not_taken(page: Path, tmp_path: Path) -> None:
    for name in MANIFESTS:
        text = (build.HERE / name).read_text("utf-8")
        pin = re.search(r'"node_modules/jsqr".*?"integrity": "(sha512-[^"]*)"', text, re.DOTALL)
        (tmp_path / name).write_text(text.replace(pin[1], "sha512-" + "A" * 86 + "==") if pin else text, "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        installed(tmp_path)
