"""No folder of the repository has too many files."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST = 16
# Folders with one file for each command, kind, story, document or decision, and folders of generated files.
LISTS = (
    "cli/commands",
    "docs/adr",
    "docs/how-to",
    "docs/reference",
    "fixtures/stories",
    "ledger/facts",
    "projections/templates",
    "tests/cli/commands",
    "tests/fuzz/seeds",
    "tests/transcripts",
)


def test_a_folder_has_at_most_sixteen_files_unless_it_is_a_list_by_nature() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = Counter(str(Path(name).parent) for name in listed.splitlines() if (ROOT / name).is_file())
    assert [
        f"{folder}: {count}" for folder, count in sorted(files.items()) if count > MOST and not folder.startswith(LISTS)
    ] == []
