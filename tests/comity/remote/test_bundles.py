"""A bundle of an office server opens what its maker has signed for, and is signed after it was verified."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from cli.session.ledger_reader import reading
from comity.remote.bundles import BundleWanted, RemoteBundle, RemoteBundles
from comity.remote.ledger import RemoteLedger
from ledger.adapters.keys.open_key import open_key
from ledger.bundle.archive import assemble, unpack
from ledger.bundle.layout import MANIFEST, SUMS
from ledger.bundle.manifest import Manifest, open_manifest
from ledger.entries.case import Entry
from ledger.entries.envelope import Signer
from ledger.entries.placement import access_of, registry_of
from ledger.errors import RecordError
from ledger.verify.report import Verdict
from server.documents import BundlePlanAnswer
from tests.cli.remote.test_recording import ISSUE, OFFICES, Desk, enrol
from tests.comity.remote.test_tampering import dishonest
from tests.server.office import Reply, serving
from tests.support.cli import House

pytestmark = pytest.mark.slow  # tests/cli/remote/test_recording.py has the rules that `make test` checks


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Serve a ledger that commits its heads, with an order that names a provider, and one that does not."""
    house = House(tmp_path_factory.mktemp("house")).begun()
    enrol(house)
    assert house.run("log", "commit", "--enrol").exit_code == 0
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as office:
            made = Desk(house, office)
            for actor in OFFICES:
                getattr(made, actor).trusting(house.ledger / "trust").reply("key", "accept", actor)
            made.ilves.reply(*ISSUE, "--reference", "PPO-9")
            made.ilves.reply("issue", "--instrument", "VOL", "--to", "XV", "--reference", "OTHER", "--role", "ISS")
            yield made


@pytest.fixture
def client(desk: Desk, tmp_path: Path) -> Iterator[RemoteLedger]:
    with connected(desk, "ilves", tmp_path) as ledger:
        yield ledger


def connected(desk: Desk, actor: str, state: Path) -> RemoteLedger:
    key = open_key(str(desk.house.folder / actor / "config" / "comity" / "keys" / actor))
    return desk.office.connect(key, state)


def accesses(desk: Desk) -> list[Entry]:
    """Return the entries on accesses, with their sealed values."""
    with reading(desk.house.ledger) as reader:
        order = access_of(reader.origin)
        return list(reader.cases.entries(order, reader.cases.opened(order)))


def made(ledger: RemoteLedger, audience: str = "CT", **other: Any) -> RemoteBundle:
    given: dict[str, Any] = {"purpose": "trial"} | other
    given["person"] = lambda: "Dina Ilves"
    wanted = BundleWanted(ledger.order("PPO-9").id, audience, **given)
    asking = RemoteBundles(ledger.connection, ledger.reader, ledger.recorder)
    return asking.make(wanted, ledger.recorder.signer("record-accessed", first(ledger)))


def first(ledger: RemoteLedger) -> str:
    return "ISS" if "ISS" in (roles := ledger.reader.caller().roles) else min(roles)


def ask(desk: Desk, ledger: RemoteLedger, body: dict[str, Any], order: str = "PPO-9") -> Reply:
    path = f"/v1/orders/{ledger.order(order).id}/bundle"
    return desk.office.ask(ledger.key, path, msgspec.json.encode(body))


# -- what is made ------------------------------------------------------------------------------------------------------


def test_a_bundle_of_a_server_passes_and_opens_what_its_audience_may_read(desk: Desk, client: RemoteLedger) -> None:
    data = client.export("PPO-9", "SP", purpose="trial", person="Dina Ilves", role="ISS")
    files = unpack(data)
    manifest = open_manifest(files[MANIFEST])
    assert (manifest.audience, manifest.signer.actor, manifest.signer.role) == ("SP", "ilves", "ISS")
    opened = [content for path, content in files.items() if "/disclosures/" in path]
    assert opened
    verified = desk.house.away("verify", _written(desk, data), "--trust", str(desk.house.ledger), "--json")
    assert json.loads(verified.stdout)["verdict"] == "TOTAL-PASSED"


