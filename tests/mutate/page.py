"""The mutants of the verifier page: its scripts are parsed by acorn in Node.js."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from browser.packages import installed
from tests.mutate.sites import Mutant, mutant

SITES = Path(__file__).with_name("sites.mjs")


def page_mutants(tree: Path, files: dict[str, bytes]) -> list[Mutant]:
    """Return every mutant of scripts, by their paths in a tree."""
    parser = installed() / "node_modules/acorn/dist/acorn.mjs"
    answer = subprocess.run(["node", SITES, parser, *files], cwd=tree, check=True, stdout=subprocess.PIPE).stdout
    found = []
    for file, sites in json.loads(answer).items():
        text = files[file].decode()
        wide = text.encode("utf-16-le")
        for start, end, after, what, function, statement in sites:
            span = tuple(len(wide[: 2 * at].decode("utf-16-le").encode()) for at in (start, end))
            more = {"what": what, "function": function or "<module>", "statement": statement}
            found.append(mutant("page", file, files[file], (span[0], span[1]), after, **more))
    return sorted(set(found))
