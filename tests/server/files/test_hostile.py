"""A caller who sends, asks for or fetches the files of others gets nothing, and learns nothing."""

from __future__ import annotations

import json
from hashlib import sha256
from secrets import token_bytes
from urllib.parse import quote

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

import comity.remote.files as module
from ledger.adapters.http_signatures import sign_request
from ledger.errors import RecordError
from server.files.endpoint import disposition
from server.files.pieces import PIECE
from tests.server.desk.desk import person
from tests.server.files.office import Keeping
from tests.server.office import Office
from tests.support.scenarios import order_id


def test_a_digest_that_only_another_offices_entry_states_is_answered_as_one_that_none_states(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(40)
    kept.arrived(order, data, actor="harbor")
    known, unknown = kept.offer("ilves", order, data), kept.offer("ilves", order, token_bytes(40))
    assert (known.status, known.body) == (404, unknown.body)
    assert kept.offer("harbor", order, data).status == 200


def test_a_digest_of_another_order_is_not_known_in_this_one(kept: Keeping) -> None:
    order, other, data = kept.order(), kept.order(), token_bytes(40)
    kept.arrived(other, data)
    assert kept.offer("ilves", order, data).status == 404


def test_an_order_that_a_caller_may_not_see_is_answered_as_one_that_does_not_exist(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(40)
    kept.arrived(order, data)
    hidden, absent = kept.offer("ncco", order, data), kept.offer("ncco", order_id("no such order"), data)
    assert (hidden.status, hidden.body) == (404, absent.body)
    for path in ("files", f"files/{'0' * 32}", f"files/{'0' * 32}/content"):
        assert kept.office.ask("ncco", f"/v1/orders/{order}/{path}").status == 404


def test_a_size_that_is_not_the_stated_one_is_refused(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(40)
    kept.arrived(order, data)
    body = json.dumps({"sha256": sha256(data).hexdigest(), "size": 41}).encode()
    assert kept.office.ask("ilves", f"/v1/orders/{order}/files", body).status == 404


def test_only_the_office_that_began_an_upload_sends_its_pieces(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(40)
    kept.arrived(order, data, actor="harbor")
    name = kept.offer("harbor", order, data).json["object"]
    assert kept.piece("ilves", order, name, 0, data).status == 404
    assert kept.office.ask("ilves", f"/v1/orders/{order}/files/{name}").status == 404
    assert kept.piece("harbor", order, name, 0, data).json["kept"] is True


def test_a_piece_is_refused_at_another_order_number_or_length(kept: Keeping) -> None:
    order, other, data = kept.order(), kept.order(), token_bytes(PIECE + 5)
    kept.arrived(order, data)
    name = kept.offer("ilves", order, data).json["object"]
    assert kept.piece("ilves", other, name, 0, data[:PIECE]).status == 404
    assert kept.piece("ilves", order, name, 1, data[PIECE:]).code == "CONFLICT"
    assert kept.piece("ilves", order, name, 2, b"").code == "API-REQUEST"
    assert kept.piece("ilves", order, name, 0, data[:-1]).code == "API-LARGE"
    assert kept.piece("ilves", order, name, 0, data[: PIECE - 1]).code == "API-REQUEST"
    assert kept.office.ask("ilves", f"/v1/orders/{order}/files/{name}").json["received"] == 0


@pytest.mark.parametrize("piece", ["-1", "1e3", "٣", "../0", "0/../../x", "9" * 40])
def test_a_piece_without_a_plain_number_is_refused(kept: Keeping, piece: str) -> None:
    order, data = kept.order(), token_bytes(4)
    kept.arrived(order, data)
    name = kept.offer("ilves", order, data).json["object"]
    path = f"/v1/orders/{order}/files/{name}/pieces/{quote(piece, safe='/')}"
    headers = {"content-type": "application/octet-stream"}
    signed = sign_request(kept.office.key("ilves"), "PUT", kept.office.url + path, headers, data)
    assert kept.office.send("PUT", path, data, signed).status in (400, 404)
    assert kept.stored() == [each for each in kept.stored() if each.name.isdecimal()]


def test_an_object_of_another_form_is_no_path(kept: Keeping) -> None:
    order = kept.order()
    for name in ("..%2f..%2fkeys.db", "%2e%2e", "x" * 32, "0" * 31, "0" * 33):
        assert kept.office.ask("ilves", f"/v1/orders/{order}/files/{name}").status == 404
        assert kept.office.ask("ilves", f"/v1/orders/{order}/files/{name}/content").status == 404


def test_a_piece_whose_bytes_are_not_the_signed_ones_is_refused(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(40)
    kept.arrived(order, data)
    name = kept.offer("ilves", order, data).json["object"]
    path = f"/v1/orders/{order}/files/{name}/pieces/0"
    headers = {"content-type": "application/octet-stream"}
    signed = sign_request(kept.office.key("ilves"), "PUT", kept.office.url + path, headers, token_bytes(40))
    assert kept.office.send("PUT", path, data, signed).code == "API-SIGNATURE"
    again = sign_request(kept.office.key("ilves"), "PUT", kept.office.url + path, headers, data)
    assert kept.office.send("PUT", path, data, again).status == 200
    assert kept.office.send("PUT", path, data, again).code == "API-REPLAY"


def test_bytes_with_another_digest_are_deleted_and_may_be_sent_again(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(40)
    leaf = kept.arrived(order, data)
    name = kept.offer("ilves", order, data).json["object"]
    refused = kept.piece("ilves", order, name, 0, token_bytes(40))
    assert (refused.status, refused.code) == (422, "FILES-DIFFER")
    assert not any(name in str(path) for path in kept.stored())
    assert kept.office.ask("ilves", f"/v1/orders/{order}/files").json["entries"] == []
    assert kept.send("ilves", order, data).json["kept"] is True
    assert kept.fetch(order, leaf)["0.zip"] == data


def test_a_file_is_fetched_only_after_its_caller_has_signed_an_access_entry(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(40)
    leaf = kept.arrived(order, data, actor="harbor")
    name = kept.send("harbor", order, data).json["object"]
    path = f"/v1/orders/{order}/files/{name}/content"
    assert kept.office.ask("ilves", path).status == 404
    assert kept.office.ask("harbor", path).status == 404
    assert kept.fetch(order, leaf) == {"0.zip": data}
    assert kept.office.ask("ilves", path).body == data
    assert kept.office.ask("harbor", path).status == 404, "a guest opens nothing, also not what it has sent"
    other = person(kept.office, f"Other {name}", "ilves", key=False)
    assert other.get(path).status == 404, "the access entry of one person opens nothing for another one of the office"


def test_what_the_store_has_shows_neither_bytes_nor_names_nor_digests(kept: Keeping) -> None:
    order, data = kept.order(), b"the suspect's message " * 30
    kept.arrived(order, data, names=("suspect.zip",))
    name = kept.send("ilves", order, data).json["object"]
    (piece,) = [path for path in kept.stored() if name in str(path)]
    seen = str(piece).encode() + piece.read_bytes()
    links = (kept.office.ledger / "files.db").read_bytes() + (kept.office.ledger / "files.db-wal").read_bytes()
    for secret in (data, b"the suspect", b"suspect.zip", sha256(data).digest(), sha256(data).hexdigest().encode()):
        assert secret not in seen
        assert secret not in links
    assert piece.stat().st_mode & 0o077 == 0


def test_a_file_is_sent_as_an_attachment_that_no_browser_opens(kept: Keeping) -> None:
    order, data = kept.order(), b"<script>alert(1)</script>"
    leaf = kept.arrived(order, data, names=("Anhörung.html",))
    name = kept.send("ilves", order, data).json["object"]
    assert list(kept.fetch(order, leaf).values()) == [data]
    reply = kept.office.ask("ilves", f"/v1/orders/{order}/files/{name}/content")
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in reply.headers["content-security-policy"]
    assert reply.headers["content-disposition"] == (
        "attachment; filename=\"Anh_rung.html\"; filename*=UTF-8''Anh%C3%B6rung.html"
    )


NAMES = {
    "": "file", "..": "file",
    "a/b\\c.pdf": "c.pdf", 'x"\r\nset-cookie: y': "x___set-cookie_ y", "\u202efdp.exe": "_fdp.exe",
}  # fmt: skip


@pytest.mark.parametrize(("name", "plain"), NAMES.items())
def test_a_name_in_a_header_names_no_folder_and_ends_no_line(name: str, plain: str) -> None:
    assert disposition(name).startswith(f'attachment; filename="{plain}"')
    assert "\n" not in disposition(name)


def test_a_part_of_a_file_can_be_fetched(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(PIECE + 100)
    leaf = kept.arrived(order, data)
    name = kept.send("ilves", order, data).json["object"]
    kept.fetch(order, leaf)
    path = f"/v1/orders/{order}/files/{name}/content"
    for asked, (first, end) in {
        "bytes=5-9": (5, 10), f"bytes={PIECE - 2}-": (PIECE - 2, len(data)), "bytes=0-": (0, len(data)),
        f"bytes={PIECE}-{PIECE + 999}": (PIECE, len(data)),
    }.items():  # fmt: skip
        reply = kept.office.ask("ilves", path, headers={"range": asked})
        assert reply.body == data[first:end]
        assert reply.status == (200 if (first, end) == (0, len(data)) else 206)
    for wrong in ("bytes=-5", "bytes=9-2", f"bytes={len(data)}-", "bytes=0-1,3-4", "lines=1-2"):
        assert len(kept.office.ask("ilves", path, headers={"range": wrong}).body) in (len(data), len(data) - 9)


def test_no_access_entry_of_another_purpose_entry_or_person_opens_a_file(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(40)
    leaf = kept.arrived(order, data)
    other = kept.arrived(order, token_bytes(40))
    kept.send("ilves", order, data)
    files = kept.files("ilves")
    signer = kept.client("ilves").recorder.signer("record-accessed", "ISS")
    with pytest.raises(RecordError, match="API-MISSING"):
        files.open(order, other, "investigation", "Dina Ilves", None, signer)
    harbor = kept.client("harbor").recorder.signer("record-accessed", "SP")
    with pytest.raises(RecordError, match="API-DENIED"):
        kept.files("harbor").open(order, leaf, "investigation", "Sky", None, harbor)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ABOUT", f"files of entry {other}: {{}}")
        with pytest.raises(RecordError, match="API-REQUEST"):
            files.open(order, leaf, "investigation", "Dina Ilves", None, signer)


def test_a_server_that_keeps_no_files_has_none_of_these_addresses(office: Office, order: str) -> None:
    assert office.ask("ilves", f"/v1/orders/{order}/files").code == "API-MISSING"
    assert office.ask("ilves", f"/v1/orders/{order}/files/{'0' * 32}/content").code == "API-MISSING"
    assert not (office.ledger / "files.db").exists()
