"""Files that an entry states are taken piece by piece, compared with their digest, and handed out after an access."""

from __future__ import annotations

import json
from hashlib import sha256
from secrets import token_bytes

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from server.files.pieces import PIECE
from server.identity.callers import SESSION
from tests.server.desk.desk import person, words
from tests.server.files.office import Keeping

LARGE = bytes(range(256)) * (PIECE // 256) + b"and the rest"


@pytest.mark.parametrize("data", [b"", b"short", LARGE], ids=["empty", "short", "two pieces"])
def test_a_file_comes_back_as_it_was_sent(kept: Keeping, data: bytes) -> None:
    order = kept.order()
    leaf = kept.arrived(order, data, names=("Anhörung ü.zip",))
    assert kept.send("ilves", order, data).json["kept"] is True
    assert kept.fetch(order, leaf) == {"Anhörung ü.zip": data}


def test_asking_whether_a_file_is_here_begins_nothing(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(30)
    kept.arrived(order, data)
    body = {"sha256": sha256(data).hexdigest(), "size": len(data), "ask": True}

    def asked() -> tuple[str, bool]:
        answer = kept.office.ask("ilves", f"/v1/orders/{order}/files", json.dumps(body).encode()).json
        return answer["object"], answer["kept"]

    assert asked() == ("", False)
    assert kept.office.ask("ilves", f"/v1/orders/{order}/files").json["entries"] == []
    name = kept.send("ilves", order, data).json["object"]
    assert asked() == (name, True)


def test_a_person_sends_a_file_with_a_session_and_no_other_page_does(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(30)
    kept.arrived(order, data)
    name = kept.offer("ilves", order, data).json["object"]
    dina = person(kept.office, f"Dina {name}", "ilves", key=False)
    path = f"/v1/orders/{order}/files/{name}/pieces/0"
    own = {"cookie": f"{SESSION}={dina.token}", "content-type": "application/octet-stream"}
    own |= {"origin": kept.office.url, "sec-fetch-site": "same-origin"}
    for wrong in (
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert kept.office.send("PUT", path, data, {**own, **wrong}).code == "API-ORIGIN"
    assert kept.office.send("PUT", path, data, {**own, "content-type": "text/plain"}).code == "API-MEDIA"
    assert kept.office.send("PUT", path, data, {**own, "cookie": f"{SESSION}=x"}).code == "API-SESSION"
    assert kept.office.send("PUT", path, data).status == 401
    assert kept.office.send("PUT", path, data, own).json["kept"] is True


def test_the_page_of_an_order_shows_what_is_kept_to_those_who_may_know_it(kept: Keeping) -> None:
    order, data = kept.order(), token_bytes(30)
    kept.arrived(order, data, actor="harbor")
    kept.send("harbor", order, data)
    dina = person(kept.office, f"Dina {order}", "ilves", key=False)
    shown = words(dina.get(f"/orders/{order}/files?lang=en"))
    assert "Files that this server keeps" in shown
    assert "Kept: 1" in shown
    provider = person(kept.office, f"Sky {order}", "harbor", key=False)
    theirs = words(provider.get(f"/orders/{order}/files?lang=en"))
    assert "Kept: 1" in theirs
    assert "<summary>Open the files" not in theirs
    assert '<form class="open-files' not in theirs
    other = person(kept.office, f"Orn {order}", "orn", key=False)
    assert "Kept: 1" in words(other.get(f"/orders/{order}/files?lang=en"))
    for lang in ("de", "fr"):
        assert f'<html lang="{lang}">' in words(dina.get(f"/orders/{order}/files?lang={lang}"))
