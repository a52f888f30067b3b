"""The list of a bundle has each of its files once, and neither itself nor the sums over the files."""

from __future__ import annotations

from hashlib import sha256

import pytest
from msgspec.structs import replace

from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST, SUMS
from ledger.bundle.manifest import check_listing, open_manifest
from ledger.errors import RecordError
from tests.support.memory_ledger import small

LEDGER, ILVES = small()
FILES = unpack(LEDGER.bundle(ILVES))
SAID = open_manifest(FILES[MANIFEST])


def test_the_list_of_a_bundle_is_whole() -> None:
    check_listing(SAID, FILES)


@pytest.mark.parametrize("path", [MANIFEST, SUMS, "absent"])
def test_a_list_with_itself_or_the_sums_or_an_absent_file_is_refused_there(path: str) -> None:
    content = FILES.get(path, b"")
    more = replace(SAID.files[0], path=path, size=len(content), sha256=sha256(content).hexdigest())
    with pytest.raises(RecordError, match="listed and not there") as refused:
        check_listing(replace(SAID, files=[*SAID.files, more]), FILES)
    assert (refused.value.code, refused.value.where) == ("BND-MANIFEST", path)
