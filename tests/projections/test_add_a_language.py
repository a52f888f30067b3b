"""A language is data: one with made-up words passes the tests of German and French, and no code names it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from tests.generate.messages import messages, with_context

ROOT = Path(__file__).parents[2]
LIST = 'LANGUAGES: Final = ("en", "de", "fr")'
MADE_UP = "fi"  # a language whose dates and numbers the CLDR has; the words of the test are none of it
KEPT = re.compile(
    r"\b[A-Z\d]*[A-Z\d]{2}[\w-]*|Bharatiya [^{]*Schedule|\{\w+(?::[a-z-]+\})?|<\w+=|(?<=[<|=])[\w*-]+:|`[^`]*`|\w+://\S+|--?[a-z][\w-]+"
)  # places, codes, commands
LETTERS = str.maketrans("aeioucnsyzAEIOUCNSYZ", "áéíóúçñšýžÁÉÍÓÚÇÑŠÝŽ")
# What is said to a person in a language: papers, desk, sign-in page, errors, mails, intake, forms of the terminal.
TESTS = (
    "tests/projections/render/test_translation.py",
    "tests/projections/test_free_texts.py",
    "tests/server/test_error_texts.py",
    "tests/server/desk/test_languages.py",
    "tests/server/desk/test_pages.py",
    "tests/server/desk/test_gate.py",
    "tests/server/jobs/test_digest.py",
    "tests/server/jobs/test_notices.py",
    "tests/cli/commands/test_letters.py",
    "tests/cli/commands/test_trust.py",
    "tests/cli/commands/test_file.py",
    "tests/cli/commands/test_audit.py",
    "tests/browser/page/test_build.py",
)
# The texts of the verifier page and of the signing page that have English words, as JSON.
OF_PAGES = """
import json, re
from browser.build import PAGES, languages
tables = (languages(page) for page in PAGES)
pairs = [(t["{0}"][part], t["en"][part]) for t in tables for part in ("steps", "checks", "page") if part in t["en"]]
left = [text for made, english in pairs for name, text in english.items() if made[name] == text]
print(json.dumps([text for text in left if re.search("[a-z]{{3}}", re.sub("[{{][^}}]*[}}]", "", text))]))
"""


def made_up(message: str) -> str:
    """Return a message in words of no language: its letters changed, its places, codes and commands kept."""
    kept = KEPT.findall(message)
    words = (part.translate(LETTERS) for part in KEPT.split(message))
    return "".join(part for pair in zip(words, [*kept, ""], strict=True) for part in pair)


def catalogue() -> bytes:
    """Return a whole catalogue of made-up words."""
    made, out = Catalog(locale=MADE_UP, fuzzy=False), BytesIO()
    for context, message in (*(("", m) for m in messages()), *with_context()):
        made.add(message, made_up(message), context=context or None)
    write_po(out, made)
    return out.getvalue()


@pytest.mark.slow
def test_a_language_that_is_added_as_data_alone_leaves_no_english_word(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    ignored = shutil.ignore_patterns("node_modules", "__pycache__", ".*", "build", "dist")
    shutil.copytree(ROOT, tree, ignore=ignored, symlinks=True)
    place = tree / "projections" / "locale" / MADE_UP / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "comity.po").write_bytes(catalogue())
    listed = tree / "ledger" / "messages.py"
    source = listed.read_text("utf-8")
    assert LIST in source
    listed.write_text(source.replace(LIST, f'{LIST[:-1]}, "{MADE_UP}")'), "utf-8")
    wanted = f"[{MADE_UP} or {MADE_UP}] or -{MADE_UP} or shows_names_of_others"
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            "slow or not slow",
            "-k",
            wanted,
            *TESTS,
        ],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tree), "HOME": str(tmp_path)},
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    pages = [sys.executable, "-c", OF_PAGES.format(MADE_UP)]
    same = subprocess.run(
        pages, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tree)}, cwd=tree, capture_output=True, check=True
    )
    assert json.loads(same.stdout) == []
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert int(re.findall(r"(\d+) passed", ran.stdout)[-1]) >= 20, ran.stdout[-500:]
