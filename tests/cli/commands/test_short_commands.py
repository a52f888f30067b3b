"""What short commands hand to the one that records, how they end, and every line that they print."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from cli.commands import notify, notify_customer, play, record, register, subject
from cli.commands import object as objection
from cli.commands import order as order_commands
from cli.commands import vocabulary as words_of
from cli.commands.schema import _about, _checkable, documents, schema_of
from cli.exit_codes import Exit
from cli.invocation import Invocation
from cli.offices.address_book import COLUMNS, template
from cli.terminal import prompts
from ledger.facts import KINDS
from tests.support.cli import PERSON, STORIES, House, ledger_of, reply, run


@pytest.fixture(scope="module")
def s1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("s1"))


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what would be recorded; each ends with `Exit.FINDINGS`."""
    said: list[Any] = []

    def recorded(asked: Any, kind: str, order: str | None, **more: Any) -> Exit:
        public = more.get("public", {})
        stated = {name: value for name, value in public.items() if value is not None}
        said.append((kind, order, stated, more.get("sealed"), more.get("instrument"), asked))
        return Exit.FINDINGS

    for module in (notify, notify_customer, objection, record):
        monkeypatch.setattr(module, "put", recorded)
    return said


@pytest.mark.parametrize(
    ("words", "recorded"),
    [
        ("notify P-1 --to a --includes order,x --includes y", {"notified_authority": "a", "includes": "order x y"}),
        ("notify P-1 --to ncco", {"notified_authority": "ncco"}),
        ("notify-customer P-1 --channel letter --policy v1", {"channel": "letter", "policy_ref": "v1"}),
        ("object P-1 --instruction G-7-i", {"ground": "G-7-i", "scope": "all"}),
        ("object P-1 --ground EPOC:12(1)(a)", {"grounds": "EPOC:12(1)(a)", "scope": "all"}),
        ("record order-received P-1", {}),
    ],
)  # fmt: skip
def test_a_command_that_records_ends_as_the_recording_does(
    words: str, recorded: dict[str, str], put: list[Any]
) -> None:
    assert run(*words.split()).exit_code == Exit.FINDINGS
    ((_, order, public, *_),) = put
    assert order == "P-1"
    assert {name: " ".join(v) if isinstance(v, list) else v for name, v in public.items()} == recorded


@pytest.mark.parametrize("about", [None, "#9"])
def test_the_version_that_is_notified_is_named(about: str | None, put: list[Any]) -> None:
    run("notify", "P-1", "--to", "ncco", *(("--about", about) if about else ()))
    ((kind, *_, asked),) = put
    assert kind == "notification-sent"
    assert [field for field in asked.fields if field.startswith("about=")] == ([f"about={about}"] if about else [])


def test_the_notice_to_a_customer_is_sealed(put: list[Any], tmp_path: Path) -> None:
    notice = tmp_path / "notice.txt"
    notice.write_text("Dear customer")
    run("notify-customer", "P-1", "--channel", "letter")
    run("notify-customer", "P-1", "--channel", "letter", "--notice", str(notice))
    assert [kind for kind, *_ in put] == ["customer-notified"] * 2
    assert [sorted(sealed) for _, _, _, sealed, *_ in put] == [[], ["notice"]]
    assert put[1][3]["notice"]["size"] == 13


def test_a_new_order_is_recorded_under_its_instrument(put: list[Any]) -> None:
    run("record", "order-issued", "new", "--instrument", "2AP-7")
    ((kind, order, _, _, instrument, _),) = put
    assert (kind, order, instrument) == ("order-issued", "new", "2AP-7")
    assert run("record", "order-isued", "new").exit_code != Exit.FINDINGS
    assert run("record", "record-accessed", "P-1").exit_code != Exit.FINDINGS, "a command makes it"
    assert len(put) == 1


