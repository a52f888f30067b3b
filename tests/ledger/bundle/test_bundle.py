"""A bundle holds what its audience may read, is the same bytes each time, and a court verifies it without us."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle.archive import pack, unpack
from ledger.bundle.audience import Withheld, readable, select, visible
from ledger.bundle.cover_page import pages
from ledger.bundle.layout import sums
from ledger.bundle.manifest import check_listing, open_manifest
from ledger.entries.case import Entry
from ledger.entries.envelope import open_
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.formats.ed25519 import public_key
from ledger.messages import LANGUAGES
from ledger.tlog.note import log_vkey
from ledger.verify.report import Verdict
from tests.support.memory_ledger import (
    BEGINS,
    ISSUED,
    LINKED,
    ORDER,
    SEALED,
    Hand,
    Ledger,
    changed,
    checked,
    played,
    resealed,
    small,
)
from tests.support.story_files import STORY_NAMES, story
from tests.support.time_stamp_authority import Authority

HERE = f"logs/{sha256(b'ledger.test/xo/karsk').hexdigest()}"


def test_a_bundle_comes_back_as_it_was_packed() -> None:
    ledger, ilves = small()
    contents = replace(ledger.contents(), documents={sha256(b"x").hexdigest(): b"x"}, views={"timeline.csv": b"a,b\n"})
    files = unpack(pack(contents, ilves.signer("ISS")))
    for index, raw, proof in contents.entries:
        assert files[f"{HERE}/entries/{index}.dsse.json"] == raw
        assert files[f"{HERE}/entries/{index}.tlog-proof"] == proof
    for index, texts in contents.disclosures.items():
        assert files[f"{HERE}/disclosures/{index}.txt"].decode().splitlines() == list(texts)
    assert files[f"{HERE}/checkpoint"] == contents.checkpoint
    assert files["policy"] == contents.policy
    assert files[f"documents/{sha256(b'x').hexdigest()}"] == b"x"
    assert files["views/timeline.csv"] == b"a,b\n"


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = small(), small()
    assert first[0].bundle(first[1]) == second[0].bundle(second[1])
    contents = first[0].contents()
    backwards = replace(
        contents, entries=contents.entries[::-1], disclosures=dict(reversed(list(contents.disclosures.items())))
    )
    assert pack(contents, first[1].signer("ISS")) == pack(backwards, first[1].signer("ISS"))


def test_the_archive_begins_with_what_it_is_and_what_people_read() -> None:
    ledger, ilves = small()
    paths = list(unpack(ledger.bundle(ilves)))
    assert paths[:5] == ["mimetype", "READ-ME-FIRST.html", "SHA256SUMS", "manifest.dsse.json", "policy"]
    assert paths[5:] == sorted(paths[5:])
    assert all(path.startswith(f"{HERE}/") for path in paths[5:])


def test_the_first_bytes_tell_programs_what_the_file_is() -> None:
    """As in EPUB and ASiC: `file` finds the media type at a fixed offset."""
    ledger, ilves = small()
    assert ledger.bundle(ilves)[30:].startswith(b"mimetypeapplication/vnd.comity.evidence-bundle.v2+zip")


def test_the_manifest_lists_every_file_but_itself_and_the_sums() -> None:
    ledger, ilves = small()
    files = unpack(ledger.bundle(ilves))
    manifest = open_manifest(files["manifest.dsse.json"])
    assert {each.path for each in manifest.files} == files.keys() - {"manifest.dsse.json", "SHA256SUMS"}
    check_listing(manifest, files)
    assert files["SHA256SUMS"] == sums(files)
    assert manifest.heads[ORDER].seq == 2
    assert manifest.heads[ORDER].leaf == ledger.leaf(4)
    assert manifest.heads[ledger.registry].seq == 3
    assert manifest.signer.actor == "ilves"


def test_coreutils_check_the_sums(tmp_path: Path) -> None:
    if not shutil.which("sha256sum"):
        pytest.skip("needs sha256sum")
    ledger, ilves = small()
    with zipfile.ZipFile(BytesIO(ledger.bundle(ilves))) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.count(": OK\n") == len(unpack(ledger.bundle(ilves))) - 1


def test_an_order_that_would_not_travel_whole_is_not_packed() -> None:
    ledger, ilves = small()
    contents = ledger.contents()
    for lost in range(len(contents.entries) - 1):
        if lost == 2:
            continue  # the last entry of the registry: an omission at the end of a chain is the maker's to state
        short = replace(contents, entries=[e for n, e in enumerate(contents.entries) if n != lost])
        with pytest.raises(RecordError, match="CTX-CHAIN"):
            pack(short, ilves.signer("ISS"))
    with pytest.raises(RecordError, match="none of its entries"):
        pack(replace(contents, about=replace(contents.about, order=LINKED)), ilves.signer("ISS"))


# -- readers of sealed values ------------------------------------------------------------------------------------------


def entry(ledger: Ledger, index: int) -> Entry:
    return dict(ledger.seen_by([ORDER]))[index]


def test_a_sealed_value_is_for_the_roles_of_its_audience() -> None:
    ledger, _ = small()
    issued = entry(ledger, 4)
    assert {"identifiers", "case_ref"} <= readable(issued, "SP")
    assert "summary_of_facts" not in readable(issued, "SP")
    assert {"identifiers", "summary_of_facts"} <= readable(issued, "NOT")
    assert readable(issued, "CUST") == set(issued.public) - {"_sd"}


def test_whoever_signed_may_read_what_was_sealed() -> None:
    ledger = Ledger()
    skylark = ledger.enrol("skylark", "XV", "SP")
    at = ledger.record(
        skylark, "additional-information-requested", {"asked_of": "ilves"}, {"question": "Which year?"}, order=ORDER
    )
    assert "question" in readable(entry(ledger, at), "SP")
    assert "question" not in readable(entry(ledger, at), "REG")


def test_the_audience_an_entry_names_takes_the_place_of_the_vocabularys() -> None:
    ledger, ilves = small()
    at = ledger.record(ilves, "order-issued", ISSUED_AGAIN, SEALED, order=ORDER, audience={"identifiers": ["NOT"]})
    issued = entry(ledger, at)
    assert "identifiers" in readable(issued, "NOT")
    assert "identifiers" not in readable(issued, "SP")
    assert "identifiers" in readable(issued, "ISS"), "the signer's own role"
    assert "summary_of_facts" in readable(issued, "CT"), "a field it does not name keeps its readers"


ISSUED_AGAIN = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}


def test_a_kind_with_shown_to_is_not_even_seen_by_others() -> None:
    hidden = [kind for kind, fact in KINDS.items() if fact.shown_to]
    assert hidden
    for kind in hidden:
        assert visible(kind, "CT")
        assert not visible(kind, "SP")
        unseen = replace(entry(small()[0], 4), kind=kind)
        assert readable(unseen, "SP") == frozenset()
    assert visible("a-kind-of-next-year", "SP")


def test_of_a_kind_nobody_knows_yet_only_its_own_audience_and_signer_read_sealed_values() -> None:
    unknown = replace(entry(small()[0], 4), kind="a-kind-of-next-year", audience={"identifiers": ("SP",)})
    assert readable(unknown, "SP") - set(unknown.public) == {"identifiers"}
    assert "summary_of_facts" in readable(unknown, "ISS")


def views() -> Iterator[tuple[str, int]]:
    for name in STORY_NAMES:
        yield from ((name, n) for n in range(len(story(name).expect_view)))


@pytest.mark.parametrize(("name", "number"), list(views()))
def test_every_view_of_every_story_shows_and_hides_what_the_story_says(name: str, number: int) -> None:
    expected = story(name).expect_view[number]
    ledger, orders, _ = played(name)
    told = [fact for fact in story(name).facts if fact.order == expected.order]
    entries = [e for _, e in ledger.seen_by([orders[expected.order]])]
    assert len(entries) == len(told)
    labelled = list(zip((fact.label for fact in told), entries, strict=True))
    for names, shown in ((expected.hidden_fields, False), (expected.shown_fields, True)):
        for wanted in names:
            label, _, field = wanted.rpartition(".")
            found = [e for at, e in labelled if (not label or at == label) and (field in e.sealed or field in e.public)]
            assert found, f"{wanted} stands nowhere"
            assert all((field in readable(e, expected.audience)) is shown for e in found), wanted
    for label in expected.hidden_events:
        assert not any(visible(e.kind, expected.audience) for at, e in labelled if at == label)


def test_a_bundle_opens_what_its_audience_may_read_and_says_what_it_withholds() -> None:
    ledger, ilves = small()
    for audience in ("CT", "NOT", "DEF", "CUST", "SP"):
        files = unpack(ledger.bundle(ilves, audience))
        manifest = open_manifest(files["manifest.dsse.json"])
        texts = files.get(f"{HERE}/disclosures/4.txt", b"").decode().splitlines()
        opened = {d.name for d in ledger.held[4] if d.text in texts}
        assert opened == {d.name for d in ledger.held[4]} & readable(entry(ledger, 4), audience)
        assert len(texts) == len(opened)
        closed = {name for name in entry(ledger, 4).sealed if name not in opened}
        assert manifest.withheld_count == len(closed)
        if audience in ("SP", "REG", "CUST"):
            assert manifest.withheld == []
        else:
            assert {(w.index, w.field, w.why) for w in manifest.withheld} == {(4, name, "audience") for name in closed}


def test_a_value_nobody_can_open_is_withheld_for_another_reason_than_a_closed_one() -> None:
    ledger, _ = small()
    issued = entry(ledger, 4)
    held = {4: [d for d in ledger.held[4] if d.name != "identifiers"]}
    _, withheld = select([issued], held, "CT")
    assert withheld == (Withheld(4, "identifiers", "not-held"),)


# -- the page of a bundle ----------------------------------------------------------------------------------------------


def page(ledger: Ledger, by: Hand, **about: object) -> str:
    contents = ledger.contents()
    contents = replace(contents, about=replace(contents.about, **about))
    return unpack(pack(contents, by.signer("ISS")))["READ-ME-FIRST.html"].decode()


class Outline(HTMLParser):
    """The tags of a page, in order, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_runs_nothing_and_asks_nobody() -> None:
    ledger, ilves = small()
    text = page(ledger, ilves)
    tags = Outline(text).tags
    assert not {tag for tag, _ in tags} & {"script", "img", "link", "iframe", "a", "form", "object"}
    assert not [
        name for _, attributes in tags for name in attributes if name.startswith("on") or name in ("src", "style")
    ]
    assert "http:" not in text
    assert "https:" not in text
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = next(a["content"] for tag, a in tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_page_says_what_its_maker_claims() -> None:
    ledger, ilves = small()
    text = unescape(page(ledger, ilves))
    for claim in (
        "KA-2027-0311",
        ORDER,
        "Second Additional Protocol, art. 7",
        "2 of the order, 3 of the register",
        "court (CT)",
        "ilves of XO, as issuing authority",
        "2027-05-31T00:00:00Z",
        "ledger.test/xo/karsk",
        "5 entries",
        ledger.checkpoint().decode().split("\n")[2],
        "none: nobody outside confirms",
        "ECHR:6",
        "Nothing that was sealed is kept closed",
    ):
        assert claim in text


def test_the_page_never_gives_a_verdict() -> None:
    ledger, ilves = small()
    text = page(ledger, ilves).lower()
    for word in ("passed", "valid", "verified", "admissible", "authentic", "genuine", "trustworthy"):
        assert not re.search(rf"\b{word}\b", text), word
    assert "proves nothing" in text


def test_the_page_of_a_test_ledger_says_test_before_anything_else() -> None:
    ledger, ilves = small()
    text = page(ledger, ilves, test=True)
    assert "<title>TEST " in text
    assert text.index("TEST. This comes from a test ledger") < text.index("<h1>")
    assert "TEST" not in page(ledger, ilves)


def test_the_page_shows_hostile_words_as_words() -> None:
    ledger, ilves = small()
    text = page(ledger, ilves, purpose="<script>alert(1)</script>", tool='"><b>')
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert '"><b>' not in text


def test_the_page_can_be_read_aloud() -> None:
    ledger, ilves = small()
    tags = Outline(page(ledger, ilves)).tags
    assert ("html", {"lang": "en"}) in tags
    assert [tag for tag, _ in tags if tag in ("h1", "h2")] == ["h1"] + ["h2"] * 7
    assert all(a == {"scope": "row"} for tag, a in tags if tag == "th")
    assert [tag for tag, _ in tags].count("main") == 1


def test_the_page_is_headed_with_the_reference_of_its_own_order() -> None:
    ledger, ilves = small()
    for order, name in ((ORDER, "KA-1"), (LINKED, "KA-2")):
        ledger.record(ilves, "order-issued", {**ISSUED, "reference": name}, SEALED, order=order, loose=True)
    both = ledger.contents("CT", LINKED)
    assert {open_(raw).payload.order for _, raw, _ in both.entries} >= {ORDER, LINKED}
    headed = re.findall("<h1>(.*?)</h1>", unpack(pack(both, ilves.signer("ISS")))["READ-ME-FIRST.html"].decode())
    assert headed == ["Evidence bundle KA-1"]


def test_the_page_counts_what_is_kept_closed_and_names_it_only_to_those_who_may_know() -> None:
    ledger, ilves = small()
    files = unpack(ledger.bundle(ilves, "DEF"))
    assert "sealed values are not opened" in files["READ-ME-FIRST.html"].decode()
    assert "The signed list in the manifest names them" in files["READ-ME-FIRST.html"].decode()
    assert "Which ones is not said here" in unpack(ledger.bundle(ilves, "SP"))["READ-ME-FIRST.html"].decode()


def test_the_witnesses_on_the_checkpoint_are_named() -> None:
    ledger, ilves = small(witnesses=2)
    note = ledger.checkpoint(None, BEGINS, BEGINS)
    text = unpack(pack(ledger.contents(note=note), ilves.signer("ISS")))["READ-ME-FIRST.html"].decode()
    assert "witness.test/1, witness.test/2" in text


def test_the_page_checks_time_stamps_with_openssl_alone(tmp_path: Path) -> None:
    if not shutil.which("openssl") or not shutil.which("bash") or not shutil.which("date"):
        pytest.skip("needs bash, coreutils and openssl")
    ledger, ilves = small()
    authority = Authority(tmp_path / "tsa")
    with zipfile.ZipFile(
        BytesIO(ledger.bundle(ilves, tokens={"checkpoint.1.tsr": authority.stamp(ledger.checkpoint())}))
    ) as archive:
        archive.extractall(tmp_path)
    text = (tmp_path / "READ-ME-FIRST.html").read_text()
    (block,) = (unescape(b) for b in re.findall(r"<pre>(.*?)</pre>", text, re.S) if "openssl ts" in b)
    block = block.replace("ROOT-FROM-THE-COURT-FILE", "tsa/ca.pem")

    def said() -> str:
        done = subprocess.run(["bash", "-ec", block], cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    assert "Verification: OK" in said()
    head = next(tmp_path.glob("logs/*/checkpoint"))
    head.write_bytes(head.read_bytes() + b"x")
    assert "Verification: OK" not in said()


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    """As a technician would: copy the command, insert the keys from the court file, run it."""
    if not shutil.which("openssl") or not shutil.which("sha256sum") or not shutil.which("bash"):
        pytest.skip("needs bash, coreutils and openssl")
    ledger, ilves = small()
    (tmp_path / "bundle").write_bytes(ledger.bundle(ilves))
    text = page(ledger, ilves)
    blocks = [unescape(block) for block in re.findall(r"<pre>(.*?)</pre>", text, re.S)]
    key = {
        "LOG-KEY-FROM-THE-COURT-FILE": log_vkey(ledger.origin, public_key(ledger.log.seed)),
        "KEY-FROM-THE-COURT-FILE": ilves.key,
    }

    def run(block: str, **other: str) -> str:
        for name, value in {**key, **other}.items():
            block = block.replace(name, value)
        block = block.replace("python3", sys.executable)
        done = subprocess.run(["bash", "-ec", block], cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr + f"exit {done.returncode}"

    with zipfile.ZipFile(tmp_path / "bundle") as archive:
        archive.extractall(tmp_path)
    ours, listing, head, head_signature, entry_signature, in_the_log, leaf = blocks
    assert run(listing.split("\n")[1]).endswith("exit 0")
    assert run(head) == ledger.checkpoint().decode() + "exit 0"
    assert "Signature Verified Successfully" in run(head_signature)
    said = run(entry_signature)
    assert "Signature Verified Successfully" in said
    assert '"kind": "order-issued"' in said
    other = {"KEY-FROM-THE-COURT-FILE": ledger.keeper.key}
    assert "Signature Verified Successfully" not in run(entry_signature, **other)
    assert run(in_the_log) == "leads to the root\nexit 0"
    assert run(leaf).startswith(ledger.leaf(4))
    assert ours == "comity verify BUNDLE --trust FOLDER --anchor CHECKPOINT"
    file = next(tmp_path.glob("logs/*/entries/4.dsse.json"))
    file.write_bytes(file.read_bytes().replace(b"A", b"B", 1))
    assert run(in_the_log) == "DOES NOT lead to the root\nexit 0"
    assert run(listing.split("\n")[1]).endswith("exit 1")


def test_a_page_for_people_that_says_something_else_is_remarked() -> None:
    ledger, ilves = small()
    data = ledger.bundle(ilves)
    assert "CMP-README" not in {p.code for p in checked(data, ledger).procedure}
    lie = changed(data, lambda f: f.update({"READ-ME-FIRST.html": b"<p>TOTAL-PASSED</p>"}), ilves.signer("ISS"))
    report = checked(lie, ledger)
    assert report.verdict is Verdict.PASSED
    assert [p.code for p in report.procedure if p.code == "CMP-README"] == ["CMP-README"]


def test_the_page_for_people_begins_with_the_verifier_page_and_ends_with_the_shell() -> None:
    ledger, ilves = small()
    page = unpack(ledger.bundle(ilves))["READ-ME-FIRST.html"].decode()
    places = [page.index(words) for words in ("OPEN-ME-FIRST.html", "What its maker claims", "Annex", "openssl")]
    assert places == sorted(places)


def test_a_page_of_an_earlier_version_is_not_remarked_and_a_mixture_of_two_is() -> None:
    ledger, ilves = small()
    bundle = ledger.bundle(ilves)
    files = unpack(bundle)
    opened = {n: open_(raw) for n, raw, _ in ledger.contents().entries}
    said = open_manifest(files["manifest.dsse.json"])
    new, *earlier = pages(said, files[f"{HERE}/checkpoint"], list(opened.values()), list(opened))
    assert new == files["READ-ME-FIRST.html"]
    mixture = earlier[1].replace(b"<h2>", b"<h2>OK ", 1)
    for page, remarked in (*((each, False) for each in earlier), (mixture, True)):
        lie = changed(bundle, partial(_put, page), ilves.signer("ISS"))
        assert ("CMP-README" in {p.code for p in checked(lie, ledger).procedure}) is remarked


@pytest.mark.parametrize("value", [["x"], {"a": 1}, 7, True])
def test_an_order_in_a_schema_of_next_year_stops_no_reader_and_no_field_of_it_is_read(value: Any) -> None:
    def later(said: dict[str, Any]) -> None:
        named = (
            "issuing_authority",
            "from_party",
            "to_party",
            "providers",
            "elements_sought",
            "domestic_legal_grounds",
        )
        said.update(schema=99, public={**said["public"], **dict.fromkeys(named, value)})

    def begun() -> tuple[Ledger, Hand]:
        ledger = Ledger()
        return ledger, ledger.enrol("ilves", "XO", "ISS")

    ledger, ilves = begun()
    ledger.record(ilves, "order-issued", ISSUED, order=ORDER)
    raw = resealed(ledger.entries[-1], later, ilves)
    ledger, ilves = begun()
    ledger.append(raw)
    bundle = ledger.bundle(ilves)
    assert b"What its entries say of the order" not in unpack(bundle)["READ-ME-FIRST.html"]
    report = checked(bundle, ledger)
    assert "G-UNKNOWN-KIND" in {r.code for r in report.procedure}
    assert report.verdict is Verdict.PASSED


def test_the_page_for_people_leads_to_the_verifier_page_in_each_of_its_languages() -> None:
    ledger, ilves = small()
    page = unpack(ledger.bundle(ilves))["READ-ME-FIRST.html"].decode()
    assert set(re.findall(r'<p lang="([a-z]+)">', page)) == {*LANGUAGES} - {"en"}


def _put(page: bytes, files: dict[str, bytes]) -> None:
    files["READ-ME-FIRST.html"] = page


def test_views_are_said_not_to_have_been_compared() -> None:
    says = "That the files in views/ say what the record says: they were not compared."
    ledger, ilves = small()
    assert says not in checked(ledger.bundle(ilves), ledger).not_proven
    assert says in checked(ledger.bundle(ilves, views={"timeline.csv": b"all is well\r\n"}), ledger).not_proven


def test_the_page_for_people_names_what_nobody_sees() -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-issued", {**ISSUED, "reference": "KA\u200b-2027"}, SEALED, order=ORDER, loose=True)
    page = unpack(ledger.bundle(ilves))["READ-ME-FIRST.html"].decode()
    assert "<h1>Evidence bundle KA&lt;U+200B&gt;-2027</h1>" in page
    assert "\u200b" not in page


def test_a_bundle_is_not_made_with_a_purpose_that_a_later_unicode_may_read_otherwise() -> None:
    ledger, ilves = small()
    contents = ledger.contents()
    for about in ({"purpose": "a\U0001e08f"}, {"legal_basis": ("\ufdd0",)}):
        with pytest.raises(RecordError, match="JSON-CHAR"):
            pack(replace(contents, about=replace(contents.about, **about)), ilves.signer("ISS"))
