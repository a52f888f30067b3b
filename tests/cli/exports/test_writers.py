"""Exports: each follows its standard, opens no sealed value, and is the same on every run."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import zipfile
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.terminal.output import csv_cell
from ledger.formats.characters import visible
from projections.exchange.csv_file import FORMULA, guarded, unguarded
from projections.exchange.csv_file import csv_table as written
from projections.exchange.icalendar_file import _warnings
from tests.support.cli import ledger_of, reply, run
from tests.support.samples import examples
from tests.support.time_stamp_authority import Authority


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("exports"))


def exported(ledger: Path, form: str, *args: str, order: str | None = "main", to: str = "out") -> Path:
    file = ledger.parent / f"{to}.{form}"
    file.unlink(missing_ok=True)
    done = run("export", *([order] if order else []), "--format", form, "-o", str(file), *args, ledger=ledger)
    assert done.exit_code == 0, done.output
    return file


def sealed_values(ledger: Path) -> list[str]:
    """Return every sealed text of the order that appears in no public field, as its own office reads it."""
    from cli.session.ledger_reader import reading

    with reading(ledger) as reader:
        case = reader.case("main")
    texts: list[str] = []

    def walk(value: Any) -> None:
        match value:
            case str() if len(value) > 8:
                texts.append(value)
            case dict():
                for inner in value.values():
                    walk(inner)
            case list() | tuple():
                for inner in value:
                    walk(inner)

    for entry in case.entries:
        walk(dict(entry.sealed))
    public = repr([dict(entry.public) for entry in case.entries])
    return [text for text in texts if text not in public]


@pytest.mark.parametrize("form", ["case", "timeline-csv", "custody-csv", "ics"])
def test_nothing_sealed_is_opened_and_the_same_moment_gives_the_same_bytes(form: str, ledger: Path) -> None:
    secrets = sealed_values(ledger)
    assert len(secrets) > 10
    at = ("--as-of", "2027-09-02T00:00:00Z")
    first = exported(ledger, form, *at).read_bytes()
    assert exported(ledger, form, *at, to="again").read_bytes() == first
    text = first.decode()
    assert [s for s in secrets if s in text] == []


def test_an_export_never_takes_another_files_place(ledger: Path) -> None:
    file = exported(ledger, "case", to="once")
    done = run("export", "main", "--format", "case", "-o", str(file), ledger=ledger)
    assert done.exit_code == 2
    assert "is there already" in done.stderr


@pytest.mark.parametrize("place", ["before", "behind"])
@pytest.mark.parametrize("said", [("--json",), ("--format", "json"), ("--format", "csv")])
def test_no_export_is_a_table_in_json(ledger: Path, tmp_path: Path, said: tuple[str, ...], place: str) -> None:
    asked = ("export", "main", "--audience", "COURT", "-o", str(tmp_path / "out"))
    done = run(*((*said, *asked) if place == "before" else (*asked, *said)), ledger=ledger)
    assert done.exit_code == 2
    assert "asic-e" in done.output
    assert not (tmp_path / "out").exists()


def test_a_form_of_one_order_asks_which(ledger: Path) -> None:
    done = run("export", "--format", "case", "-o", str(ledger.parent / "none"), ledger=ledger)
    assert done.exit_code == 2
    assert "of one ORDER" in done.stderr


def test_to_open_sealed_values_needs_a_reason_and_is_recorded(ledger: Path, tmp_path: Path) -> None:
    other = ledger_of("S1", tmp_path)
    file = tmp_path / "revealed.csv"
    asked = ("export", "main", "--format", "custody-csv", "-o", str(file), "--reveal")
    assert run(*asked, ledger=other).exit_code == 2
    assert not file.exists()
    done = run(*asked, "--because", "trial on 4 October", "--as", "ilves", ledger=other)
    assert done.exit_code == 0, done.output
    assert re.search(r"[0-9a-f]{64}", file.read_text())
    assert reply("log", "-n", "1", ledger=other)["log"][0]["kind"] == "record-accessed"


# -- CASE --------------------------------------------------------------------------------------------------------------


def graph(ledger: Path, *args: str, order: str = "main") -> list[dict[str, Any]]:
    made = exported(ledger, "case", *args, order=order, to="graph").read_bytes()
    nodes: list[dict[str, Any]] = json.loads(made)["@graph"]
    return nodes


def of_type(nodes: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [n for n in nodes if n["@type"].endswith(f"/{name}") or n["@type"].endswith(f":{name}")]


def test_a_graph_has_an_action_for_every_entry_each_informed_by_the_one_before(ledger: Path) -> None:
    actions = of_type(graph(ledger), "InvestigativeAction")
    assert len(actions) == len(reply("timeline", "main", ledger=ledger)["timeline"])
    before = [a["case-investigation:wasInformedBy"]["@id"] for a in actions[1:]]
    assert before == [a["@id"] for a in actions[:-1]]


def test_a_graph_names_every_node_once_and_points_at_none_that_is_missing(ledger: Path) -> None:
    nodes = graph(ledger)
    ids = [n["@id"] for n in nodes]
    assert len(ids) == len(set(ids))
    inner = {found for n in nodes for found in re.findall(r"kb:(?:hash|content|name)-[0-9a-f-]+", json.dumps(n))}
    assert set(re.findall(r"kb:[a-z]+-[0-9a-f-]{36}", json.dumps(nodes))) <= {*ids, *inner}


def test_the_digest_of_an_entry_is_of_the_bytes_that_were_signed(ledger: Path) -> None:
    from cli.session.ledger_reader import reading

    with reading(ledger) as reader:
        raws = [o.raw for _, o in reader.cases.opened(reader.find("main"))]
    entries = [n for n in graph(ledger) if n["@id"].startswith("kb:entry-")]
    digests = {n["uco-core:hasFacet"][0]["uco-observable:hash"][0]["uco-types:hashValue"]["@value"] for n in entries}
    assert digests >= {sha256(raw).hexdigest() for raw in raws}


def test_a_file_known_only_by_its_digest_has_no_name_in_a_graph(tmp_path: Path) -> None:
    other = ledger_of("hand-to-hand", tmp_path)
    nodes = graph(other, "--reveal", "--because", "trial", "--as", "orn", order="changed")
    named = [
        [facet.get("uco-observable:fileName") for facet in file["uco-core:hasFacet"]] for file in of_type(nodes, "File")
    ]
    assert named == [["changed.json", None], [None], [None]]


def test_custody_is_told_by_provenance_records_with_their_exhibits(ledger: Path) -> None:
    records = of_type(graph(ledger), "ProvenanceRecord")
    hands = reply("custody", "main", ledger=ledger)["custody"]
    assert len(records) == len(hands)
    exhibits = [r.get("case-investigation:exhibitNumber") for r in records]
    assert exhibits == [h["exhibit"] for h in hands]


# -- calendar ----------------------------------------------------------------------------------------------------------


OPEN = "2027-03-10T00:00:00Z"  # S1: the order is served, the answer is due


def events(content: bytes) -> list[Any]:
    from icalendar import Calendar

    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_a_calendar_has_every_clock_that_runs_and_ends_where_it_ends(ledger: Path) -> None:
    found = events(exported(ledger, "ics", "--as-of", OPEN, order=None).read_bytes())
    due = [d for d in told_due(ledger, OPEN) if d["due"]]
    assert due
    running = [e for e in found if str(e["status"]) == "CONFIRMED"]
    assert sorted(e["dtend"].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for e in running) == sorted(d["due"] for d in due)
    assert all(e["dtstamp"].dt == datetime(2027, 3, 10, tzinfo=UTC) for e in found)
    assert all(e["dtend"].dt - e["dtstart"].dt == timedelta(minutes=15) for e in found)


def told_due(ledger: Path, at: str) -> list[dict[str, Any]]:
    done = run("due", "--as-of", at, "--json", ledger=ledger)
    found: list[dict[str, Any]] = json.loads(done.stdout)["due"]
    return found


def test_a_clock_keeps_its_uid_while_the_record_grows_and_no_two_share_one(ledger: Path) -> None:
    early = {str(e["uid"]): str(e["summary"]) for e in events(exported(ledger, "ics", "--as-of", OPEN).read_bytes())}
    later = events(exported(ledger, "ics", "--as-of", "2027-03-12T00:00:00Z", to="later").read_bytes())
    assert len({str(e["uid"]) for e in later}) == len(later)
    same = [e for e in later if str(e["uid"]) in early]
    assert same
    assert all(str(e["summary"]) == early[str(e["uid"])] for e in same)


def by_uid(content: bytes) -> dict[str, Any]:
    return {str(e["uid"]): e for e in events(content)}


def test_a_clock_that_was_met_is_a_cancelled_event_of_the_same_uid_without_alarm(ledger: Path) -> None:
    early = by_uid(exported(ledger, "ics", "--as-of", OPEN).read_bytes())
    met = by_uid(exported(ledger, "ics", "--as-of", "2027-09-02T00:00:00Z", to="met").read_bytes())
    assert early
    assert early.keys() <= met.keys()
    for uid, event in early.items():
        assert str(event["status"]) == "CONFIRMED"
        assert event.walk("VALARM")
        assert str(met[uid]["status"]) == "CANCELLED"
        assert met[uid]["sequence"] > event["sequence"]
        assert not met[uid].walk("VALARM")
        assert str(met[uid]["summary"]) == str(event["summary"])


def test_a_sequence_never_falls_and_says_every_change_of_an_event(tmp_path: Path) -> None:
    """At each moment of a ledger, and a second before and after it, as a calendar that is updated daily sees it."""
    from cli.session.ledger_reader import reading
    from projections.views.due import followed

    seen = 0
    for name in ("delay-upon-delay", "article-8-clocks"):
        with reading(ledger_of(name, tmp_path / name)) as reader:
            for case in reader.all():
                looks = sorted({e.at + timedelta(seconds=n) for e in case.entries for n in (-1, 0, 1)})
                before: dict[Any, Any] = {}
                for moment in [*looks, looks[-1] + timedelta(days=4000)]:
                    now = {(c.clock.id, c.clock.trigger, c.number): c for c in followed(case.known(moment), moment)}
                    assert before.keys() <= now.keys()
                    for key, was in before.items():
                        assert now[key].changes >= was.changes
                        if (was.open, was.clock.due) != (now[key].open, now[key].clock.due):
                            assert now[key].changes > was.changes
                            seen += 1
                    before = now
    assert seen > 4


def test_a_ledger_without_a_clock_gives_no_calendar_and_says_so(ledger: Path) -> None:
    file = ledger.parent / "none.ics"
    done = run("export", "--format", "ics", "-o", str(file), "--as-of", "2026-01-01T00:00:00Z", ledger=ledger)
    assert done.exit_code == 0
    assert "was not written" in done.stderr
    assert not file.exists()


def test_a_calendar_names_a_period_in_words_with_its_code(ledger: Path) -> None:
    found = events(exported(ledger, "ics", "--as-of", OPEN, to="words").read_bytes())
    assert [str(e["summary"]).partition(" ends: ")[0] for e in found] == [
        "Answer of the provider (D-7-7)",
        "Review of the delayed notice (NOTICE-REVIEW)",
    ]
    alarms = [str(a["description"]) for e in found for a in e.walk("VALARM")]
    assert {*alarms} == {str(e["summary"]) for e in found}


def test_a_calendar_calls_an_order_by_its_case_and_its_provider_and_names_no_person(ledger: Path) -> None:
    found = events(exported(ledger, "ics", "--as-of", OPEN).read_bytes())
    assert {str(e["summary"]).partition(" ends: ")[2] for e in found} == {"KA-2027-0311, Skylark Mail AS"}
    text = exported(ledger, "ics", "--as-of", OPEN, to="again").read_text()
    assert [word for word in ("Karsk", "ilves", "main") if word in text] == []


def test_a_clock_of_days_is_warned_of_three_days_and_one_day_before_its_end(ledger: Path) -> None:
    found = events(exported(ledger, "ics", "--as-of", OPEN).read_bytes())
    assert found
    for event in found:
        before = sorted(event["dtend"].dt - event["dtstart"].dt - a["trigger"].dt for a in event.walk("VALARM"))
        assert before == [timedelta(days=1), timedelta(days=3)]


@pytest.mark.parametrize(("minutes", "hours"), [(60, [1]), (299, [1]), (300, [1]), (301, [1, 4]), (48 * 60, [1, 4])])
def test_a_clock_of_more_than_five_hours_is_warned_of_twice(minutes: int, hours: list[int]) -> None:
    start = datetime(2027, 3, 1, tzinfo=UTC)
    assert _warnings(start + timedelta(minutes=minutes), start) == tuple(timedelta(hours=n) for n in hours)


def test_a_clock_of_hours_is_warned_of_in_hours(tmp_path: Path) -> None:
    short = ledger_of("eight-hours-spring-night", tmp_path)
    at = next(
        e["on"] for e in reply("timeline", "first-second", ledger=short)["timeline"] if e["kind"] == "order-received"
    )
    found = events(exported(short, "ics", "--as-of", at, order="first-second").read_bytes())
    triggers = [a["trigger"].dt for e in found for a in e.walk("VALARM")]
    assert timedelta(minutes=15) - timedelta(hours=1) in triggers


# -- CSV ---------------------------------------------------------------------------------------------------------------


cells = st.one_of(st.text(max_size=8), st.from_regex(r"'{0,3}[=+@\t-]?'?[a-z=+]{0,3}", fullmatch=True))


@examples(100)
@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=4))
def test_any_text_comes_back_from_csv_by_the_rule_of_the_apostrophe(rows: list[list[str]]) -> None:
    rows = [[cell.replace("\x00", "") for cell in row] for row in rows]
    content = written(("a", "b"), rows)
    assert content.startswith(b"\xef\xbb\xbf")
    back = list(csv.reader(io.StringIO(content.decode("utf-8-sig", "surrogatepass"), newline="")))
    assert back[0] == ["a", "b"]
    assert not any(cell.startswith(FORMULA) for row in back for cell in row)
    for mark in ";\t":  # for a spreadsheet that reads these, and the end of each line, as the end of a cell
        cells = [cell for line in content.decode("utf-8-sig", "surrogatepass").split("\n") for cell in line.split(mark)]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert [[unguarded(cell) for cell in row] for row in back[1:]] == [[visible(c) for c in row] for row in rows]


@given(st.text(alphabet="'=+-@;\t\r\na", max_size=6), st.text(alphabet="'=+-@;\t\r\na", max_size=6))
def test_two_texts_are_never_guarded_alike(one: str, other: str) -> None:
    assert (guarded(one) == guarded(other)) is (one == other)


@pytest.mark.parametrize("name", ["'t Hooft", "'", "''", "it's"])
def test_an_apostrophe_that_is_no_guard_stays_as_it_is(name: str) -> None:
    assert guarded(name) == unguarded(name) == name


def test_what_follows_a_semicolon_a_tab_or_a_line_feed_is_no_formula_either() -> None:
    evil = "a;=cmd|'/C calc'!A0;b\n=1+1\t@x;'+1"
    assert guarded(evil) == "a;'=cmd|'/C calc'!A0;b\n'=1+1\t'@x;''+1"
    assert unguarded(guarded(evil)) == evil
    assert csv_cell(["a;=1", "b"]) == "a;'=1, b"


def test_a_value_that_begins_with_an_apostrophe_is_told_from_a_guarded_one() -> None:
    """On standard output as in files."""
    assert (guarded("=1"), guarded("'=1"), guarded("''=1")) == ("'=1", "''=1", "'''=1")
    assert csv_cell("'=1") == "''=1"


def test_every_line_of_a_csv_ends_with_crlf_and_has_as_many_cells(ledger: Path) -> None:
    for form in ("timeline-csv", "custody-csv"):
        content = exported(ledger, form).read_bytes().decode()
        assert content.startswith("\ufeff")
        assert content.endswith("\r\n")
        assert "\n" not in content.replace("\r\n", "")
        rows = list(csv.reader(io.StringIO(content, newline="")))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 3


# -- archive -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger that no test writes to; tests of other exports record accesses in `ledger`."""
    return ledger_of("S1", tmp_path_factory.mktemp("archived"))


