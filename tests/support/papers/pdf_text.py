"""The text of a PDF by Poppler, a reader that is not ours: `pdf_text(file, "-layout")`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def pdf_text(file: Path, *options: str) -> str:
    """Return what `pdftotext` reads, pages divided by form feeds; where it is absent, skip the test."""
    if (reader := shutil.which("pdftotext")) is None:
        pytest.skip("no pdftotext here; Debian has it in poppler-utils")
    return subprocess.run([reader, *options, str(file), "-"], capture_output=True, text=True, check=True).stdout
