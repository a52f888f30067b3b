"""`comity record`: an entry is read, checked by the law, signed and stored once; a failure stores nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.tlog.note import parse_vkey
from ledger.tlog.policy import parse_policy
from ledger.tlog.tree import check_inclusion, parse_proof
from tests.support.cli import House, ledger_of, reply, run, size

ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S2", tmp_path)


def entries(ledger: Path, order: str = "main") -> list[dict[str, Any]]:
    return list(reply("timeline", order, ledger=ledger)["timeline"])


def test_a_fact_is_recorded_by_its_actor_in_the_role_that_fits(ledger: Path) -> None:
    receipt = reply("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", ledger=ledger)
    assert receipt["format"] == "comity.receipt/1"
    newest = entries(ledger)[-1]
    assert (newest["kind"], newest["by"], newest["role"], newest["leaf"]) == (
        *("order-closed", "ilves", "ISS"),
        receipt["leaf"],
    )


@pytest.mark.parametrize("named", ["#2", 2, "2"])
@pytest.mark.parametrize(
    ("kind", "field", "more"),
    [
        ("order-corrected", "corrects", {"material": False, "changed_fields": ["case_ref"], "changes": "a typo"}),
        ("receipt-disputed", "about", {"claimed_on": "2027-03-02T00:00:00Z"}),
    ],
)
def test_a_file_names_an_entry_as_the_command_line_does(
    kind: str, field: str, more: dict[str, Any], named: str | int, ledger: Path, tmp_path: Path
) -> None:
    (tmp_path / "fact.json").write_text(json.dumps({field: named, **more}))
    words = ("record", kind, "main", "--from", str(tmp_path / "fact.json"), "--as")
    done = reply(*words, "ilves" if kind == "order-corrected" else "harbor", "--dry-run", ledger=ledger)
    assert done["public"][field] == entries(ledger)[1]["leaf"]


def test_a_file_keeps_a_whole_hash_and_names_an_order_by_its_reference(ledger: Path, tmp_path: Path) -> None:
    order = {"instrument": "2AP-7", "to_party": "XV", "supervision": "a" * 64, "prior_order": "main"}
    (tmp_path / "fact.json").write_text(json.dumps(order))
    words = ("issue", "--from", str(tmp_path / "fact.json"), "--as", "ilves", "--dry-run")
    done = reply(*words, ledger=ledger)["public"]
    assert done["supervision"] == "a" * 64
    assert done["prior_order"] == entries(ledger)[0]["order"]
    (tmp_path / "fact.json").write_text(json.dumps(order | {"supervision": "#77"}))
    wrong = run(*words, ledger=ledger)
    assert (wrong.exit_code, "no entry '#77' here" in wrong.stderr) == (Exit.USAGE, True)


def test_the_receipt_proves_that_the_entry_stands_in_the_log(ledger: Path, tmp_path: Path) -> None:
    args = ("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves")
    receipt = reply(*args, "--receipt", str(tmp_path / "receipt"), ledger=ledger)
    proof = parse_proof((tmp_path / "receipt").read_bytes())
    key = parse_policy((ledger / "trust" / "policy").read_bytes()).logs[0]
    assert parse_vkey(key.text) == key
    from ledger.tlog.note import open_checkpoint

    head = open_checkpoint(proof.note, receipt["origin"], key, ()).checkpoint
    check_inclusion(proof.index, head.size, bytes.fromhex(receipt["leaf"]), proof.path, head.root)
    assert proof.index == receipt["index"]


def test_what_the_law_will_say_is_shown_before_signing_and_refuses_nothing(ledger: Path) -> None:
    done = run("object", "main", "--instruction", "G-7-i", "--as", "ncco", ledger=ledger)
    assert done.exit_code == 0
    assert "W-7-LATE-INSTRUCTION" in done.stderr
    assert entries(ledger)[-1]["kind"] == "non-disclosure-instructed"


def test_a_role_that_cannot_do_this_is_recorded_and_is_a_finding(ledger: Path) -> None:
    done = run("record", "order-withdrawn", "main", "-f", "data_handling=keep", "--as", "orn", "--yes", ledger=ledger)
    assert done.exit_code == 0
    assert "V-AUTHORITY" in done.stderr
    assert entries(ledger)[-1]["role"] == "RET"


def test_a_dry_run_records_nothing_and_what_it_prints_can_be_recorded(ledger: Path, tmp_path: Path) -> None:
    before = size(ledger)
    args = ("record", "use-restricted", "main", "-f", "scope=all", "-f", "reasons=Locked.", "--as", "orn")
    done = run(*args, "--dry-run", ledger=ledger)
    assert done.exit_code == 0
    fact = json.loads(done.stdout)
    assert fact["format"] == "comity.fact/1"
    assert (fact["public"], fact["sealed"]) == ({"scope": "all"}, {"reasons": "Locked."})
    assert size(ledger) == before
    (tmp_path / "fact.json").write_text(done.stdout)
    reply("record", "use-restricted", "main", "--from", str(tmp_path / "fact.json"), "--as", "orn", ledger=ledger)
    assert size(ledger) == before + 1


def test_a_fact_is_read_from_standard_input(ledger: Path) -> None:
    args = ("record", "use-restricted", "main", "--from", "-", "--as", "orn")
    assert run(*args, ledger=ledger, stdin='{"scope": "all"}').exit_code == 0


def test_the_same_id_records_once_and_another_fact_under_it_is_a_conflict(ledger: Path) -> None:
    args = ("record", "order-closed", "main", "--as", "ilves", "--id", ID)
    first = reply(*args, "-f", "outcome=answered", ledger=ledger)
    before = size(ledger)
    again = reply(*args, "-f", "outcome=answered", ledger=ledger)
    assert (again["leaf"], again["already"]) == (first["leaf"], True)
    other = run(*args, "-f", "outcome=refused", ledger=ledger)
    assert other.exit_code == Exit.REFUSED
    assert "CONFLICT" in other.stderr
    assert size(ledger) == before


def test_what_cannot_be_undone_asks_and_without_a_person_nothing_happens(ledger: Path) -> None:
    before = size(ledger)
    args = ("record", "order-withdrawn", "main", "-f", "data_handling=delete", "--as", "ilves")
    done = run(*args, ledger=ledger)
    assert done.exit_code == Exit.USAGE
    assert "--yes" in done.stderr
    assert size(ledger) == before
    assert run(*args, "--yes", ledger=ledger).exit_code == 0


def test_entries_are_named_by_number_label_or_the_beginning_of_their_leaf(ledger: Path) -> None:
    instruction = next(e for e in entries(ledger) if e["kind"] == "non-disclosure-instructed")
    for name in (f"#{instruction['seq']}", "instruction", instruction["leaf"][:12]):
        args = ("record", "instruction-lifted", "main", "-f", f"about={name}", "--as", "ncco", "--dry-run")
        assert json.loads(run(*args, ledger=ledger).stdout)["public"] == {"about": instruction["leaf"]}


def test_a_second_hand_entry_says_whose_act_it_is(ledger: Path) -> None:
    args = ("record", "order-received", "main", "--as", "orn", "--speaks", "import", "--whose", "harbor")
    assert run(*args, "--on-source", "receipt-stamp", ledger=ledger).exit_code == 0
    assert (entries(ledger)[-1]["speaks"], entries(ledger)[-1]["whose"]) == ("import", "harbor")
    done = run("record", "order-received", "main", "--as", "orn", "--whose", "harbor", ledger=ledger)
    assert done.exit_code == Exit.USAGE


def test_an_entry_is_put_right_by_another_one(ledger: Path) -> None:
    wrong = ("record", "use-restricted", "main", "-f", "scope=all", "--as", "orn")
    leaf = reply(*wrong, ledger=ledger)["leaf"]
    args = ("record", "use-restricted", "main", "-f", "scope=part", "--as", "orn", "--replaces", leaf)
    assert run(*args, "--why", "Only one mailbox is meant.", ledger=ledger).exit_code == 0
    replaced = next(e for e in entries(ledger) if e["leaf"] == leaf)
    assert replaced["replaced_by"] == entries(ledger)[-1]["leaf"]


def test_an_entry_that_puts_another_one_right_happened_when_that_one_did_unless_it_says_when(ledger: Path) -> None:
    first = ("record", "use-restricted", "main", "-f", "scope=all", "--as", "orn", "--on", "2027-03-06T10:11:12Z")
    again = (
        "record",
        "use-restricted",
        "main",
        "-f",
        "scope=part",
        "--as",
        "orn",
        "--why",
        "Only one mailbox is meant.",
    )
    leaf = reply(*first, ledger=ledger)["leaf"]
    second = reply(*again, "--replaces", leaf, ledger=ledger)["leaf"]
    third = reply(*again, "--replaces", second, "--on", "2027-03-07T08:00:00Z", ledger=ledger)["leaf"]
    on = {e["leaf"]: e["on"] for e in entries(ledger)}
    assert (on[second], on[third]) == ("2027-03-06T10:11:12Z", "2027-03-07T08:00:00Z")


@pytest.mark.parametrize("why", [(), ("--why", ""), ("--why", " \u00a0"), ("--why", "..."), ("--why", "\u200d")])
def test_a_replacement_without_a_reason_is_refused_and_nothing_is_written(ledger: Path, why: tuple[str, ...]) -> None:
    before = size(ledger)
    args = ("record", "use-restricted", "main", "-f", "scope=part", "--as", "orn", "--replaces", "evidence", *why)
    for more in ((), ("--yes",), ("--dry-run",)):
        done = run(*args, *more, ledger=ledger)
        assert done.exit_code == Exit.REFUSED, done.output
        assert "FORM-WHY" in done.stderr
    assert size(ledger) == before


def test_a_reason_without_a_replacement_is_refused(ledger: Path) -> None:
    args = ("record", "use-restricted", "main", "-f", "scope=part", "--as", "orn", "--why", "Because.")
    assert run(*args, ledger=ledger).exit_code == Exit.USAGE


def test_a_digest_is_not_replaced_by_none(ledger: Path) -> None:
    before = size(ledger)
    instead = ("--as", "orn", "--replaces", "evidence", "--why", "A slip.", "--yes")
    for args in (
        ("record", "use-restricted", "main", "-f", "scope=part", *instead),
        ("record", "evidence-received", "main", "-f", "check=not-checked", *instead),
    ):
        done = run(*args, ledger=ledger)
        assert done.exit_code == Exit.REFUSED, done.output
        assert "FORM-DIGEST" in done.stderr
    assert size(ledger) == before


def test_an_entry_of_another_order_is_not_replaced(ledger: Path) -> None:
    args = ("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", "--why", "A slip.")
    assert run(*args, "--replaces", "ab" * 32, ledger=ledger).exit_code == Exit.USAGE


def test_sealed_values_are_read_as_sealed(ledger: Path) -> None:
    assert (
        run(
            *("record", "use-restricted", "main", "-f", "scope=all", "-f", "reasons=Between us.", "--as", "orn"),
            ledger=ledger,
        ).exit_code
        == 0
    )
    assert entries(ledger)[-1]["fields"]["reasons"] == "[sealed]"
    assert "Between us." not in run("timeline", "main", "--json", ledger=ledger).output


# -- the five steps ----------------------------------------------------------------------------------------------------


def test_an_order_is_issued_under_its_reference_and_what_it_lacks_is_shown(ledger: Path) -> None:
    args = ("issue", "--instrument", "2AP-7", "--to", "XV", "--provider", "harbor", "--as", "ilves")
    done = run(*args, "--reference", "PPO-2026-123", ledger=ledger)
    assert done.exit_code == 0
    assert "F704" in done.stderr
    listed = {o["ref"]: o for o in reply("orders", ledger=ledger)["orders"]}
    assert listed["PPO-2026-123"]["state"] == "ISSUED"
    fields = entries(ledger, "PPO-2026-123")[0]["fields"]
    assert (fields["from_party"], fields["issuing_authority"], fields["providers"]) == ("XO", "ilves", ["harbor"])


def test_a_reference_that_looks_like_another_one_is_refused(ledger: Path) -> None:
    before = size(ledger)
    for reference in ("KA\u200b-2027-0311", "KA-2027-0311\u200d", "KA-2027\u2060-0311", "\U0001fae8"):
        args = ("issue", "--instrument", "2AP-7", "--to", "XV", "--reference", reference, "--as", "ilves")
        done = run(*args, ledger=ledger)
        assert done.exit_code == 5, done.output
        assert "FACT" in done.stderr
        assert f"U+{max(map(ord, reference)):04X}" in done.stderr
    assert size(ledger) == before


def test_an_order_keeps_what_the_other_party_had_declared_on_the_day_it_was_issued(ledger: Path) -> None:
    for to in ("XV", "XO"):
        args = ("issue", "--instrument", "2AP-7", "--to", to, "--reference", f"R-{to}", "--as", "ilves")
        assert run(*args, ledger=ledger).exit_code == 0
    kept = entries(ledger, "R-XV")[0]["fields"]["resolved_declarations"]
    assert kept == sorted(kept)
    assert {"D-7-2-b", "N-7-5-a"} <= set(kept)
    assert entries(ledger, "R-XO")[0]["fields"].get("resolved_declarations") != kept


def test_an_order_issued_twice_under_one_id_is_one_order(ledger: Path) -> None:
    args = ("issue", "--instrument", "2AP-7", "--to", "XV", "--reference", "R-1", "--as", "ilves", "--id", ID)
    first, second = reply(*args, ledger=ledger), reply(*args, ledger=ledger)
    assert first["order"] == second["order"]
    assert second["already"]


def test_the_other_state_is_told(ledger: Path) -> None:
    args = ("notify", "main", "--to", "ncco", "--includes", "order,summary-of-facts", "--as", "ilves")
    reply(*args, "--about", "issued", ledger=ledger)
    fields = entries(ledger)[-1]["fields"]
    assert (fields["notified_authority"], fields["includes"]) == ("ncco", ["order", "summary-of-facts"])


def test_an_objection_says_which_of_the_two_it_is(ledger: Path) -> None:
    before = size(ledger)
    for args in ((), ("--instruction", "G-7-i", "--ground", "EPOC:12(1)(a)")):
        done = run("object", "main", "--as", "ncco", *args, ledger=ledger)
        assert done.exit_code == Exit.USAGE
    assert size(ledger) == before
    reply(
        "object",
        "main",
        "--ground",
        "EPOC:12(1)(a)",
        "--scope",
        "part",
        "--covers",
        "name",
        "--as",
        "ncco",
        ledger=ledger,
    )
    assert entries(ledger)[-1]["kind"] == "ground-for-refusal-raised"


@pytest.mark.parametrize("place", ["option", "last", "first"])
def test_disclosed_files_are_hashed_where_they_lie(place: str, ledger: Path, tmp_path: Path) -> None:
    file = tmp_path / "return.json"
    file.write_bytes(b"data" * 1000)
    words = {"option": (str(file), "--order", "main"), "last": (str(file), "main"), "first": ("main", str(file))}[place]
    args = ("disclose", *words, "--elements", "name,postal-address", "--channel", "mail", "--as", "harbor", "--dry-run")
    manifest = json.loads(run(*args, ledger=ledger).stdout)["sealed"]["manifest"]
    assert manifest == {
        "elements": ["name", "postal-address"],
        "files": [
            {
                "name": "return.json",
                "size": 4000,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                "sha512": hashlib.sha512(file.read_bytes()).hexdigest(),
            }
        ],
    }


def test_what_was_disclosed_can_be_checked_later(ledger: Path, tmp_path: Path) -> None:
    file = tmp_path / "second.json"
    file.write_bytes(b"data")
    reply("disclose", str(file), "main", "--elements", "name", "--channel", "mail", "--as", "harbor", ledger=ledger)
    assert reply("check", str(file), "main", ledger=ledger)["files"][0]["verdict"] == "equal"


def test_the_person_is_told(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "notice.pdf").write_bytes(b"%PDF")
    args = ("notify-customer", "main", "--channel", "letter", "--includes", "legal-basis,remedies", "--as", "orn")
    reply(*args, "--notice", str(tmp_path / "notice.pdf"), ledger=ledger)
    fields = entries(ledger)[-1]["fields"]
    assert (fields["channel"], fields["notice"]) == ("letter", "[sealed]")


# -- failures ----------------------------------------------------------------------------------------------------------

CLOSED = ("record", "order-closed", "main", "-f", "outcome=answered")


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("record", "order-closd", "main"), 5, "order-closed"),
        (("record", "order-closed"), 2, "which?"),
        (("record", "order-closed", "nothing", "--as", "ilves"), 2, "nothing"),
        (("record", "order-closed", "main", "--as", "ilves"), 5, "order-closed.outcome"),
        (("record", "order-closed", "main", "-f", "outcome=maybe", "--as", "ilves"), 5, "outcome"),
        (("record", "order-closed", "main", "-f", "outcom=x", "--as", "ilves"), 2, "no field outcom"),
        ((*CLOSED, "--as", "nobody"), 2, "no office 'nobody'"),
        ((*CLOSED,), 2, "who signs?"),
        ((*CLOSED, "--as", "ilves", "--on", "01/03/2027"), 2, "2027-01-03 or 2027-03-01"),
        ((*CLOSED, "--as", "ilves", "--on", "soon"), 2, "not a moment"),
        ((*CLOSED, "--as", "ilves", "--id", "xyz"), 5, "32 lower-case hex digits"),
        ((*CLOSED, "--as", "ilves", "--replaces", "#99"), 2, "no entry '#99'"),
        ((*CLOSED, "--as", "ilves", "--audience", "reasons"), 2, "field=ROLE"),
        ((*CLOSED, "--as", "ilves", "--key", "nowhere"), 4, "nowhere"),
        ((*CLOSED, "--as", "ilves", "--from", "nowhere"), 4, "nowhere"),
        (("record", "instruction-lifted", "main", "-f", "about=#99", "--as", "ncco"), 2, "no entry"),
        (("record", "key-revoked", "main", "-f", "actor=orn", "-f", "cause=lost", "--as", "orn", "--yes"), 5, "CTX"),
        (("disclose", "nowhere.zip", "--order", "main", "--channel", "mail", "--as", "harbor"), 4, "nowhere.zip"),
        (("disclose", "main", "--channel", "mail", "--as", "harbor"), 2, "which order"),
        (("issue", "--instrument", "2AP-77", "--to", "XV", "--as", "ilves"), 5, "instrument"),
        (("erase", "--cause", "other", "--as", "orn"), 2, "whose values"),
    ],
)  # fmt: skip
def test_bad_input_is_said_in_three_lines_with_its_code_and_nothing_is_recorded(
    args: tuple[str, ...], code: int, says: str, ledger: Path
) -> None:
    before = size(ledger)
    done = run(*args, ledger=ledger)
    assert done.exit_code == code, done.output
    assert says in done.stderr
    assert done.stdout == ""
    assert len([line for line in done.stderr.splitlines() if not line.startswith("Usage")]) <= 3
    assert size(ledger) == before


def test_a_key_of_somebody_else_is_refused_and_nothing_is_recorded(ledger: Path, tmp_path: Path) -> None:
    before = size(ledger)
    done = run(*CLOSED, "--as", "ilves", "--key", str(ledger / "keys" / "PUBLIC-orn"), ledger=ledger)
    assert done.exit_code == Exit.REFUSED
    assert "KEY-UNKNOWN" in done.stderr
    assert size(ledger) == before


def test_a_key_that_is_not_here_is_undecidable(ledger: Path) -> None:
    (ledger / "keys" / "PUBLIC-ilves").unlink()
    (ledger / "keys" / "PUBLIC-ilves.pub").unlink()
    done = run(*CLOSED, "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.UNDECIDABLE
    assert "--key FILE" in done.stderr


def test_a_locked_key_is_undecidable_where_nobody_can_be_asked(ledger: Path, tmp_path: Path) -> None:
    write(tmp_path / "locked", SeedKey(bytes(32)), passphrase=b"secret")
    done = run(*CLOSED, "--as", "ilves", "--key", str(tmp_path / "locked"), ledger=ledger)
    assert done.exit_code == Exit.UNDECIDABLE
    assert "passphrase" in done.stderr


def test_a_policy_of_a_provider_stands_in_the_register(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.html").write_text("<p>We tell our users.</p>")
    args = ("record", "policy-adopted", "-f", "policy=notice v1", "-f", f"document={tmp_path / 'policy.html'}")
    receipt = reply(*args, "-f", "valid_from=2027-01-01", "--as", "harbor", ledger=ledger)
    assert receipt["kind"] == "policy-adopted"
    assert receipt["order"] not in {o["order"] for o in reply("orders", ledger=ledger)["orders"]}


@pytest.mark.parametrize("number", ["#1", "1"])
def test_an_entry_is_named_by_its_number_with_the_mark_or_without(tmp_path: Path, number: str) -> None:
    house = House(tmp_path).furnished()
    words = ("record", "order-corrected", "PPO-1", "-f", f"corrects={number}", "-f", "material=no")
    assert house.run(*words, "-f", "changed_fields=offences", "--as", "ilves").exit_code == 0
    right = ("record", "order-corrected", "PPO-1", "-f", "corrects=1", "-f", "material=no", "--replaces", "2")
    assert house.run(*right, "--why", "typed twice", "-f", "changed_fields=languages", "--as", "ilves").exit_code == 0
    replaced = [item["replaced"] for item in house.reply("timeline", "PPO-1")["timeline"]]
    assert [text is not None for text in replaced] == [False, True, False]


def test_an_unknown_number_is_met_with_the_command_that_shows_numbers(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    done = house.run("record", "order-closed", "PPO-1", "-f", "outcome=refused", "--replaces", "9", "--as", "ilves")
    assert (done.exit_code, "`comity timeline ORDER` shows the numbers" in done.stderr) == (2, True)


def test_a_number_that_the_shell_took_for_a_comment_is_met_with_how_to_write_it(tmp_path: Path) -> None:
    done = House(tmp_path).run("record", "order-closed", "PPO-1", "-f", "outcome=refused", "--replaces")
    assert (done.exit_code, "--replaces 7, or '#7'" in done.stderr) == (2, True)