def test_the_question_which_objection_is_meant_explains_both(put: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "attended", lambda: True)
    done = run("object", "P-1", stdin="ground\nEPOC:12(1)(b)\n")
    assert done.stderr.splitlines()[:3] == [
        "Which objection is meant?",
        "  instruction  not to disclose, to the provider: CETS 224 art. 7(5)(c)",
        "  ground       for refusal, to the issuing authority: Regulation (EU) 2023/1543 art. 12",
    ]
    assert "Which (instruction, ground)" in done.stderr
    assert "On which ground (EPOC:12(1)(a)" in done.stderr
    assert (done.stdout, put[0][0]) == ("", "ground-for-refusal-raised")
    assert run("object", "P-1", stdin="instruction\nG-7-i\n").stdout == ""
    assert put[1][:3] == ("non-disclosure-instructed", "P-1", {"ground": "G-7-i", "scope": "all"})


# -- names and lists ---------------------------------------------------------------------------------------------------


def test_an_order_is_given_a_name_and_another_order_cannot_have_it(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    main, second = (reply("show", name, "--only", ledger=ledger)["order"] for name in ("main", "second"))
    done = run("order", "rename", "main", "karsk-123", ledger=ledger)
    assert (done.exit_code, done.stdout, done.stderr) == (Exit.DONE, f"karsk-123 is the order {main}\n", "")
    assert reply("order", "rename", "karsk-123", "karsk-123", ledger=ledger)["order"] == main
    taken = run("order", "rename", "second", "karsk-123", ledger=ledger)
    assert taken.exit_code == Exit.REFUSED
    assert f"NAME-TAKEN name: an order is called 'karsk-123' already, {main[:8]}" in taken.stderr.replace("\n", " ")
    assert "a name of one's own fits one order alone" in taken.stderr
    for bad in ("", "a\nb", "a\u202eb"):
        refused = run("order", "rename", "second", bad, ledger=ledger)
        assert (refused.exit_code, "FACT name: expected " in refused.stderr) == (Exit.REFUSED, True), bad
    assert json.loads((ledger / "names.json").read_text("utf-8"))["orders"] == {"karsk-123": main}
    rows = {row.split("\t")[1]: row.split("\t")[0] for row in run("orders", ledger=ledger).stdout.splitlines()}
    assert rows == {main: "karsk-123", second: "second"}
    named = {each["order"]: each["name"] for each in reply("orders", ledger=ledger)["orders"]}
    assert named == {main: "karsk-123", second: None}


def test_orders_are_rows_of_name_id_instrument_and_state(s1: Path) -> None:
    order = "759427d8-1153-5992-988f-bcef32246d2d"
    assert run("orders", ledger=s1).stdout == f"main\t{order}\t2AP-7\tDISCLOSED\n"
    lines = run("orders", "--format", "csv", ledger=s1).stdout.splitlines()
    assert lines == ["ref,order,instrument,state", f"main,{order},2AP-7,DISCLOSED"]
    done = run("orders", "--as-of", "2027-03-10T00:00:00Z", "--json", ledger=s1)
    (item,) = json.loads(done.stdout)["orders"]
    due = item.pop("due")
    assert [(each["id"], each["due"]) for each in due] == [
        ("D-7-7", "2027-04-01T22:00:00Z"),
        ("NOTICE-REVIEW", "2027-06-02T00:00:00Z"),
    ]
    assert item == {
        "ref": None,
        "order": order,
        "label": "main",
        "name": None,
        "instrument": "2AP-7",
        "state": "SERVED",
        "case_ref": "KA-2027-0311",
        "authority": "ilves",
        "from": "XO",
        "to": "XV",
        "providers": ["skylark"],
        "issued_on": "2027-03-01T09:40:00Z",
        "last_on": "2027-03-05T09:00:00Z",
        "entries": 9,
        "findings": {},
    }


def test_an_order_of_no_name_is_called_by_its_reference(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    (item,) = house.reply("orders")["orders"]
    assert (item["ref"], item["label"], item["name"]) == ("PPO-1", None, None)
    assert house.run("orders").stdout == f"PPO-1\t{item['order']}\t2AP-7\tISSUED\n"


def test_the_template_of_an_address_book_is_printed_alone_and_explained_beside_it() -> None:
    done = run("offices", "add", "--template")
    assert (done.exit_code, done.stdout) == (Exit.DONE, template())
    assert done.stderr.splitlines() == [
        *(f"  {name}: {says}" for name, says in COLUMNS.items()),
        "put your own offices in their place; then, for a new ledger:",
        "  comity init ledger --origin ledger.example/xo/karsk --offices offices.csv",
    ]
    without = run("offices", "add")
    assert without.exit_code == Exit.USAGE
    assert "which address book?" in without.stderr
    assert "comity offices add FILE.csv; --template prints an example" in without.stderr


# -- views, vocabulary, schema, stories --------------------------------------------------------------------------------


def test_a_view_is_made_by_the_next_list_and_made_again_on_request(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    for file in ledger.glob("views.db*"):
        file.unlink()
    assert run("views", ledger=ledger).stdout == "There is no view yet: the next list makes it.\n"
    assert reply("views", ledger=ledger) == {"format": "comity.views/1", "size": 39, "views": []}
    run("orders", ledger=ledger)
    for words in ((), ("--rebuild",)):
        found = reply("views", *words, ledger=ledger)
        (item,) = found["views"]
        assert (found["size"], item["file"], item["applied"], item["orders"]) == (39, "views.db", 39, 1)
        assert (item["current"], item["answers"]) == (True, True)
        assert item["bytes"] == (ledger / "views.db").stat().st_size
        rules = item["rules"]
        assert run("views", *words, ledger=ledger).stdout == f"views.db: 39 of 39 entries, 1 order, rules {rules}\n"
        assert len(rules) == 16


def test_a_kind_is_explained_field_by_field() -> None:
    done = run("vocabulary", "custody-transferred")
    paragraphs = done.stdout.rstrip("\n").split("\n\n")
    assert paragraphs[0].split("\n") == [
        "custody-transferred: The exhibit changes hands.",
        "signed as RET, ISS, SEEK, LAB, CT",
        "basis ISO27037:6.1",
    ]
    assert paragraphs[1] == "  exhibit  required\n    The exhibit number. (str)"
    assert paragraphs[4].split("\n")[1] == "    Outcome of comparing digests. (code of equal, differ, not-checked)"
    sealed = (
        "  digest_before    [sealed]\n    SHA-256 as released. (str)\n    readers: ISS, SEEK, RET, LAB, CT, DEF, EXP"
    )
    assert paragraphs[5] == sealed
    assert paragraphs[-1].split("\n") == [
        "  why  with `--replaces`  [sealed]",
        "    Why this entry replaces the one it names; stated by every replacement, and",
        "    by no other entry. (text)",
        "    readers: those who may read all sealed fields of the entry that is replaced",
    ]
    unread = run("vocabulary", "report-issued").stdout
    assert "readers: everybody" not in unread
    rows = list(csv.reader(run("vocabulary", "custody-transferred", "--format", "csv").stdout.splitlines()))
    assert rows[:2] == [
        ["field", "type", "required", "readers", "says"],
        ["exhibit", "str", "required", "everybody", "The exhibit number."],
    ]
    assert rows[5] == ["digest_before", "str", "", "ISS, SEEK, RET, LAB, CT, DEF, EXP", "SHA-256 as released."]
    coloured = run("vocabulary", "custody-transferred", "--color", "always").stdout
    assert coloured.startswith("\x1b[1mcustody-transferred\x1b[0m: ")
    assert "\n  \x1b[1mexhibit\x1b[0m  required\n" in coloured
    assert "\n  \x1b[1mwhy\x1b[0m  with" in coloured


def test_a_kind_that_rests_on_no_provision_has_no_line_of_its_basis() -> None:
    for kind, fact in KINDS.items():
        basis = run("vocabulary", kind).stdout.split("\n")[2]
        assert basis == (f"basis {', '.join(fact.basis)}" if fact.basis else ""), kind
        if not fact.basis:
            break


def test_a_code_is_explained_with_its_provision_or_who_uses_it() -> None:
    done = run("vocabulary", "login-ip")
    about = "    about: subscriber, identification in EU law; 2AP:7(9)(b)"
    assert done.stdout.rstrip("\n").split("\n") == ["login-ip (elements): IP addresses at login", about]
    assert reply("vocabulary", "name")["codes"][0]["about"] == "subscriber; BC:18(3)(b)"
    lab = run("vocabulary", "LAB").stdout.split("\n")
    assert lab[0] == "LAB (roles): evidence custodian or forensic examiner"
    assert lab[1].startswith("    signs: ")
    used = reply("vocabulary", "LAB")["codes"][0]["used"]
    assert used == sorted(kind for kind, fact in KINDS.items() if "LAB" in fact.signers)
    three = run("vocabulary", "conditions", "--format", "csv").stdout.splitlines()
    assert three[0] == "code,says", "no provision stands with these codes"
    assert run("vocabulary", "grounds", "--format", "csv").stdout.startswith("code,says,about\n")
    equal = run("vocabulary", "differ").stdout
    assert "    in: " in equal
    bold = run("vocabulary", "login-ip", "--color", "always").stdout
    assert bold.startswith("\x1b[1mlogin-ip\x1b[0m (elements):")


def test_lists_and_kinds_are_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = list(csv.reader(run("vocabulary", "lists", "--format", "csv").stdout.splitlines()))
    assert lists[:2] == [["name", "says", "codes"], ["roles", "The roles in which offices sign.", "21"]]
    kinds = list(csv.reader(run("vocabulary", "--format", "csv").stdout.splitlines()))
    assert kinds[0] == ["kind", "group", "signers", "says"]
    assert [row[0] for row in kinds[1:]] == sorted(KINDS)
    transferred = next(row for row in kinds if row[0] == "custody-transferred")
    assert transferred[2:] == ["RET, ISS, SEEK, LAB, CT", "The exhibit changes hands."]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("order-isued", "`comity vocabulary order-issued`?"),
        ("lsts", "`comity vocabulary lists`?"),
        ("qqqqqqqq", "`comity vocabulary` lists the kinds, `comity vocabulary lists` the lists of codes"),
    ],
)
def test_a_word_that_no_list_has_is_usage_with_a_hint(typed: str, hint: str) -> None:
    done = run("vocabulary", typed)
    assert done.exit_code == Exit.USAGE
    answer = " ".join(done.stderr.split())
    assert f"no kind, list or code '{typed}'" in answer
    assert answer.endswith(hint)
    assert words_of.LISTS == "lists"


def test_a_schema_is_named_in_short_and_a_slip_is_answered() -> None:
    assert json.loads(run("schema", "orders").stdout)["title"] == "comity.orders/1"
    done = run("schema", "ordrs")
    assert (done.exit_code, "no document is called 'ordrs'" in done.stderr) == (Exit.USAGE, True)
    assert "`comity schema comity.orders/1`?" in done.stderr
    assert "`comity schema` lists them" in run("schema", "qqqqqqqqqqqqqqqqqqqqqqq").stderr
    rows = list(csv.reader(run("schema", "--format", "csv").stdout.splitlines()))
    assert rows[0] == ["name", "says"]
    assert rows[1] != [
        "comity.orders/1",
        "Orders of a ledger; `of` is the number that match, `next` the cursor of the page that",
    ], "sorted by name"
    assert [row[0] for row in rows[1:]] == sorted(documents())
    known = documents()
    assert {"comity.names/1", "comity.story/1", "comity.report-custody/1", "comity.error/1"} <= known.keys()


def test_a_schema_requires_the_format_and_checks_times_by_their_form() -> None:
    schema = schema_of("comity.views/1")
    assert list(schema) == ["$schema", "title", "description", "type", "properties", "required", "$defs"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["format"] == {"const": "comity.views/1"}
    assert (next(iter(schema["properties"])), schema["required"]) == ("format", ["format", "size", "views"])
    assert list(schema["$defs"]) == ["ViewItem"]
    assert "$defs" not in schema_of("comity.names/1")
    found = json.dumps(schema_of("comity.queue/1"))
    assert "date-time" not in found
    fractions = {"type": "number"}
    time = {"type": "string", "format": "date-time"}
    part = {"a": [fractions, time, {"type": "string", "format": "other"}], "description": "  one\n    two", "b": 1}
    made = _checkable(part)
    assert made["a"][0] == {"type": "string"}
    assert made["a"][1]["pattern"].endswith(r"\dZ$")
    assert made["a"][2] == {"type": "string", "format": "other"}
    assert (made["description"], made["b"]) == ("one\ntwo", 1)
    assert _checkable("  kept  ") == "  kept  "


def test_a_document_of_several_classes_is_any_of_them() -> None:
    several = [(name, classes) for name, classes in documents().items() if len(classes) > 1]
    for name, classes in several:
        schema = schema_of(name)
        assert len(schema["anyOf"]) == len(classes)
        assert {each.__name__ for each in classes} <= schema["$defs"].keys()
    one: list[type[Struct]] = [type("One", (Struct,), {"__doc__": "One line.\n\n    More."})]
    assert _about(list(one)).startswith("One line.")


def test_a_played_story_is_printed_with_its_orders(tmp_path: Path) -> None:
    story = STORIES / "S1.toml"
    into = tmp_path / "made"
    done = run("play", str(story), "--into", str(into))
    order = "759427d8-1153-5992-988f-bcef32246d2d"
    title = done.stdout.split("\n")[0]
    assert done.exit_code == Exit.DONE
    assert title.startswith("S1: ")
    assert done.stdout.split("\n")[1:] == [f"15 facts recorded in {into}", f"  order main         {order}", ""]
    answer = reply("play", str(story))
    assert (answer["facts"], answer["orders"], answer["ledger"], answer["expectations"]) == (
        *(15, {"main": order}, None, []),
    )
    lines = run("play", str(story), "--check", "--format", "csv").stdout.splitlines()
    assert (lines[0], len(lines)) == ("verdict,about,says", 6)
    assert [line.partition(" as ")[0] for line in lines[1:]] == ["holds,main"] * 5
    coloured = run("play", str(story), "--check", "--color", "always").stdout
    assert coloured.count("\x1b[32mholds  \x1b[0m  main as ") == 5


def test_what_differs_from_a_story_is_red(tmp_path: Path) -> None:
    text = (STORIES / "S1.toml").read_text("utf-8")
    (tmp_path / "changed.toml").write_text(text.replace('state = "SERVED"', 'state = "ISSUED"'), "utf-8")
    done = run("play", str(tmp_path / "changed.toml"), "--check", "--color", "always")
    assert done.exit_code == Exit.FINDINGS
    differing = [line for line in done.stdout.splitlines() if "differs" in line]
    assert differing
    assert all(line.startswith("\x1b[31m\x1b[1mdiffers\x1b[0m  main as of ") for line in differing)
    assert all(line.endswith("state: expected ISSUED, found SERVED") for line in differing)


@pytest.mark.parametrize(
    ("called", "words", "ends"),
    [
        (order_commands.rename, ("main", "mine"), Exit.DONE),
        (play.play, (str(STORIES / "S1.toml"),), Exit.DONE),
        (register.register, ("--as-of", "2027-02-01T00:00:00Z"), Exit.DONE),
        (register.register, ("main", "--question", "3"), Exit.DONE),
        (register.register, ("main",), Exit.FINDINGS),
        (subject.reindex, (), Exit.DONE),
        (subject.find, ("skyl-1", "--because", "x", "--purpose", "rights-request", "--as", "ilves"), Exit.DONE),
    ],
)
def test_a_command_returns_how_it_ended(
    called: Any, words: tuple[str, ...], ends: Exit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMITY_PERSON", PERSON)
    obj = Invocation(ledger=str(ledger_of("S1", tmp_path)))
    assert called.main(list(words), standalone_mode=False, obj=obj) is ends