def _written(desk: Desk, data: bytes) -> str:
    file = desk.house.folder / "made.evidence.zip"
    file.write_bytes(data)
    return str(file)


def test_each_opening_is_recorded_first_by_the_person_who_makes_the_bundle(desk: Desk, client: RemoteLedger) -> None:
    before = len(accesses(desk))
    assert made(client, because="a hearing").recorded
    (entry,) = accesses(desk)[before:]
    assert (entry.kind, entry.by, entry.role, entry.get("purpose_code")) == ("record-accessed", "ilves", "ISS", "trial")
    assert entry.sealed["person"] == "Dina Ilves"
    assert entry.sealed["justification"] == "to make a bundle for CT (court): a hearing"


def test_a_request_that_is_sent_again_gets_the_same_bytes_and_is_recorded_once(
    desk: Desk, client: RemoteLedger
) -> None:
    sent: list[bytes] = []
    post = client._connection.post

    def kept(path: str, answer: Any, body: bytes, once: str) -> Any:
        sent.append(body)
        return post(path, answer, body, once)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client._connection, "post", kept)
        made(client)
    size = client.size()
    replies = [ask(desk, client, json.loads(sent[0])) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].json["bundle"] == replies[1].json["bundle"]
    assert client.size() == size, "nothing was recorded again"


def test_an_office_that_is_named_gets_a_bundle_for_its_role_with_every_sealed_value_closed(
    desk: Desk, tmp_path: Path
) -> None:
    with connected(desk, "skylark", tmp_path) as provider:
        before = provider.size()
        bundle = made(provider, "SP")
        assert not bundle.recorded
        assert not [path for path in unpack(bundle.data) if "/disclosures/" in path]
        assert open_manifest(unpack(bundle.data)[MANIFEST]).withheld_count > 0
        assert provider.size() - before <= 1, "a commit of heads at most"


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("actor", "order", "audience", "code"), [
    ("skylark", "PPO-9", "CT", "API-DENIED"),
    ("skylark", "OTHER", "SP", "API-MISSING"),
    ("ncco", "PPO-9", "NOT", "API-MISSING"),
    ("ilves", "PPO-9", "JUDGE", "API-REQUEST"),
    ("ilves", "REGISTER", "CT", "API-MISSING"),
    ("ilves", "ACCESSES", "CT", "API-MISSING"),
])  # fmt: skip
def test_who_may_have_which_bundle(
    desk: Desk, client: RemoteLedger, tmp_path: Path, actor: str, order: str, audience: str, code: str
) -> None:
    reserved = {"REGISTER": registry_of(client.origin), "ACCESSES": access_of(client.origin)}
    name = reserved.get(order) or client.order(order).id
    with connected(desk, actor, tmp_path / actor) as asking:
        for body in (None, msgspec.json.encode(plain(asking, audience))):
            path = f"/v1/orders/{name}/bundle" + (f"?audience={audience}" if body is None else "")
            assert desk.office.ask(asking.key, path, body).code == code


def plain(ledger: RemoteLedger, audience: str = "CT", **other: Any) -> dict[str, Any]:
    now = datetime.now(UTC).replace(microsecond=0)
    asked = {"audience": audience, "purpose": "trial", "key": ledger.key.public.hex(), "role": first(ledger)}
    return {**asked, "made_at": now.isoformat(), **other}