@pytest.fixture(scope="module")
def archive(archived: Path) -> Path:
    folder = archived.parent / "archive"
    done = run("export", "--format", "parquet", "-o", str(folder), ledger=archived)
    assert done.exit_code == 0, done.output
    return folder


def asked(archive: Path, query: str) -> list[tuple[Any, ...]]:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as db:
        db.execute(f"SET file_search_path = '{archive.parent}'")
        found: list[tuple[Any, ...]] = db.execute(query).fetchall()
    return found


def test_an_archive_holds_every_entry_of_the_log_and_its_exact_bytes(archive: Path, archived: Path) -> None:
    from cli.session.ledger_reader import reading

    with reading(archived) as reader:
        raws = [(index, raw.decode()) for index, raw in reader.store.page(0, 1000)]
    assert asked(archive, "SELECT log_index, envelope FROM 'archive/entries.parquet' ORDER BY 1") == raws


def test_an_archive_says_of_clocks_and_findings_what_judge_says(archive: Path, archived: Path) -> None:
    judged = reply("judge", "main", ledger=archived)
    clocks = asked(archive, "SELECT id, verdict FROM 'archive/deadlines.parquet'")
    assert sorted(clocks) == sorted((d["id"], d["verdict"]) for d in judged["deadlines"])
    codes = asked(archive, "SELECT code FROM 'archive/findings.parquet'")
    assert sorted(code for (code,) in codes) == sorted(f["code"] for f in judged["findings"])


