"""The first file of a bundle says that it is one."""

from __future__ import annotations

import pytest

from ledger.bundle import zip_profile
from ledger.bundle.archive import unpack, unpacked
from ledger.bundle.layout import MEDIA_TYPES, VERSION
from ledger.errors import RecordError

TYPE = MEDIA_TYPES[VERSION]


@pytest.mark.parametrize(
    "files",
    [
        {"policy": b""},
        {"mimetype": TYPE + b"x", "policy": b""},
        {"mimetype": b"", "policy": b""},
        {},
    ],
)
def test_an_archive_whose_first_file_is_no_media_type_of_a_bundle_is_refused_there(files: dict[str, bytes]) -> None:
    with pytest.raises(RecordError, match="the first file must say") as refused:
        unpack(zip_profile.write(files))
    assert (refused.value.code, refused.value.where) == ("BND-ZIP", "mimetype")


def test_an_archive_in_another_order_was_zipped_again() -> None:
    files = {"policy": b"", "mimetype": TYPE}
    assert unpacked(zip_profile.write(files)) == (files, False)
    assert unpacked(zip_profile.write({"mimetype": TYPE, "policy": b""})) == (files, True)
