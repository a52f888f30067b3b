"""The signed list of a bundle has each of its files once, and neither itself nor the sums over the files."""

from __future__ import annotations

from hashlib import sha256

import pytest
from msgspec.structs import replace

from ledger.bundle import manifest as module
from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST, SUMS
from ledger.bundle.manifest import check_listing, listing, open_manifest, seal_manifest
from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical
from ledger.formats.dsse import MANIFEST_TYPE, open_bytes, seal_bytes
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


def test_the_list_is_in_the_order_of_the_archive_without_itself_and_the_sums() -> None:
    assert listing(FILES) == SAID.files
    assert [each.path for each in SAID.files] == [path for path in FILES if path not in (MANIFEST, SUMS)]


FIRST, SECOND, *REST = SAID.files
WRONG = {
    "it is listed twice": ([FIRST, SECOND, replace(FIRST), *REST], FIRST.path),
    "it is not listed": ([SECOND, *REST], FIRST.path),
    f"{FIRST.size} bytes, listed with {FIRST.size + 1}": ([replace(FIRST, size=FIRST.size + 1)], FIRST.path),
    f"SHA-256 {FIRST.sha256}, listed with {'0' * 64}": ([replace(FIRST, sha256="0" * 64)], FIRST.path),
    "the list does not follow the order of the archive": ([SECOND, FIRST, *REST], MANIFEST),
}


@pytest.mark.parametrize("says", WRONG)
def test_a_list_that_differs_from_the_files_is_refused_where_it_does(says: str) -> None:
    files, where = WRONG[says]
    files = [*files, SECOND, *REST] if len(files) == 1 else files
    with pytest.raises(RecordError, match="BND-MANIFEST") as refused:
        check_listing(replace(SAID, files=files), FILES)
    assert (refused.value.says, refused.value.where) == (says, where)


def sealed(**changed: object) -> bytes:
    """Return a manifest that says anything else, signed by the key that it names."""
    said, _ = open_bytes(FILES[MANIFEST], MANIFEST_TYPE, max_bytes=1 << 20, max_nodes=10_000, also=module._ORDER)
    signer = ILVES.signer("ISS")
    return seal_bytes(canonical({**said, **changed}, also=module._ORDER), MANIFEST_TYPE, signer.public, signer.sign)


@pytest.mark.parametrize(
    "changed",
    [
        {"made_at": "2027-02-30T00:00:00Z"},
        {"v": 3},
        {"more": 1},
        {"withheld_count": -1},
        {"files": [{"path": "", "size": 0, "sha256": "ab" * 32}]},
        {"files": [{"path": "a" * 601, "size": 0, "sha256": "ab" * 32}]},
    ],
)
def test_a_signed_manifest_of_another_form_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(RecordError) as refused:
        open_manifest(sealed(**changed))
    assert (refused.value.code, refused.value.where) == ("BND-MANIFEST", MANIFEST)


def test_paths_of_one_to_600_characters_are_listed() -> None:
    files = [{"path": "a" * size, "size": 0, "sha256": "ab" * 32} for size in (1, 600)]
    assert [len(each.path) for each in open_manifest(sealed(files=files)).files] == [1, 600]


def test_the_signature_of_a_manifest_is_checked_unless_that_is_left_to_its_maker() -> None:
    raw = sealed()
    other = b"B" if (at := raw.index(b'"sig":"') + 7) and raw[at : at + 1] == b"A" else b"A"
    forged = raw[:at] + other + raw[at + 1 :]
    assert open_manifest(forged, verify=False) == SAID
    with pytest.raises(RecordError) as refused:
        open_manifest(forged)
    assert (refused.value.code, refused.value.where) == ("BND-MANIFEST", MANIFEST)
    assert refused.value.says.startswith("SIG")


@pytest.mark.parametrize("name", ["purpose", "tool", "legal_basis"])
def test_no_text_of_a_manifest_has_a_character_that_is_not_assigned(name: str) -> None:
    text = "a\U0001e08f"
    with pytest.raises(RecordError, match=r"U\+1E08F is not in Unicode 14\.0") as refused:
        seal_manifest(replace(SAID, **{name: ["ECHR:6", text] if name == "legal_basis" else text}), ILVES.signer("ISS"))
    assert (refused.value.code, refused.value.where) == ("JSON-CHAR", MANIFEST)


def test_no_manifest_is_signed_that_is_too_large_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    said, _ = open_bytes(FILES[MANIFEST], MANIFEST_TYPE, max_bytes=1 << 20, max_nodes=10_000, also=module._ORDER)
    size = len(canonical(said, also=module._ORDER))
    monkeypatch.setattr(module, "MAX_BYTES", size)
    assert open_manifest(seal_manifest(SAID, ILVES.signer("ISS"))) == SAID
    monkeypatch.setattr(module, "MAX_BYTES", size - 1)
    with pytest.raises(RecordError, match=f"{size} bytes, at most {size - 1} are read") as refused:
        seal_manifest(SAID, ILVES.signer("ISS"))
    assert (refused.value.code, refused.value.where) == ("BND-MANIFEST", MANIFEST)


@pytest.mark.parametrize(("values", "says"), [(100_000, "Object "), (100_001, "JSON-SIZE: too many values")])
def test_a_manifest_has_at_most_a_hundred_thousand_values(values: int, says: str) -> None:
    signer = ILVES.signer("ISS")
    payload = canonical({"signer": {"key": signer.public.hex()}, "x": [0] * (values - 4)}, max_nodes=values)
    with pytest.raises(RecordError, match=rf"^BND-MANIFEST {MANIFEST}: {says}"):
        open_manifest(seal_bytes(payload, MANIFEST_TYPE, signer.public, signer.sign))