def access(desk: Desk, ledger: RemoteLedger, **other: Any) -> dict[str, Any]:
    """Return an access entry of the client for the order PPO-9, with other values."""
    order = ledger.order("PPO-9").id
    plan = msgspec.json.decode(
        desk.office.ask(ledger.key, f"/v1/orders/{order}/bundle?audience=CT").body, type=BundlePlanAnswer
    )
    given: dict[str, Any] = {"purpose": "trial", "person": lambda: "Dina Ilves"} | other
    now = given.pop("now", datetime.now(UTC).replace(microsecond=0))
    opens = given.pop("opens", plan.opens)
    asking = RemoteBundles(ledger._connection, ledger.reader, ledger.recorder)
    signer = ledger.recorder.signer("record-accessed", given.pop("role", "ISS"))
    wanted = BundleWanted(order, "CT", **given)
    sealed = asking._access(msgspec.structs.replace(plan, opens=opens), wanted, signer, now)
    return {"entry": sealed.entry, "disclosures": sealed.disclosures}


def test_values_are_opened_for_an_access_entry_that_says_so_and_for_no_other(desk: Desk, client: RemoteLedger) -> None:
    size = client.size()
    other = client.order("OTHER").id
    for body in (
        plain(client),
        plain(client, access=access(desk, client, purpose="audit")),
        plain(client, access=access(desk, client, opens=[other])),
        plain(client, access=access(desk, client, role="RET")),
        plain(client, access=access(desk, client, now=datetime.now(UTC) - timedelta(hours=1))),
        plain(client, access=access(desk, client) | {"disclosures": []}),
    ):
        assert ask(desk, client, body).code == "API-REQUEST"
    assert client.size() == size, "nothing was recorded"
    assert ask(desk, client, plain(client, access=access(desk, client))).status == 200


def test_an_access_entry_of_another_bundle_is_not_recorded_where_nothing_is_opened(
    desk: Desk, client: RemoteLedger, tmp_path: Path
) -> None:
    with connected(desk, "skylark", tmp_path / "provider") as provider:
        body = plain(provider, "SP", access=access(desk, client))
        assert ask(desk, provider, body).code == "API-REQUEST"


def test_a_bundle_is_made_in_the_name_of_the_caller_alone(desk: Desk, client: RemoteLedger, tmp_path: Path) -> None:
    with connected(desk, "skylark", tmp_path / "provider") as provider:
        assert ask(desk, provider, plain(provider, "SP", key=client.key.public.hex())).code == "API-DENIED"
        assert ask(desk, provider, plain(provider, "SP", role="ISS")).code == "API-DENIED"
    moment = datetime.now(UTC) - timedelta(hours=1)
    assert ask(desk, client, plain(client, made_at=moment.isoformat())).code == "API-REQUEST"
    assert ask(desk, client, plain(client, purpose="fun")).code == "API-REQUEST"


# -- a false server ----------------------------------------------------------------------------------------------------


def changed(change: Callable[[dict[str, bytes], Manifest], Manifest | None]) -> Callable[[Any], None]:
    """Return what changes the files of the bundle of an answer, or its manifest."""

    def applied(document: Any) -> None:
        if "bundle" not in document:
            return
        files = unpack(b64decode(document["bundle"]))
        manifest = open_manifest(files[MANIFEST], verify=False)
        files = {path: content for path, content in files.items() if path not in (MANIFEST, SUMS)}
        manifest = change(files, manifest) or manifest
        signer = manifest.signer
        nobody = Signer(signer.actor, signer.role, signer.party, bytes.fromhex(signer.key), lambda _: bytes(64))
        document["bundle"] = b64encode(assemble(files, manifest, nobody)).decode()

    return applied


def _with(**other: Any) -> Callable[[Any], None]:
    return changed(lambda files, manifest: msgspec.structs.replace(manifest, **other))


def _without(*parts: str) -> Callable[[Any], None]:
    def drop(files: dict[str, bytes], manifest: Manifest) -> None:
        paths = [path for path in files if all(part in path for part in parts)]
        assert paths
        del files[sorted(paths)[-1]]

    return changed(drop)


def _altered(part: str) -> Callable[[Any], None]:
    def alter(files: dict[str, bytes], manifest: Manifest) -> None:
        path = next(path for path in sorted(files) if part in path)
        files[path] = files[path].replace(b"e", b"E", 1)

    return changed(alter)


