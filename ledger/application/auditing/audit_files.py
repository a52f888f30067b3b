"""Keep and hand on the files of auditors' statements: texts and notes, named by their SHA-256, and a list of names.

    audits/index                        the names of the other files, one a line, for readers over HTTP
    audits/<SHA-256>.statement          what was checked, by which program, under which rules
    audits/<SHA-256>.note               a subtree, signed by auditors

Format: docs/reference/formats/audit-statement.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.log.published_log import LARGEST_NOTE, Fetch
from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import RecordError
from ledger.tlog.note import b64, split_note
from ledger.tlog.subtree import prove_subtree_consistency
from ledger.tlog.subtree_cosignature import Subtree, parse_subtree
from ledger.tlog.tree import Read
from ledger.verify.audits.statements import NOTE, PROOF, STATEMENT

FOLDER, INDEX = "audits", "index"
MOST = 10_000  # files of one log
_LARGEST_INDEX = MOST * 80
_NAME = re.compile(r"[0-9a-f]{64}\.(?:statement|note)")


def named(data: bytes, ending: str) -> tuple[str, bytes]:
    """Return a file with its name."""
    return f"{sha256(data).hexdigest()}{ending}", data


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the files of statements in a folder of this office, by name; none if there is no folder."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return files_by(names, lambda name: (folder / name).read_bytes())


def files_by(names: Iterable[str], read: Callable[[str], bytes | None]) -> dict[str, bytes]:
    """Return the first files of statements among `names`, each as `read` returns it."""
    wanted = sorted(name for name in names if _NAME.fullmatch(name))[:MOST]
    return {name: data for name in wanted if (data := read(name)) is not None}


def fetched(fetch: Fetch) -> dict[str, bytes]:
    """Return the published files of statements. `RecordError` AUD-FORMAT if the index has other lines than names."""
    names = fetch(INDEX, _LARGEST_INDEX).decode("ascii", "replace").splitlines()
    if len(names) > MOST or not all(_NAME.fullmatch(name) for name in names):
        raise RecordError("AUD-FORMAT", f"an index has at most {MOST} names of statements and notes", where=INDEX)
    return files_by(names, lambda name: fetch(name, LARGEST_NOTE))


def keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Add files to a folder and write its index, durably."""
    private_folder(folder)
    for name, data in files.items():
        if not (folder / name).exists():
            replace_file(folder / name, data)
    names = sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    replace_file(folder / INDEX, "".join(f"{name}\n" for name in names).encode())
    sync_folder(folder)


def carried(files: Mapping[str, bytes], origin: str, size: int, read: Read) -> dict[str, bytes]:
    """Return the files for a bundle under the head of `size` entries, each note with its proof.

    Of each key the fewest notes that cover what all of its notes cover.
    """
    subtrees: dict[str, Subtree] = {}
    by_key: dict[tuple[str, bytes], list[str]] = defaultdict(list)
    for name, data in files.items():
        try:
            text, lines = split_note(data)
            subtree = parse_subtree(text)
        except RecordError:
            continue
        if (subtree.origin, subtree.end <= size) == (origin, True):
            subtrees[name] = subtree
            for line in lines:
                by_key[line.name, line.keyid].append(name)
    chosen = {name for names in by_key.values() for name in _fewest(names, subtrees)}
    digests = {key.rpartition("/")[2] for key, _ in by_key}
    texts = {name: files[name] for digest in digests if (name := digest + STATEMENT) in files}
    proofs = {
        name.removesuffix(NOTE) + PROOF: _proof(prove_subtree_consistency(each.start, each.end, size, read))
        for name, each in subtrees.items()
        if name in chosen
    }
    return {**texts, **{name: files[name] for name in chosen}, **proofs}


def _proof(path: Sequence[bytes]) -> bytes:
    return "".join(f"{b64(node)}\n" for node in path).encode()


def _fewest(names: Iterable[str], subtrees: Mapping[str, Subtree]) -> Iterator[str]:
    """Yield the fewest of these notes that cover the same entries."""
    covered, best = 0, ""  # `best` reaches furthest of the notes that begin before the end of what is covered
    for name in sorted(names, key=lambda name: subtrees[name].start):
        start, end = subtrees[name].start, subtrees[name].end
        if best and start > covered:
            yield best
            covered, best = subtrees[best].end, ""
        covered = max(covered, start)  # what no note covers is passed over
        if end > (subtrees[best].end if best else covered):
            best = name
    if best:
        yield best