def test_no_sealed_value_is_in_an_archive(archive: Path, archived: Path) -> None:
    tables = ("entries", "timeline", "deadlines", "findings")
    text = repr([asked(archive, f"FROM 'archive/{name}.parquet'") for name in tables])
    assert [s for s in sealed_values(archived) if s in text] == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in (archive, *archive.iterdir()))


DOCS = (Path(__file__).parents[3] / "docs" / "reference" / "exports.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_of_the_documentation_runs_as_it_is_printed(archive: Path, query: str) -> None:
    rows = asked(archive, query)
    if "altered" in query:
        assert rows == [(0,)]
    elif "findings" not in query and "late_seconds" not in query:  # S1 has no finding and no late answer
        assert rows


# -- container ---------------------------------------------------------------------------------------------------------


def sealing(folder: Path, *kind: str) -> tuple[Path, Path]:
    """Make a self-signed certificate and its key."""
    cert, key = folder / "seal.pem", folder / "seal.key"
    name = ("-subj", "/CN=Seal of an invented office", "-days", "36500")
    _openssl("req", "-x509", *kind, "-nodes", "-keyout", str(key), "-out", str(cert), *name)
    return cert, key


RSA = ("-newkey", "rsa:2048")
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


@pytest.fixture(scope="module")
def seal(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return sealing(tmp_path_factory.mktemp("seal"), *EC)


def _openssl(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *args], capture_output=True, text=True, check=True)


def check_by_hand(file: Path, cert: Path, folder: Path) -> None:
    """Check a container as docs/reference/exports.md describes it: unzip, openssl, digests."""
    with zipfile.ZipFile(file) as opened:
        first = opened.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert opened.read("mimetype") == b"application/vnd.etsi.asic-e+zip"
        opened.extractall(folder)
    assert file.read_bytes()[30:38] == b"mimetype"  # EN 319 162-1, A.1 puts magic numbers there
    inside = folder / "META-INF"
    _openssl(
        *("cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", str(inside / "signature001.p7s")),
        *("-content", str(inside / "ASiCManifest001.xml"), "-CAfile", str(cert), "-purpose", "any"),
        *("-out", str(folder / "verified")),
    )
    listed = {}
    tree = ElementTree.parse(inside / "ASiCManifest001.xml")  # noqa: S314 - ours
    for ref in tree.iter("{http://uri.etsi.org/02918/v1.2.1#}DataObjectReference"):
        digest = ref.find("{http://www.w3.org/2000/09/xmldsig#}DigestValue")
        assert digest is not None
        listed[ref.attrib["URI"]] = b64decode(digest.text or "")
    data = {p.name: sha256(p.read_bytes()).digest() for p in folder.glob("*.evidence.zip")}
    assert listed == data
    assert data


def container(ledger: Path, file: Path, *args: str) -> None:
    done = run("export", "main", "--audience", "COURT", "--format", "asic-e", "-o", str(file), *args, ledger=ledger)
    assert done.exit_code == 0, done.output


SIGNED = ("--no-time-stamp", "--sign")


@pytest.mark.parametrize("kind", [RSA, EC], ids=["rsa", "ec"])
def test_a_signed_container_is_checked_by_openssl_and_its_bundle_by_us(
    ledger: Path, kind: tuple[str, ...], tmp_path: Path
) -> None:
    cert, key = sealing(tmp_path, *kind)
    container(ledger, tmp_path / "court.asice", *SIGNED, str(key), "--sign-cert", str(cert))
    check_by_hand(tmp_path / "court.asice", cert, tmp_path / "out")
    bundle = tmp_path / "out" / "court.evidence.zip"
    assert run("verify", str(bundle), "--trust", str(ledger / "trust")).exit_code == 0


def test_a_changed_manifest_is_caught_by_the_signature(ledger: Path, seal: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = seal
    container(ledger, tmp_path / "court.asice", *SIGNED, str(key), "--sign-cert", str(cert))
    data = (tmp_path / "court.asice").read_bytes()
    with zipfile.ZipFile(tmp_path / "bad.asice", "w") as bad, zipfile.ZipFile(io.BytesIO(data)) as good:
        for name in good.namelist():
            bad.writestr(name, good.read(name).replace(b"court.evidence", b"curt.evidence"))
    with pytest.raises(subprocess.CalledProcessError):
        check_by_hand(tmp_path / "bad.asice", cert, tmp_path / "out")


def test_the_signature_of_a_container_has_a_time_stamp_of_the_ledgers_authority(tmp_path: Path) -> None:
    from asn1crypto import cms

    other, authority = ledger_of("S1", tmp_path), Authority(tmp_path / "authority")
    cert, key = sealing(tmp_path, *RSA)
    (tmp_path / "root.pem").write_bytes(authority.root)
    file = tmp_path / "court.asice"
    with authority.served() as url:
        assert run("stamp", "add", "tsa", url, "--root", str(tmp_path / "root.pem"), ledger=other).exit_code == 0
        container(other, file, "--sign", str(key), "--sign-cert", str(cert))
    check_by_hand(file, cert, tmp_path / "out")
    made = (tmp_path / "out" / "META-INF" / "signature001.p7s").read_bytes()
    (info,) = cms.ContentInfo.load(made)["content"]["signer_infos"]
    (stamped,) = [a for a in info["unsigned_attrs"] if a["type"].native == "signature_time_stamp_token"]
    imprint = stamped["values"][0]["content"]["encap_content_info"]["content"].parsed["message_imprint"]
    assert imprint["hashed_message"].native == sha256(info["signature"].native).digest()


def test_a_container_is_left_to_a_card_and_finished_by_hand(
    ledger: Path, seal: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = seal
    file = tmp_path / "court.asice"
    container(ledger, file, "--unsigned")
    manifest = tmp_path / "court.asice.manifest.xml"
    made = tmp_path / "signature001.p7s"
    _openssl(
        *("cms", "-sign", "-cades", "-binary", "-in", str(manifest), "-signer", str(cert), "-inkey", str(key)),
        *("-outform", "DER", "-out", str(made)),
    )
    with zipfile.ZipFile(file, "a") as opened:
        opened.write(made, "META-INF/signature001.p7s")
    check_by_hand(file, cert, tmp_path / "out")


@pytest.mark.parametrize(
    ("form", "args", "says"),
    [
        ("asic-e", (), "--sign KEY"),
        ("asic-e", ("--sign-cert", "seal.pem"), "are of --sign KEY"),
        ("asic-e", ("--sign", "seal.p12", "--unsigned"), "--sign KEY"),
        ("ics", ("--sign", "seal.p12"), "are of --format asic-e"),
        ("table", ("--sign", "seal.p12"), "the keys of the ledger sign a bundle"),
    ],
)
def test_half_a_seal_is_usage(ledger: Path, form: str, args: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = run(
        *("export", "main", "--audience", "COURT", "--format", form, "-o", str(tmp_path / "x"), *args),
        ledger=ledger,
    )
    assert done.exit_code == 2
    assert says in done.stderr


def test_the_key_of_another_certificate_signs_nothing(ledger: Path, seal: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(other))
    file = tmp_path / "court.asice"
    done = run(
        *("export", "main", "--audience", "COURT", "--format", "asic-e", "-o", str(file)),
        *(*SIGNED, str(other), "--sign-cert", str(seal[0])),
        ledger=ledger,
    )
    assert (done.exit_code, "CERT-KEY" in done.stderr) == (4, True)
    assert not file.exists()


@pytest.mark.parametrize("start", FORMULA)
def test_a_cell_that_begins_as_a_formula_gets_an_apostrophe(start: str) -> None:
    assert guarded(f"{start}1") == f"'{start}1"


def test_a_csv_file_names_what_nobody_sees() -> None:
    assert written(["a"], [["KA\u200b-1"]]) == b"\xef\xbb\xbfa\r\nKA<U+200B>-1\r\n"
