"""Files in a bucket of an S3-compatible store are sent, opened, checked and erased as in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("obstore", reason="needs the extra `s3`")

from ledger.errors import LedgerError
from server.files.pieces import PIECE
from server.files.places import CREDENTIALS, Place, open_place
from server.files.settings import FileSettings, file_settings
from tests.server.files.fake_s3 import ACCESS, BUCKET, REGION, SECRET, FakeS3, fake_s3
from tests.server.files.office import Keeping, keeping
from tests.server.files.test_faults import checked, erase

LARGE = token_bytes(PIECE + 9)
ONE, TWO = "1" * 32, "2" * 32


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeS3]:
    file = tmp_path / "credentials"
    file.write_text(f"{ACCESS}\n{SECRET}\n")
    monkeypatch.setenv(CREDENTIALS, str(file))
    with fake_s3() as served:
        yield served


@pytest.fixture
def place(bucket: FakeS3) -> Place:
    return open_place(settings(bucket), "ledger.test/xo/karsk")


@pytest.fixture
def own(bucket: FakeS3, tmp_path: Path) -> Iterator[Keeping]:
    with keeping(tmp_path, files=settings(bucket)) as served:
        yield served


def settings(bucket: FakeS3) -> FileSettings:
    made = file_settings({"bucket": BUCKET, "endpoint": bucket.url, "region": REGION, "prefix": "office"})
    assert made is not None
    return made


def test_a_file_in_a_bucket_comes_back_and_an_erasure_deletes_it(own: Keeping, bucket: FakeS3) -> None:
    order = own.order()
    leaf = own.arrived(order, LARGE)
    name = own.send("ilves", order, LARGE).json["object"]
    assert sorted(key.split("/")[-2:] for key in bucket.objects) == [[name, "0"], [name, "1"]]
    assert all(key.startswith("office/") for key in bucket.objects)
    assert not any(LARGE[:64] in stored for stored in bucket.objects.values())
    assert own.fetch(order, leaf) == {"0.zip": LARGE}
    assert (state := checked(own.office, "--digests"))["kept"] == 1
    assert (state["damaged"], state["orphans"]) == ([], [])
    assert "2 encrypted" not in (said := erase(own, order))
    assert "1 encrypted file deleted" in said
    assert bucket.objects == {}


def test_a_store_that_fails_keeps_nothing_and_the_next_time_goes_on(own: Keeping, bucket: FakeS3) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    bucket.fails = 403
    refused = own.piece("ilves", order, name, 0, LARGE[:PIECE])
    assert (refused.status, refused.code) == (503, "FILES-PLACE")
    assert bucket.url.encode() not in refused.body
    bucket.fails = 0
    assert own.send("ilves", order, LARGE).json["kept"] is True


def test_a_bucket_does_what_a_folder_does(bucket: FakeS3, place: Place) -> None:
    for n in range(5):  # more than one page of a list
        place.write(ONE, n, b"x" * n)
    place.write(TWO, 0, b"two")
    place.write(TWO, 0, b"again")
    assert (place.read(TWO, 0), place.read(TWO, 1), place.read("3" * 32, 0)) == (b"again", None, None)
    assert (place.has(ONE, 4), place.has(ONE, 5)) == (True, False)
    assert sorted(place.names()) == [ONE, TWO]
    other = open_place(settings(bucket), "ledger.test/xo/other")
    assert (list(other.names()), other.read(TWO, 0)) == ([], None), "ledgers share a bucket, and not their objects"
    place.delete(ONE)
    place.delete(ONE)
    assert list(place.names()) == [TWO]


def test_without_credentials_the_store_is_not_opened(bucket: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("", str(Path(__file__).parent), "/nowhere", __file__):
        monkeypatch.setenv(CREDENTIALS, wrong)
        with pytest.raises(LedgerError, match="FILES-PLACE"):
            open_place(settings(bucket), "ledger.test/xo/karsk")


def test_a_store_is_a_folder_or_a_bucket_over_https() -> None:
    for wrong in (
        {"folder": "/x", "bucket": "abc"}, {}, {"bucket": "abc", "endpoint": "http://store.example"},
        {"bucket": "a/../b"}, {"bucket": "abc", "region": "x y"}, {"bucket": "abc", "prefix": "a/b"},
        {"bucket": "abc", "secret": "x"},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"\[files\]"):
            file_settings(wrong)
    stated = FileSettings(bucket="abc", endpoint="https://store.example").stated
    assert "quota" not in stated
    assert "https://store.example" in stated
