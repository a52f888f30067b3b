"""Read the proof of a sealed entry from the file next to it."""

from __future__ import annotations

import os

from cli.exit_codes import Exit, Stop
from cli.terminal import file_io
from ledger.entries.wrapped_entry import PROOF


def proof_beside(file: str) -> bytes:
    """Return the proof of a sealed entry, from the file of the same name with the ending `.tlog-proof`.

    `Stop` if the file is missing.
    """
    path = (file.removesuffix(".json").removesuffix(".dsse")) + PROOF
    if file == "-" or not os.path.exists(path):
        hint = f"put it beside the entry as {os.path.basename(path) if file != '-' else 'NAME' + PROOF}"
        raise Stop(f"{file} is a sealed entry, and its proof is missing", hint=hint, code=Exit.UNDECIDABLE)
    return file_io.read(path)
