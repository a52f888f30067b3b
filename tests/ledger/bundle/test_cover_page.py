"""The page for people counts what is kept closed, and belongs to an order of which entries are there."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle.cover_page import _head, _withheld, pages, read_me_first
from ledger.bundle.manifest import Closed, Manifest
from ledger.entries.payload import SignedBy
from ledger.entries.placement import registry_of
from ledger.errors import RecordError


def manifest(count: int, *why: str) -> Any:
    return SimpleNamespace(withheld_count=count, withheld=[SimpleNamespace(why=each) for each in why], order="o")


def test_what_is_kept_closed_is_counted_in_whole_sentences() -> None:
    assert _withheld(manifest(0)) == "Nothing that was sealed is kept closed in this bundle."
    one = _withheld(manifest(1, "audience"))
    assert one.startswith("One sealed value is not opened in this bundle. In place")
    assert one.endswith("The signed list in the manifest names them.")
    assert _withheld(manifest(2)).startswith("2 sealed values are not opened in this bundle. In place")
    assert _withheld(manifest(2)).endswith("Which ones is not said here.")
    assert "Of these, 1 was erased for good." in _withheld(manifest(2, "erased", "audience"))
    assert "Of these, 2 were erased for good." in _withheld(manifest(3, "erased", "audience", "erased"))


def test_without_an_entry_of_its_order_there_is_no_page() -> None:
    with pytest.raises(RecordError, match="CTX-CHAIN") as refused:
        read_me_first(manifest(0), b"", [], [])
    assert refused.value.where == "o"


LOG, OWN, OTHER = "ledger.test/x", "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"
CHECKPOINT = f"{LOG}\n9\nroot=\n\n\N{EM DASH} {LOG} AAAA\n\N{EM DASH} w1 BBBB\n\N{EM DASH} w2 CCCC\n".encode()
MADE = Manifest(
    log=LOG,
    order=OWN,
    audience="CT",
    purpose="trial <1>",
    legal_basis=["ECHR:6", "X"],
    made_at="2027-05-01T00:00:00Z",
    tool="comity 0",
    rules="ab" * 32,
    test=False,
    heads={},
    withheld=[],
    withheld_count=0,
    files=[],
    signer=SignedBy("cd" * 32, "ilves", "ISS", "XO"),
)


def entry(order: str = OWN, kind: str = "order-issued", *, key: str = "aa", **public: Any) -> Any:
    signer = SimpleNamespace(key=key)
    return SimpleNamespace(
        payload=SimpleNamespace(order=order, kind=kind, schema=1, instrument="2AP-7", public=public, signer=signer)
    )


def page(*opened: Any, checkpoint: bytes = CHECKPOINT, manifest: Manifest = MADE, **more: Any) -> str:
    opened = opened or (entry(reference="KA-1"),)
    return read_me_first(manifest, checkpoint, opened, range(10, 10 + len(opened)), **more).decode()


def title(*opened: Any) -> str:
    (found,) = re.findall("<h1>Evidence bundle (.*?)</h1>", page(*opened))
    return str(found)


def test_the_page_is_headed_with_the_newest_reference_of_its_order() -> None:
    assert title(entry(reference="KA-1", case_ref="C-1")) == "KA-1"
    assert title(entry(case_ref="C-1")) == "C-1"
    assert title(entry(reference="KA-1"), entry(reference="KA-2"), entry()) == "KA-2"
    assert title(entry(reference="KA-1"), entry(OTHER, reference="KA-2")) == "KA-1"
    assert title(entry(reference="KA-1"), entry(kind="order-transmitted", reference="KA-2")) == "KA-1"
    assert title(entry(reference=["KA-1"], case_ref="C-1")) == "C-1"
    assert title(entry(reference=5)) == OWN[:8]


def rows(*opened: Any, **more: Any) -> dict[str, str]:
    """Return the table of claims, by the name of each row."""
    text = page(*opened, **more).partition("What its maker claims")[2]
    return {name: unescape(value) for name, value in re.findall('<th scope="row">(.*?)</th><td>(.*?)</td>', text)}


def said(*opened: Any, **more: Any) -> dict[str, str]:
    """Return the table of the order, by the name of each row."""
    text = page(*opened, **more).partition("What its entries say of the order")[2].partition("</table>")[0]
    return {name: unescape(value) for name, value in re.findall('<th scope="row">(.*?)</th><td>(.*?)</td>', text)}


def test_the_page_says_who_asked_whom_for_what_on_which_basis_and_what_came() -> None:
    order = entry(
        issuing_authority="ilves",
        from_party="XO",
        providers=["skylark"],
        to_party="XV",
        elements_sought=["name", "login-ip#1"],
        domestic_legal_grounds=["Code of Criminal Procedure, s. 88"],
    )
    register = entry(registry_of(LOG), "authority-registered", actor="ilves", names={"en": "Court <of> Karsk"})
    rows = said(register, order, entry(kind="data-disclosed"))
    assert rows["Asked by"] == "Court <of> Karsk of XO"
    assert rows["Asked of"] == "skylark in XV"
    assert rows["Asked for"] == "the name of the user, IP addresses at login"
    assert rows["Under"].endswith("(2AP-7)")
    assert rows["Legal basis that the order states"] == "Code of Criminal Procedure, s. 88"
    assert rows["What came"] == "data were handed over, entry 12 of the log"
    assert said(order)["What came"] == "nothing that is in this bundle"
    assert said(entry(kind="order-transmitted")) == {}  # the order is of another ledger


def test_the_page_lists_what_is_kept_closed_with_the_reason() -> None:
    closed = [Closed(10, "summary_of_facts", "audience"), Closed(99, "reasons", "erased")]
    text = page(manifest=replace(MADE, withheld=closed, withheld_count=2)).partition("What is kept closed")[2]
    assert "entry 10 of the log, order-issued</th><td>summary of facts: this reader may not have it" in text
    assert "entry 99 of the log, not here</th><td>reasons: it was erased" in text


def test_pages_of_earlier_versions_are_known() -> None:
    written = pages(MADE, CHECKPOINT, [entry()], [10])
    assert len(set(written)) == 4
    assert [b"What its entries say of the order" in each for each in written] == [True, False, False, False]


def test_the_claims_of_the_maker_are_a_table() -> None:
    claims = rows(entry(), entry(), entry(registry_of(LOG)))
    assert claims["Order"] == f"<code>{OWN}</code>"
    assert claims["Instrument"].startswith("2AP-7: Second Additional Protocol")
    assert claims["Entries"] == "2 of the order, 1 of the register of offices and keys"
    assert claims["Made for"].endswith("(CT)")
    assert claims["Purpose"] == "trial <1>"
    assert claims["Legal basis of handing it over"] == "ECHR:6, X"
    assert claims["Made by"] == "ilves of XO, as issuing authority"
    assert claims["Made at"] == "2027-05-01T00:00:00Z (UTC, by the clock of its maker)"
    assert (claims["Log"], claims["Size of the log"], claims["Root of the log"]) == (
        f"<code>{LOG}</code>",
        "9 entries",
        "<code>root=</code>",
    )
    assert (claims["Seen by witnesses"], claims["Made with"]) == ("w1, w2", "comity 0")


def test_what_is_unknown_or_not_stated_is_said_to_be() -> None:
    manifest = replace(MADE, audience="ZZ", purpose="", legal_basis=[], signer=replace(MADE.signer, role="YY"))
    strange = entry()
    strange.payload.instrument = None
    claims = rows(strange, entry(OTHER), checkpoint=CHECKPOINT.partition(b" w1 ")[0], manifest=manifest)
    assert claims["Instrument"] == ": not known to this program"
    assert claims["Entries"] == (
        "1 of the order, 0 of the register of offices and keys, 1 of companion or linked orders"
    )
    assert (claims["Made for"], claims["Purpose"], claims["Legal basis of handing it over"]) == (
        "ZZ (ZZ)",
        "not stated",
        "not stated",
    )
    assert claims["Made by"] == "ilves of XO, as YY"
    assert claims["Seen by witnesses"].startswith("none: nobody outside confirms")


def test_a_checkpoint_of_another_form_is_shown_as_far_as_it_goes() -> None:
    assert _head(b"") == ("", "", "", [])
    assert _head(b"a\n5") == ("a", "5", "", [])
    assert _head(b"a\n5\nr\nmore\n\n- one two\n- one two three\n-") == ("a", "5", "r", ["one"])
    assert _head(b"\xff\n5\nr")[0] == "\N{REPLACEMENT CHARACTER}"


def test_the_steps_are_shown_on_the_last_entry_of_the_order() -> None:
    text = page(entry(key="k1"), entry(key="k2"), entry(OTHER, key="k3"))
    assert "/entries/11.dsse.json" in text
    assert "/entries/10.dsse.json" not in text
    assert "/entries/12.dsse.json" not in text
    assert "<code>k2</code>" in text


OF_ORDER = "What its entries say of the order"
HEADINGS = [OF_ORDER, "Start with the verifier page", "What its maker claims", "What is kept closed"]
HEADINGS += ["How to check it with Comity", "What is in it", "Annex: how to check it with a shell"]
EARLIER = ["What its maker claims", "What is kept closed", "How to check it without us"]
EARLIER += ["How to check it with Comity", "What is in it"]


def test_the_page_has_its_parts_in_one_order_and_earlier_versions_had_another() -> None:
    opened = [entry()]
    new, second, before, first = (each.decode() for each in pages(MADE, CHECKPOINT, opened, [10], stamped=True))
    assert new == page(*opened, stamped=True)
    assert re.findall("<h2>(.*?)</h2>", new) == HEADINGS
    assert [OF_ORDER, *re.findall("<h2>(.*?)</h2>", second)] == HEADINGS
    assert re.findall("<h2>(.*?)</h2>", before) == re.findall("<h2>(.*?)</h2>", first) == EARLIER
    assert "base-uri 'none'; form-action 'none'" in before
    assert first == before.replace("; base-uri 'none'; form-action 'none'", "", 1)
    for each in (new, before, first):
        assert "Time-stamp authorities" in each
    assert "Time-stamp authorities" not in page(*opened)


def test_the_page_of_a_test_ledger_says_so_first_and_in_its_title() -> None:
    for test in (False, True):
        text = page(manifest=replace(MADE, test=test))
        assert ("<title>TEST Evidence bundle KA-1</title>" in text) is test
        assert text.partition("<main>\n")[2].startswith('<p class="test" role="note">TEST.') is test
        assert "<h1>Evidence bundle KA-1</h1>" in text


def test_registers_of_other_logs_are_in_bundles_from_layout_2_on() -> None:
    assert ["<code>others/</code>" in page(manifest=replace(MADE, v=version)) for version in (1, 2)] == [False, True]


def test_a_page_has_the_step_for_time_stamps_where_its_bundle_has_some() -> None:
    said = [entry(reference="KA-1")]
    plain, stamped = (pages(MADE, CHECKPOINT, said, [10], stamped=each) for each in (False, True))
    assert pages(MADE, CHECKPOINT, said, [10]) == plain
    assert page() == page(stamped=False) == plain[0].decode()
    for one, other in zip(plain, stamped, strict=True):
        assert one != other
        assert (b"openssl ts" in one, b"openssl ts" in other) == (False, True)
