"""Questions on the command line: each answer has a sentence for people, JSON for programs, and an exit status."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from cli.stories.model import read_story
from cli.stories.player import play_story
from ledger.law.parties.bound_parties import AGREEMENTS, BOUND
from ledger.law.terms.rule import Mark
from tests.support.cli import STORIES, House, ledger_of, reply, run, size

CLOSED = "7b2274657374223a747275657d"


@pytest.fixture
def s1(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


@pytest.fixture
def s2(tmp_path: Path) -> Path:
    return ledger_of("S2", tmp_path)


@pytest.fixture
def s3(tmp_path: Path) -> Path:
    return ledger_of("S3", tmp_path)


def test_orders_gives_each_order_its_label_instrument_and_state(s3: Path) -> None:
    found = reply("orders", ledger=s3)
    assert found["format"] == "comity.orders/1"
    assert {(o["label"], o["instrument"], o["state"]) for o in found["orders"]} == {
        ("main", "2AP-7", "ESCALATED"),
        ("second", "2AP-8", "DISCLOSED"),
    }


def test_orders_lists_neither_the_registry_nor_a_companion(tmp_path: Path) -> None:
    ledger = ledger_of("emergency-validation-refused", tmp_path)
    assert {o["label"] for o in reply("orders", ledger=ledger)["orders"]} == {"destroyed", "kept"}


def test_an_order_is_named_by_label_or_by_the_beginning_of_its_id(s1: Path) -> None:
    order = reply("orders", ledger=s1)["orders"][0]["order"]
    for name in ("main", order, order[:7]):
        assert reply("show", name, ledger=s1)["order"] == order


def test_a_name_no_order_has_says_what_to_do(s1: Path) -> None:
    result = run("show", "PPO-2026-999", ledger=s1)
    assert result.exit_code == 2
    assert "`comity orders` lists them" in result.stderr


def test_show_says_in_one_look_where_an_order_stands(s2: Path) -> None:
    text = run("show", "main", "--as-of", "2027-04-15T00:00:00Z", ledger=s2).stdout
    assert "2AP-7  DISCLOSED" in text
    assert "V-7-5c-DISCLOSED-AGAINST-INSTRUCTION" in text
    assert "custody RESTRICTED" in text


def test_due_is_soonest_first_and_exits_3_once_something_is_over(s1: Path) -> None:
    open_ = run("due", "--as-of", "2027-03-10T00:00:00Z", "--json", ledger=s1)
    assert open_.exit_code == 0
    ids = [d["id"] for d in json.loads(open_.stdout)["due"]]
    assert ids == ["D-7-7", "NOTICE-REVIEW"]
    late = run("due", "--as-of", "2027-03-14T00:00:00Z", ledger=s1)
    assert late.exit_code == 0


def test_due_leaves_out_what_ends_later_than_asked_for(s1: Path) -> None:
    found = reply("due", "--as-of", "2027-03-10T00:00:00Z", "--within", "P30D", ledger=s1)
    assert [d["id"] for d in found["due"]] == ["D-7-7"]


def test_a_moment_that_is_read_in_two_ways_is_usage(s1: Path) -> None:
    assert run("due", "--as-of", "03/10/2027", ledger=s1).exit_code == 2


def test_a_timeline_shows_sealed_values_as_sealed(s1: Path) -> None:
    found = reply("timeline", "main", ledger=s1)
    issued = next(x for x in found["timeline"] if x["kind"] == "order-issued")
    assert issued["fields"]["summary_of_facts"] == "[sealed]"
    assert "An online shop" not in json.dumps(found)


def test_a_csv_cell_is_never_a_formula(s1: Path) -> None:
    lines = run("timeline", "main", "--format", "csv", ledger=s1).stdout.splitlines()
    assert lines[0].startswith("entry,on,kind")
    assert not [cell for line in lines for cell in line.split(",") if cell[:1] in "=+@" and cell]


def test_judge_gives_the_document_that_others_read(s2: Path) -> None:
    result = run("judge", "main", "--as-of", "2027-04-15T00:00:00Z", "--json", ledger=s2)
    assert result.exit_code == 3
    found = json.loads(result.stdout)
    assert list(found) == [
        *("format", "order", "label", "instrument", "as_of", "state", "regions", "deadlines", "findings", "criteria"),
        "duties",
    ]
    assert found["format"] == "comity.judge/1"
    deadline = next(d for d in found["deadlines"] if d["id"] == "D-7-7")
    assert (deadline["due"], deadline["policy"], deadline["verdict"]) == ("2027-04-08T22:00:00Z", "2AP-CAL", "MET")
    finding = next(f for f in found["findings"] if f["level"] == "V")
    assert (finding["code"], finding["criterion"]) == ("V-7-5c-DISCLOSED-AGAINST-INSTRUCTION", "A5")
    assert found["criteria"]["A5"]["state"] == "CONTRADICTED"


def test_judge_without_a_violation_exits_0_and_leaves_the_rest_to_the_court(s1: Path) -> None:
    result = run("judge", "main", ledger=s1)
    assert result.exit_code == 0
    assert "Whether it is admitted is for the court." in result.stdout
    assert "admissible" not in result.stdout


@pytest.mark.parametrize("forum", ["US", "GB", "DE", "EU", "ECHR"])
def test_a_forum_sheet_puts_the_same_facts_to_the_questions_of_that_forum(forum: str, s1: Path) -> None:
    sheet = reply("judge", "main", "--forum", forum, ledger=s1)["forum"]
    assert sheet["questions"]
    assert all(q["cite"] and q["asks"] and q["criteria"] for q in sheet["questions"])


def test_a_deadline_is_explained_step_by_step(s1: Path) -> None:
    text = run("law", "deadline", "D-7-7", "main", ledger=s1).stdout
    assert "the day of the event does not count: 30 days end with Thursday 2027-04-01" in text
    assert "MET, due 2027-04-01T22:00:00Z" in text
    assert "the provider: until the end of Thursday 1 April 2027, Stockholm" in text
    (one,) = reply("law", "deadline", "D-7-7", "main", ledger=s1)["deadlines"]
    assert (one["due"], one["last_day"], one["who"]) == ("2027-04-01T22:00:00Z", "2027-04-01", "the provider")


def test_custody_compares_digests_and_shows_none_unless_revealed(s1: Path) -> None:
    steps = reply("custody", "main", ledger=s1)["custody"]
    assert [s["against_first"] for s in steps] == ["first stated", "equal", "equal"]
    assert steps[0]["files"] == ["[sealed]"]


def test_what_is_revealed_is_recorded_with_its_reason_before_it_is_shown(s1: Path) -> None:
    before = size(s1)
    shown = reply("custody", "main", "--reveal", "--because", "trial on Monday", "--as", "ilves", ledger=s1)
    assert shown["custody"][0]["files"][0]["sha256"].startswith("e978f14d")
    assert size(s1) == before + 1
    answer = reply("log", "-n", "1", ledger=s1)
    newest = answer["log"][0]
    assert answer["of"] == newest["index"] + 1, "an answer says that it is cut"
    assert (newest["kind"], newest["by"]) == ("record-accessed", "ilves")


def test_nothing_is_revealed_without_a_reason_and_a_name(s1: Path) -> None:
    before = size(s1)
    result = run("custody", "main", "--reveal", ledger=s1)
    assert result.exit_code == 2
    assert "e978f14d" not in result.output
    assert size(s1) == before


def test_check_says_whether_a_file_is_what_was_disclosed_and_where_it_changed(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    other = tmp_path / "skyl-return.json"
    other.write_bytes(bytes.fromhex(CLOSED))
    result = run("check", str(other), "main", "--json", ledger=ledger)
    (found,) = json.loads(result.stdout)["files"]
    assert result.exit_code == 1
    assert (found["verdict"], found["differs_from"][0], found["changed_at"]) == ("differs", "#10 data-disclosed", None)
    assert found["sha256"] == hashlib.sha256(bytes.fromhex(CLOSED)).hexdigest()


@pytest.mark.parametrize(
    ("algorithm", "content", "verdict"),
    [
        ("sha3-512", b"the return", "equal"),
        ("sha3-512", b"another one", "differs"),
        ("blake2b", b"the return", "equal"),
        ("md5", b"the return", "unknown"),  # other files have the same
        ("md5", b"another one", "differs"),
        ("skein-512", b"the return", "unknown"),  # not known here
    ],
)
def test_check_computes_the_digest_by_the_algorithm_that_the_manifest_names(
    algorithm: str, content: bytes, verdict: str, tmp_path: Path
) -> None:
    name = algorithm.replace("-", "_")
    stated = hashlib.new(name, b"the return").hexdigest() if name in hashlib.algorithms_available else "0a" * 64
    text = (Path(__file__).parents[3] / "fixtures" / "stories" / "by-other-means.toml").read_text("utf-8")
    old = next(line for line in text.splitlines() if 'name = "said-nothing.zip"' in line)
    new = f'    {{ name = "said-nothing.zip", size = 10, digest = "{algorithm}:{stated}" }},'
    story = tmp_path / "by-other-means.toml"
    story.write_text(text.replace(old, new), "utf-8")
    run("play", str(story), "--into", str(tmp_path / "ledger"))
    file = tmp_path / "said-nothing.zip"
    file.write_bytes(content)
    result = run("check", str(file), "said-nothing", "--json", ledger=tmp_path / "ledger")
    (found,) = json.loads(result.stdout)["files"]
    assert found["verdict"] == verdict, result.output


def test_a_replay_knows_what_was_known_and_says_whose_clock_it_is(s1: Path) -> None:
    found = reply("replay", "main", "--at", "2027-03-10T00:00:00Z", ledger=s1)
    assert found["state"] == "SERVED"
    assert found["replay"]["clock"] == "log"


def test_a_replay_before_the_first_head_knows_nothing(s1: Path) -> None:
    found = reply("replay", "main", "--at", "2020-01-01T00:00:00Z", ledger=s1)
    assert (found["state"], found["replay"]["size"]) == ("-", 0)


def test_a_difference_shows_new_entries_and_what_reads_differently(s1: Path) -> None:
    found = reply("replay", "main", "--diff", "2027-03-10T00:00:00Z..2027-03-15T14:00:00Z", ledger=s1)
    assert [e["kind"] for e in found["entries"]] == ["data-disclosed", "evidence-received"]
    assert {"what": "state", "before": "SERVED", "after": "DISCLOSED"} in found["changes"]


@pytest.mark.parametrize("args", [(), ("--at", "2027-03-10T00:00:00Z", "--diff", "a..b"), ("--diff", "now")])
def test_a_replay_asks_for_one_moment_or_two(args: tuple[str, ...], s1: Path) -> None:
    assert run("replay", "main", *args, ledger=s1).exit_code == 2


def test_the_register_of_one_order_has_ten_answers_and_exits_3_while_a_duty_is_open(s1: Path) -> None:
    result = run("register", "main", "--json", ledger=s1)
    answers = json.loads(result.stdout)["register"]
    assert len(answers) == 10
    assert result.exit_code == 3
    assert [a["number"] for a in answers if a["open"]] == [6]  # no retention rule was ever set


def test_lapse_records_what_ended_unmet_once_and_not_twice(tmp_path: Path) -> None:
    ledger = ledger_of("registrar-stations", tmp_path)
    before = size(ledger)
    dry = reply("lapse", "--dry-run", ledger=ledger)
    assert (dry["recorded"], [d["deadline"] for d in dry["lapsed"]]) == (False, ["D-6-3d"])
    assert size(ledger) == before
    assert reply("lapse", ledger=ledger)["recorded"] is True
    assert size(ledger) == before + 1
    assert reply("lapse", ledger=ledger)["lapsed"] == []
    assert size(ledger) == before + 1


def test_lapse_names_no_trigger_of_a_deadline_whose_end_was_set_without_a_receipt(tmp_path: Path) -> None:
    text = (STORIES / "more-time.toml").read_text("utf-8")
    node = '[actors.node]\nname = "node"\noffice = "Cyber Unit Karsk"\nparty = "XO"\nroles = ["SYS"]\n\n'
    story = read_story(text.replace("[orders.given]", node + "[orders.given]").encode(), "more-time")
    ledger = play_story(story, tmp_path / "ledger").path
    (lapsed,) = reply("lapse", "no-receipt", ledger=ledger)["lapsed"]
    assert (lapsed["deadline"], "trigger" in lapsed) == ("D-7-7", False)
    recorded = reply("timeline", "no-receipt", ledger=ledger)["timeline"][-1]
    assert recorded["kind"] == "deadline-lapsed"


def test_lapse_is_signed_by_the_office_whose_key_is_here_and_not_by_the_ledger_itself(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()  # the ledger itself is an office in this role, and its key signs no lapse
    assert "whose key is here: none" in house.run("lapse").stderr
    house.with_office("clock", "SYS")
    assert house.run("lapse").exit_code == 0
    house.with_office("node", "SYS")
    done = house.run("lapse")
    assert (done.exit_code, "clock, node" in done.stderr) == (2, True)


def test_lapse_needs_a_node_that_signs(s2: Path) -> None:
    result = run("lapse", ledger=s2)
    assert result.exit_code == 2
    assert "offices in the role SYS whose key is here: none" in result.stderr


def test_the_law_prints_every_rule_with_citation_and_mark() -> None:
    found = reply("law")
    assert len(found["rules"]) > 500
    assert {r["mark"] for r in found["rules"]} == {"text", "known", "likely", "design"}
    assert len(found["digest"]) == 64


def test_the_law_of_real_parties_says_what_nobody_has_read() -> None:
    found = reply("law", "--parties")
    assert found["in_force"] is None
    assert (found["ratifications_read"], found["ratifications_needed"]) == (4, 5)
    assert not [p for p in found["parties"] if p["code"] == "-" and p["verified"]]


def test_the_law_of_real_parties_lists_which_act_binds_which_state() -> None:
    found = reply("law", "--parties")
    bound = {(p["party"], p["code"]): p["says"] for p in found["parties"]}
    assert bound["SE", "EPOC"] == "bound from 2026-08-18"
    assert bound["DK", "EPOC"] == "not bound"
    assert bound["AU", "COA"].endswith("in force from 2024-01-31")
    printed = run("law", "--parties").stdout
    assert "Four of the five ratifications" in printed
    assert "Not in force: article 65(1) needs forty instruments" in printed


def test_every_source_on_real_parties_has_its_rows() -> None:
    from ledger.law.parties import known_parties as known

    rows = reply("law", "--parties")["parties"]
    assert [(p["party"], p["code"], p["verified"]) for p in rows[:2]] == [("-", "2AP", False), ("-", "UNCC", False)]
    for party in known.RATIFIED.values():
        own = [p for p in rows if p["source"] == party.source and p["party"] == party.code]
        assert own[0]["says"] == f"{party.name}, ratified {party.ratified}"
        assert own[0]["verified"] == party.complete
        assert [p["code"] for p in own[1:]] == [each.code for each in party.declarations]
    expected = [p for p in rows if p["party"] == "EU" and p["says"].startswith("expected of Member States: ")]
    assert [p["code"] for p in expected] == [each.code for each in known.EXPECTED_OF_MEMBER_STATES]
    declared = sum(len(party.declarations) for party in known.RATIFIED.values())
    states = len(known.RATIFIED) + declared + len(expected)
    assert len(rows) == 2 + states + len(BOUND) + len(AGREEMENTS)
    read = {(p["party"], p["code"]): p["verified"] for p in rows[2 + states :]}
    assert read == {(each.party, each.act): each.mark is Mark.TEXT for each in BOUND.values()} | {
        (each.party, "COA"): each.mark is Mark.TEXT for each in AGREEMENTS.values()
    }


def test_a_code_that_was_printed_is_explained() -> None:
    assert [r["kind"] for r in reply("law", "F702")["rules"]] == ["finding"]
    assert [r["kind"] for r in reply("law", "D-7-7")["rules"]] == ["deadline"]
    assert "who must act: the provider" in run("law", "D-7-7").stdout


def test_a_provision_is_asked_for_the_rules_that_rest_on_it() -> None:
    whole, part = (reply("law", cite)["rules"] for cite in ("2AP:7(5)", "2AP:7(5)(c)"))
    assert {r["id"] for r in part} < {r["id"] for r in whole}
    assert all("2AP:7(5)" in r["cite"] for r in whole)
    assert run("law", "2AP:1").exit_code == 2  # it is not 2AP:16(3)


def test_an_instrument_nobody_knows_is_usage_with_those_there_are() -> None:
    result = run("law", "2AP-77")
    assert result.exit_code == 2
    assert "EPOC-PR" in result.stderr


def test_the_rule_book_is_one_page_to_print(tmp_path: Path) -> None:
    page = tmp_path / "rules.html"
    assert run("law", "EPOC", "--html", str(page)).exit_code == 0
    text = page.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    digest = b64encode(sha256(text.partition("<style>")[2].partition("</style>")[0].encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert f'content="{policy}"' in text


def test_the_vocabulary_explains_a_kind_and_gives_its_schema() -> None:
    assert reply("vocabulary", "data-disclosed")["schema"]["title"]
    assert "readers: " in run("vocabulary", "data-disclosed").stdout
    unknown = run("vocabulary", "data-disclosd")
    assert (unknown.exit_code, "`comity vocabulary data-disclosed`?" in unknown.stderr) == (2, True)


def test_lint_exits_3_with_what_is_missing_and_0_where_nothing_is(tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    order.write_text(json.dumps({"instrument": "VOL", "from_party": "RS", "to_party": "HU"}))
    assert run("lint", str(order)).exit_code == 0
    order.write_text(json.dumps({"public": {"instrument": "2AP-7", "from_party": "RS", "to_party": "HU"}}))
    result = run("lint", str(order), "--json")
    assert result.exit_code == 3
    assert "2AP:7(3)(b)" in {m["cite"] for m in json.loads(result.stdout)["missing"]}


@pytest.mark.parametrize("text", ['{"instrument": 7}', '{"instrument": "2AP-7", "colour": "red"}'])
def test_lint_of_a_field_that_has_not_its_form_lists_it_with_the_rest(text: str, tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    order.write_text(text)
    result = run("lint", str(order))
    assert result.exit_code == 4
    assert "expected " in result.stdout


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_lint_of_what_is_no_order_is_refused_with_a_sentence(text: str, tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    order.write_text(text)
    result = run("lint", str(order))
    assert result.exit_code == 4
    assert result.stderr.startswith("comity: ")
