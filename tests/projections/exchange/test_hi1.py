"""An order's leg to its provider as an HI-1 message, and back: what is lost on the way is what `lossy` names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from ledger.application.journal import Journal
from ledger.entries.case import Case, Entry, Unread
from ledger.facts import KINDS, WHY
from projections.exchange.hi1_reader import NoMessage, rows_of
from projections.exchange.hi1_writer import DISCLOSURE, OWNER, PRESERVATION, OmittedValue, hi1
from tests.support.cli import STORIES, ledger_of, reply, run
from tests.support.import_tables import entries
from tests.support.scenarios import LABELS, Fact, by_issuer, by_provider, given, issued, received, sent

ORDER = "759427d8"  # of S1

# As `lea.py` of ts103976 (MIT) makes a request: a task and no authorisation, in ETSI's own words.
_TASK = {
    "@xsi:type": "{http://uri.etsi.org/03120/common/2020/09/Task}LDTaskObject",
    "ObjectIdentifier": "0d5dc1e2-1d4f-4c06-9f7e-2c4a52e2b8f1",
    "CountryCode": "XO",
    "OwnerIdentifier": "ilves",
    "task:Reference": "XO-1-17",
    "task:RequestDetails": {
        "task:Type": {"common:Owner": "ETSI", "common:Name": "TS103976RequestType", "common:Value": "VINtoCommsID"},
        "task:RequestValues": {
            "task:RequestValue": [
                {
                    "task:FormatType": {"task:FormatOwner": "ETSI", "task:FormatName": "VIN"},
                    "task:Value": "1G9Y817H34LSP7293",
                }
            ]
        },
    },
}


def message(*objects: Mapping[str, Any], action: str = "CREATE") -> bytes:
    """Return a message of another program."""
    requests = [{"ActionIdentifier": n, action: {"HI1Object": o}} for n, o in enumerate(objects)]
    ends = {"CountryCode": "XO", "UniqueIdentifier": "LEA of Orsinia"}, {"CountryCode": "XV", "UniqueIdentifier": "CSP"}
    header = {"SenderIdentifier": ends[0], "ReceiverIdentifier": ends[1], "Timestamp": "2026-11-24T13:37:44.123456Z"}
    return json.dumps(
        {"Header": header, "Payload": {"RequestPayload": {"ActionRequests": {"ActionRequest": requests}}}}
    ).encode()


def case_of(ledger: Path, order: str) -> Case:
    """Return an order, opened as far as its keys are here."""
    with Journal.open(ledger, writable=False) as journal:
        return journal.case(journal.find(order))


def expected(case: Case, lossy: tuple[OmittedValue, ...]) -> Iterator[tuple[Any, ...]]:
    """Return what of an order should come back: everything that is not named as lost."""
    gone = {lost.entry for lost in lossy if lost.field is None}
    less = {(lost.entry, lost.field) for lost in lossy}
    for e in case.entries:
        kind = KINDS[e.kind]
        if e.leaf not in gone and not kind.shown_to:
            yield said(e, {name for name in (*kind.fields(), WHY.name) if (e.leaf, name) not in less}, case)


def said(e: Entry, names: set[str], case: Case) -> tuple[Any, ...]:
    """Return what an entry says; the entries that it names are given by kind and time."""
    others = {o.leaf: (o.kind, o.on) for o in case.entries}
    fields = {**KINDS[e.kind].fields(), WHY.name: WHY}

    def plain(value: Any) -> Any:
        return (
            [others.get(v, v) if isinstance(v, str) else v for v in value]
            if isinstance(value, list)
            else others.get(value, value)
            if isinstance(value, str)
            else value
        )

    stated = {}
    for name, value in {**e.public, **e.sealed}.items():
        never_told = fields[name].always and "SP" not in fields[name].audience
        if name in names and not never_told and value is not None and not isinstance(value, Unread):
            stated[name] = plain(value)
    return e.kind, e.on, e.actor, stated


FEW = ("S1", "S3")
ALL = sorted(path.stem for path in STORIES.glob("*.toml"))


@pytest.mark.parametrize("name", [n if n in FEW else pytest.param(n, marks=pytest.mark.slow) for n in ALL])
def test_a_message_written_and_taken_over_loses_only_what_lossy_names(name: str, tmp_path: Path) -> None:
    ledger = ledger_of(name, tmp_path)
    orders = json.loads((ledger / "story.json").read_text())["orders"]
    for label, id in orders.items():
        case = case_of(ledger, id)
        raw, lossy = hi1(case, reveal=True)
        if not raw:
            continue
        document = json.loads(raw)
        for request in document["Payload"]["RequestPayload"]["ActionRequests"]["ActionRequest"]:
            if "auth:AuthorisationJurisdiction" in request["CREATE"]["HI1Object"]:
                request["CREATE"]["HI1Object"].setdefault("auth:AuthorisationReference", f"again-{label}")
        file = tmp_path / f"{label}.json"
        file.write_text(json.dumps(document))
        issued = next(e for e in case.entries if e.kind == "order-issued")
        reply("import", "hi1", str(file), "--as", issued.by, "--role", issued.role, "--unregistered", ledger=ledger)
        back = case_of(ledger, _reference(document))
        found = sorted((said(e, set(KINDS[e.kind].fields()), back) for e in back.entries), key=repr)
        wanted = sorted(expected(case, lossy), key=repr)
        for _, _, _, fields in found:
            fields.pop("reference", None)
        for _, _, _, fields in wanted:
            fields.pop("reference", None)
        assert found == wanted


def _reference(document: Any) -> str:
    requests = document["Payload"]["RequestPayload"]["ActionRequests"]["ActionRequest"]
    return str(requests[0]["CREATE"]["HI1Object"]["auth:AuthorisationReference"])


def test_a_message_tells_nothing_a_provider_may_not_read(tmp_path: Path) -> None:
    case = case_of(
        ledger_of("S2", tmp_path),
        next(iter(json.loads((tmp_path / "ledger" / "story.json").read_text())["orders"].values())),
    )
    text, _ = hi1(case, reveal=True)
    hidden = [
        value
        for e in case.entries
        for name, value in e.sealed.items()
        if isinstance(value, str) and "SP" not in e.audience.get(name, KINDS[e.kind].fields()[name].audience)
    ]
    assert hidden
    assert not [value for value in hidden if json.dumps(value, ensure_ascii=False)[1:-1].encode() in text]
    assert b"validation_pending" not in text


def test_what_a_provider_may_not_know_of_changes_no_byte(tmp_path: Path) -> None:
    ledger = ledger_of("emergency-validation-refused", tmp_path)
    hidden: list[Entry] = []
    for order in json.loads((ledger / "story.json").read_text())["orders"].values():
        case = case_of(ledger, order)
        beside = [e for e in case.entries if KINDS[e.kind].shown_to]
        shown = tuple(e for e in case.entries if e not in beside)
        assert hi1(case, reveal=True) == hi1(Case(case.order, case.instrument, shown, case.registry), reveal=True)
        hidden += beside
    assert hidden


def test_without_reveal_nothing_sealed_is_told(tmp_path: Path) -> None:
    case = case_of(ledger_of("S1", tmp_path), ORDER)
    closed, lossy = hi1(case)
    opened, _ = hi1(case, reveal=True)
    assert b"skyl-4471" in opened
    assert b"skyl-4471" not in closed
    assert OmittedValue(case.entries[1].leaf, "order-issued", "identifiers", "sealed, and not opened") in lossy


def test_the_same_order_gives_the_same_bytes(tmp_path: Path) -> None:
    case = case_of(ledger_of("S1", tmp_path), ORDER)
    assert hi1(case, reveal=True) == hi1(case, reveal=True)


def test_the_command_writes_the_message_and_names_what_is_lost(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    result = run("export", "main", "--format", "hi1", "-o", str(tmp_path / "m.json"), ledger=ledger)
    assert result.exit_code == 0, result.output
    assert "order-issued.summary_of_facts: not for the provider" in result.stderr
    lossy = json.loads((tmp_path / "m.json").read_text())["Payload"]["RequestPayload"]["ActionRequests"][
        "ActionRequest"
    ][0]
    told_there = lossy["CREATE"]["HI1Object"]["auth:NationalAuthorisationParameters"]["comity:lossy"]
    assert {"customer-notified", "every entry"} <= {lost["kind"] for lost in told_there}


def test_a_message_as_of_a_moment_has_only_what_was_on_record_then(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    case = case_of(ledger, ORDER)
    issued_at = next(e.at for e in case.entries if e.kind == "order-issued")
    for name, more in (("now", ()), ("then", ("--as-of", issued_at.isoformat()))):
        assert run("export", "main", "--format", "hi1", *more, "-o", str(tmp_path / name), ledger=ledger).exit_code == 0
    kinds = [{row["kind"] for row in rows_of((tmp_path / name).read_bytes(), None)[0]} for name in ("now", "then")]
    assert "order-issued" in kinds[1]
    assert "order-issued" in kinds[0] - {"order-transmitted"}
    assert kinds[1] < kinds[0]


def test_a_message_taken_twice_is_recorded_once(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    raw, _ = hi1(case_of(ledger, ORDER), reveal=True)
    (tmp_path / "m.json").write_bytes(raw)
    run("import", str(tmp_path / "m.json"), "--as", "ilves", ledger=ledger)
    size = len(entries(ledger))
    answer = reply("import", "hi1", str(tmp_path / "m.json"), "--as", "ilves", ledger=ledger)
    assert (answer["recorded"], len(entries(ledger))) == (0, size)


def test_anothers_task_becomes_an_order_and_its_own_words_are_told(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    (tmp_path / "m.json").write_bytes(message(_TASK))
    asked = ("import", "hi1", str(tmp_path / "m.json"), "--as", "ilves")
    assert run(*asked, ledger=ledger).exit_code == 2
    result = run(*asked, "--instrument", "2AP-7", ledger=ledger)
    assert result.exit_code == 0, result.output
    assert "not understood, and left out: ETSI TS103976RequestType VINtoCommsID" in result.stderr
    (issued,) = case_of(ledger, "XO-1-17").entries
    assert (issued.get("identifiers"), issued.get("to_party")) == (["1G9Y817H34LSP7293"], "XV")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"no", "not JSON"),
        (b"[]", "not an HI-1 message"),
        (b'{"Header": {}}', "not an HI-1 message"),
        (message("text"), "not an HI-1 message"),  # type: ignore[arg-type]
        (message({"@xsi:type": "x"}, action="CREATE").replace(b"HI1Object", b"Other"), "not an HI-1 message"),
    ],
)
def test_what_is_no_message_is_said(raw: bytes, says: str) -> None:
    with pytest.raises(NoMessage, match=says):
        rows_of(raw)


@pytest.mark.parametrize(
    ("span", "lost"),
    [("2026-01-01/2026-02-01", False), ("2026-01-01", True), ("last winter", True), (None, False)],
)
def test_a_time_range_is_two_days_or_named_as_lost(span: str | None, lost: bool) -> None:
    story = given(issued("2027-03-01T09:00Z", **({"time_range": span} if span else {})))
    raw, lossy = hi1(story.case, reveal=True)
    assert [one.field for one in lossy].count("time_range") == lost
    (row,) = rows_of(raw)[0]
    assert row.get("time_range") == (None if lost else span)


def test_a_word_of_another_owner_is_not_ours_whatever_its_name() -> None:
    raw, _ = hi1(given(issued("2027-03-01T09:00Z")).case, reveal=True)
    (row,), unread = rows_of(raw)
    assert unread == []
    others, unread = rows_of(raw.replace(f'"{OWNER}"'.encode(), b'"Else"'), "2AP-7")
    stated = {name for name, value in row.items() if value} - {name for each in others for name, v in each.items() if v}
    assert stated, "some values are in words of our own dictionary"
    assert "Else" in {each.split()[0] for each in unread}
    named = _TASK["task:RequestDetails"]["task:Type"]["common:Name"]  # type: ignore[index]
    (_,), unread = rows_of(
        message(_TASK).replace(named.encode(), b"RequestType").replace(b"ETSI", OWNER.encode()), "VOL"
    )
    assert unread == [f"{OWNER} RequestType VINtoCommsID"]


@pytest.mark.parametrize("name", ["LEA of Orsinia", "Ilves", "i" * 201, 7, "ilves", "i" * 200])
def test_a_signer_is_read_by_its_identifier_and_any_other_name_is_said(name: Any) -> None:
    (row,), unread = rows_of(message({**_TASK, "OwnerIdentifier": name}), "2AP-7")
    said = [line for line in unread if "no identifier of an office" in line]
    taken = name in ("ilves", "i" * 200)
    assert row.get("actor") == (name if taken else None)
    assert [repr(name) in line for line in said] == ([] if taken else [True])


def test_an_action_that_tells_no_fact_is_named() -> None:
    rows, unread = rows_of(message(_TASK, action="GET"), "2AP-7")
    assert (rows, unread) == ([], ["action 0: GET tells no fact"])


@pytest.mark.parametrize(
    ("instrument", "kind", "numbered"),
    [("2AP-7", DISCLOSURE, True), ("EPOC", DISCLOSURE, True), ("EPOC-PR", PRESERVATION, False)],
)
def test_an_order_to_preserve_is_a_task_to_preserve_and_has_no_reference_of_a_disclosure(
    instrument: str, kind: str, numbered: bool
) -> None:
    order = issued("2027-03-01T09:00Z", instrument=instrument, data_categories=["subscriber"])
    written, _ = hi1(given(order).case)
    tasks = [o for o in objects(json.loads(written)) if o["@xsi:type"] in (DISCLOSURE, PRESERVATION)]
    assert [(task["@xsi:type"], "task:Reference" in task) for task in tasks] == [(kind, numbered)]


def objects(document: Any) -> list[dict[str, Any]]:
    """Return the HI-1 objects of a message."""
    requests = document["Payload"]["RequestPayload"]["ActionRequests"]["ActionRequest"]
    return [action["HI1Object"] for request in requests for action in request.values() if isinstance(action, dict)]


def test_an_export_that_comes_back_into_its_own_ledger_records_nothing_twice(tmp_path: Path) -> None:
    head = "order,kind,occurred,actor,instrument,from_party,to_party,providers,addressee,channel,unregistered\n"
    table = tmp_path / "t.csv"
    table.write_text(
        f"{head}PPO-9,order-issued,2026-03-01T09:40:00Z,,2AP-7,XO,XV,skylark,,,\n"
        "PPO-9,order-transmitted,2026-03-02T08:00:00Z,,,,,,skylark,mail,\n"
        "PPO-9,order-received,2026-03-02T09:00:00Z,skylark,,,,,,,\n"
    )
    ledger = ledger_of("S1", tmp_path)
    reply("import", str(table), "--as", "ilves", ledger=ledger)
    file, again = tmp_path / "m.json", ("import", "hi1", str(tmp_path / "m.json"), "--as", "ilves")
    assert run("export", "PPO-9", "--format", "hi1", "-o", str(file), ledger=ledger).exit_code == 0
    before = len(entries(ledger))
    assert reply(*again, ledger=ledger)["recorded"] == 0
    assert len(entries(ledger)) == before
    changed = file.read_text().replace("2026-03-02T09:00:00", "2026-03-03T09:00:00")
    file.write_text(changed)
    assert reply(*again, ledger=ledger)["recorded"] == 1  # another moment is another fact


# -- what an entry says, and what is lost of it ------------------------------------------------------------------------

ISSUED = issued("2027-03-01T09:00Z")
GOT = received("2027-03-02T09:00Z")
TOO_LATE = "it is dated after its own signature"
PUT_RIGHT = "it was put right by a later entry"
OTHER_ORDER = "it speaks of another order"
NOT_THERE = "the entry it speaks of is not in the message"
CLOSED = "sealed, and not opened"
NO_PLACE = "an approval has no place for it"


def made(*facts: Fact, reveal: bool = True) -> tuple[list[dict[str, Any]], set[tuple[str, str | None, str]]]:
    """Return the objects of a message, and what it lost: label of the entry, field, why."""
    raw, lossy = hi1(given(*facts).case, reveal=reveal)
    said = [asdict(one) for one in lossy]
    (first, *_) = found = objects(json.loads(raw))
    assert first["auth:NationalAuthorisationParameters"] == {"auth:CountryCode": "XO", "comity:lossy": said}
    return found, {(LABELS[one.entry], one.field, one.why) for one in lossy if one.entry}


def signed_early(minutes: int) -> Fact:
    """Return a receipt that is signed so many minutes before it happened."""
    return received("2027-03-02T09:10Z", at=f"2027-03-02T09:{10 - minutes:02}Z")


def doubt(details: Any) -> Fact:
    stated = {"reason_codes": ["incomplete"], "details": details}
    return by_provider("order-referred-back", "2027-03-03T09:00Z", label="doubt", **stated)


def approval(**fields: Any) -> Fact:
    stated = {"capacity": "judge", "decision": "approved", **fields}
    return by_issuer("order-validated", "2027-03-01T09:10Z", label="validated", **stated)


@pytest.mark.parametrize(
    ("facts", "reveal", "lost"),
    [
        pytest.param((GOT,), True, set(), id="nothing"),
        pytest.param((signed_early(5),), True, set(), id="five minutes after its signature: two clocks"),
        pytest.param((signed_early(6),), True, {("receipt", None, TOO_LATE)}, id="six minutes after its signature"),
        pytest.param(
            (GOT, received("2027-03-02T10:00Z", "again", replaces="receipt")),
            True,
            {("receipt", None, PUT_RIGHT)},
            id="replaced",
        ),
        pytest.param(
            (by_issuer("retention-rule-set", "2027-03-02T09:00Z", label="rule", period="P1Y", basis="x"),),
            True,
            {("rule", None, "no object of HI-1 is about this")},
            id="of another group",
        ),
        pytest.param((approval(),), True, set(), id="approval"),
        pytest.param((approval(about="issued"),), True, {("validated", "about", NO_PLACE)}, id="field of an approval"),
        pytest.param(
            (doubt("x"),),
            True,
            set(),
            id="sealed and opened",
        ),
        pytest.param(
            (doubt("x"),),
            False,
            {("doubt", "details", CLOSED)},
            id="sealed and not opened",
        ),
        pytest.param(
            (doubt(Unread.ERASED),),
            True,
            {("doubt", "details", CLOSED)},
            id="erased",
        ),
        pytest.param(
            (GOT, sent("2027-03-03T09:00Z", label="doubt", about="receipt")),
            True,
            set(),
            id="about an entry of the message",
        ),
        pytest.param(
            (GOT, sent("2027-03-03T09:00Z", label="doubt", about="issued")),
            True,
            set(),
            id="about the order",
        ),
        pytest.param(
            (signed_early(9), sent("2027-03-03T09:00Z", label="doubt", about="receipt")),
            True,
            {("receipt", None, TOO_LATE), ("doubt", "about", NOT_THERE)},
            id="about an entry that is left out",
        ),
        pytest.param(
            (by_issuer("emergency-request-formalised", "2027-03-03T09:00Z", label="formal", new_order="next"),),
            True,
            {("formal", None, "a field it cannot be without may not be told here")},
            id="of another order, and required",
        ),
    ],
)
def test_what_a_message_cannot_say_of_an_entry_is_named_once_with_its_reason(
    facts: tuple[Fact, ...], reveal: bool, lost: set[tuple[str, str | None, str]]
) -> None:
    found, named = made(ISSUED, *facts, reveal=reveal)
    assert named == lost
    whole = {label for label, field, _ in lost if field is None}
    in_message = {LABELS[o["ExternalIdentifier"]] for o in found}
    in_message |= {LABELS[a["common:ApprovalReference"]] for a in found[0]["auth:AuthorisationApprovalDetails"]}
    assert in_message == {"issued", *(f.label for f in facts if f.label)} - whole


def test_an_order_that_names_an_earlier_order_does_not_tell_of_it() -> None:
    _, lost = made(issued("2027-03-01T09:00Z", prior_order="earlier"))
    assert lost == {("issued", "prior_order", OTHER_ORDER)}


def test_why_an_entry_replaces_another_is_not_in_the_message() -> None:
    case = given(ISSUED, GOT, received("2027-03-02T10:00Z", "again", replaces="receipt")).case
    *before, last = case.entries
    case = with_fields(case, entries=(*before, with_fields(last, sealed={"why": "a typo"})))
    raw, lossy = hi1(case, reveal=True)
    assert b"a typo" not in raw
    assert OmittedValue(last.leaf, "order-received", "why", "a message does not say what it puts right") in lossy


def test_an_authorisation_has_the_times_of_its_order_and_a_state_where_it_was_withdrawn() -> None:
    gone = by_issuer("order-withdrawn", "2027-03-05T09:00Z", data_handling="none-held")
    order = issued("2027-03-01T09:00Z", reference="E-7", emergency=True, issuing_authority="orn")
    bare, whole = made(ISSUED)[0][0], made(order, approval(), GOT, gone)[0][0]
    times = {name: f"auth:Authorisation{name}Timestamp" for name in ("Creation", "Served", "Termination")}
    assert {name: whole[key] for name, key in times.items()} == {
        "Creation": "2027-03-01T09:00:00Z",
        "Served": "2027-03-02T09:00:00Z",
        "Termination": "2027-03-05T09:00:00Z",
    }
    assert [name for name, key in times.items() if key in bare] == ["Creation"]
    assert whole["auth:AuthorisationDesiredStatus"]["common:Value"] == "Cancelled"
    assert "auth:AuthorisationDesiredStatus" not in bare
    assert (whole["auth:AuthorisationReference"], "auth:AuthorisationReference" in bare) == ("E-7", False)
    assert (whole["auth:AuthorisationLegalEntity"], "auth:AuthorisationLegalEntity" in bare) == ("orn", False)
    validated, own = whole["auth:AuthorisationApprovalDetails"]
    assert validated["common:ApproverDetails"] == {"common:ApproverName": "ilves", "common:ApproverRole": "judge"}
    assert (validated["common:ApprovalDescription"], own["common:ApprovalIsEmergency"]) == ("approved", True)
    (own,) = bare["auth:AuthorisationApprovalDetails"]
    assert own["common:ApproverDetails"] == {"common:ApproverName": "ilves", "common:ApproverRole": "ISS"}
    assert "common:ApprovalIsEmergency" not in own


@pytest.mark.parametrize(
    ("stated", "country", "to"),
    [
        ({}, "XV", "skylark"),
        ({"providers": ["fjord", "skylark"]}, "XV", "fjord"),
        ({"providers": []}, "XV", "provider"),
        ({"to_party": "XVA"}, "XX", "skylark"),
    ],
)
def test_a_message_goes_from_the_office_of_the_order_to_the_first_provider(
    stated: dict[str, Any], country: str, to: str
) -> None:
    raw, _ = hi1(given(issued("2027-03-01T09:00Z").changed(**stated), GOT).case)
    header = json.loads(raw)["Header"]
    assert header["SenderIdentifier"] == {"CountryCode": "XO", "UniqueIdentifier": "ilves"}
    assert header["ReceiverIdentifier"] == {"CountryCode": country, "UniqueIdentifier": to}
    assert header["Timestamp"] == "2027-03-02T09:00:00.000000Z", "the last entry that it tells"


def test_an_order_that_was_never_issued_gives_no_message_and_each_entry_is_lost() -> None:
    raw, lossy = hi1(given(GOT).case)
    assert raw == b""
    assert [(LABELS[one.entry], one.kind, one.field, one.why) for one in lossy] == [
        ("receipt", "order-received", None, "the order was never issued")
    ]


@pytest.mark.parametrize(("length", "where"), [(255, "value"), (256, "details"), (65_535, "details"), (65_536, "lost")])
def test_a_long_text_stands_in_the_details_and_one_that_is_too_long_is_lost(length: int, where: str) -> None:
    found, lost = made(ISSUED, doubt("x" * length))
    _, *statuses = found[-1]["notification:StatusOfAssociatedObjects"]["notification:AssociatedObjectStatus"]
    assert lost == ({("doubt", "details", "longer than 65535 characters")} if where == "lost" else set())
    if where == "lost":
        assert statuses == []
        return
    (status,) = statuses
    assert status["notification:Status"]["common:Value"] == ("see Details" if where == "details" else "x" * length)
    assert status.get("notification:Details") == (None if where == "value" else "x" * length)


def test_that_a_field_was_stated_of_which_a_provider_knows_nothing_is_not_named_as_lost() -> None:
    _, lost = made(issued("2027-03-01T09:00Z", validation_pending=True, summary_of_facts="x"))
    assert lost == {("issued", "summary_of_facts", "not for the provider")}


@pytest.mark.parametrize(
    ("categories", "elements", "tasks"),
    [
        (["subscriber", "traffic"], ["name"], ["subscriber", "traffic"]),
        ([], ["name"], [None]),
        ([], [], []),
        (["subscriber"], [], ["subscriber"]),
    ],
)
def test_there_is_a_task_for_each_category_and_one_without_for_what_is_asked_in_none(
    categories: list[str], elements: list[str], tasks: list[str | None]
) -> None:
    found, _ = made(issued("2027-03-01T09:00Z", data_categories=categories).changed(elements_sought=elements))
    asked = [o["task:RequestDetails"] for o in found if o["@xsi:type"] == DISCLOSURE]
    assert [details.get("task:Type", {}).get("common:Value") for details in asked] == tasks
    assert all(("task:Subtype" in details) is bool(elements) for details in asked)