def _no_utf8(files: dict[str, bytes], manifest: Manifest) -> None:
    path = next(path for path in sorted(files) if "/entries/" in path and path.endswith(".dsse.json"))
    files[path.replace("/entries/", "/disclosures/").replace(".dsse.json", ".txt")] = b"\xff"


LIES: dict[str, Callable[[Any], None]] = {
    "another audience": _with(audience="DEF"),
    "another purpose": _with(purpose="audit"),
    "another legal basis": _with(legal_basis=["2AP:7"]),
    "another moment": _with(made_at="2026-01-01T00:00:00Z"),
    "another log": _with(log="ledger.example/xo/another"),
    "an entry less": _without("/entries/", ".dsse.json"),
    "a proof less": _without("/entries/", ".tlog-proof"),
    "another checkpoint": _altered("/checkpoint"),
    "another entry": _altered("/entries/"),
    "values in no UTF-8": changed(_no_utf8),
    "no zip": lambda d: d.update(bundle="AAAA"),
    "no base64": lambda d: d.update(bundle="!"),
    "another head": lambda d: d["head"].update(size=d["head"]["size"] + 1),
}


@pytest.mark.parametrize("how", LIES)
def test_a_bundle_that_is_not_the_one_that_was_asked_for_is_not_signed(
    desk: Desk, client: RemoteLedger, how: str
) -> None:
    with (
        dishonest(client, "/bundle", lambda d: LIES[how](d) if "bundle" in d else None),
        pytest.raises(RecordError, match=r"API-FALSE|CP-"),
    ):
        made(client)


def test_a_bundle_that_opens_what_its_audience_may_not_read_is_refused(desk: Desk, client: RemoteLedger) -> None:
    """A server that has the values adds one for a reader who may not have it."""
    sp = made(client, "SP")
    opened = {path: content for path, content in unpack(sp.data).items() if "/disclosures/" in path}
    assert opened, "the provider may read the identifiers"

    def add(files: dict[str, bytes], manifest: Manifest) -> Manifest:
        files |= opened
        left = [each for each in manifest.withheld if f"/disclosures/{each.index}.txt" not in "".join(opened)]
        return msgspec.structs.replace(manifest, withheld=left, withheld_count=len(left))

    with dishonest(client, "/bundle", changed(add)), pytest.raises(RecordError, match="API-FALSE"):
        made(client, "SA")


@pytest.mark.parametrize("how", [
    lambda d: d.update(opens=["11111111-2222-4333-8444-555555555555"]),
    lambda d: d.update(audience="DEF"),
    lambda d: d["place"].update(order="11111111-2222-4333-8444-555555555555"),
    lambda d: d.update(place=None),
])  # fmt: skip
def test_nothing_is_signed_for_another_order_than_the_one_that_was_asked_for(
    desk: Desk, client: RemoteLedger, how: Callable[[Any], None]
) -> None:
    with (
        dishonest(client, "/bundle", lambda d: how(d) if "opens" in d else None),
        pytest.raises(RecordError, match="API-FALSE"),
    ):
        made(client)


def test_a_bundle_that_ends_before_an_entry_that_was_verified_is_refused(desk: Desk, client: RemoteLedger) -> None:
    old = made(client)
    assert old.report.verdict is Verdict.PASSED
    moved = ("record", "order-transmitted", "PPO-9", "-f", "addressee=skylark", "-f", "channel=mail", "--role", "ISS")
    desk.ilves.reply(*moved)

    def older(files: dict[str, bytes], manifest: Manifest) -> Manifest:
        before = unpack(old.data)
        files.clear()
        files |= {path: data for path, data in before.items() if path not in (MANIFEST, SUMS)}
        return msgspec.structs.replace(open_manifest(before[MANIFEST]), made_at=manifest.made_at)

    with dishonest(client, "/bundle", changed(older)), pytest.raises(RecordError, match="API-FALSE"):
        made(client)
