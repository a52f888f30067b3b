"""Write every transcript anew; look at the differences before they are kept."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.transcripts import FILES, said

if __name__ == "__main__":
    for file in FILES:
        with TemporaryDirectory() as folder:
            file.write_text(said(file.read_text("utf-8"), Path(folder)), "utf-8")
