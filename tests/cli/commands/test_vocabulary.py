"""Every list of codes is listed and explained, and a mistyped code is answered with the one that is probably meant."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.facts import KINDS, WHY
from ledger.facts.words import CODE_LISTS
from tests.support.cli import House, reply, run


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("codes")).furnished()


def said(*args: str) -> str:
    return " ".join(run("vocabulary", *args).output.split())


@pytest.mark.parametrize("name", CODE_LISTS)
def test_every_list_of_codes_is_explained_code_by_code(name: str) -> None:
    codes = reply("vocabulary", name)["codes"]
    assert {each["code"]: each["says"] for each in codes} == dict(CODE_LISTS[name].words)
    assert all(each["says"] in said(name) for each in codes)


def test_the_lists_are_listed_and_the_list_of_kinds_names_them() -> None:
    assert [each["name"] for each in reply("vocabulary", "lists")["lists"]] == list(CODE_LISTS)
    assert run("vocabulary").stderr == "the lists of codes, such as roles and elements: comity vocabulary lists\n"


def test_a_kind_a_list_and_a_code_never_have_one_name() -> None:
    codes = {code for each in CODE_LISTS.values() for code in each.words}
    assert {*KINDS} & {*CODE_LISTS, "lists"} == set()
    assert codes & {*CODE_LISTS, "lists"} == {"conditions"}  # of a ground: the list wins, and has the code
    assert codes & {*KINDS} == {"key-revoked", "ex-post-validation-refused"}  # codes that mean just these entries


def test_a_role_is_explained_with_the_kinds_that_it_signs() -> None:
    (role,) = reply("vocabulary", "ISS")["codes"]
    assert (role["list"], role["says"]) == ("roles", "issuing authority")
    assert "order-issued" in role["used"]
    assert "ISS (roles): issuing authority signs: " in said("ISS")


def test_a_code_is_explained_in_every_list_that_has_it_with_its_provision_and_its_fields() -> None:
    assert reply("vocabulary", "login-ip")["codes"][0]["about"] == "subscriber, identification in EU law; 2AP:7(9)(b)"
    assert reply("vocabulary", "subscriber")["codes"][0]["used"] == ["order-issued.data_categories"]
    judge = {each["list"] for each in reply("vocabulary", "investigation")["codes"]}
    assert "purposes" in judge


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("rolls", "roles"), ("order-isued", "order-issued"), ("national security", "'LED:13(3)(d)'"), ("iss", "")],
)
def test_what_no_list_has_is_answered_with_what_is_probably_meant(typed: str, meant: str) -> None:
    done = run("vocabulary", typed)
    if not meant:
        assert done.exit_code == Exit.DONE
        return
    assert done.exit_code == Exit.USAGE
    named = [shlex.split(part)[-1] for part in done.stderr.split("`")[1::2]]
    assert shlex.split(meant)[0] in named
    assert all(run("vocabulary", name).exit_code == 0 for name in named)


ISSUE = ("issue", "--instrument", "2AP-7", "--to", "XV", "--unregistered", "--as", "ilves")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("key", "enrol", "x", "--public", "ab" * 32, "--role", "JUDGE", "--party", "XO"), "mean VAL (validating"),
        ((*ISSUE, "--role", "JUDGE"), "did you mean VAL (validating or supervising"),
        ((*ISSUE, "--element", "email"), "did you mean email-address"),
        ((*ISSUE, "--category", "content data"), "did you mean content (content of communications"),
        ((*ISSUE[:2], "EPOCPR", *ISSUE[3:]), "did you mean EPOC-PR"),
        (("export", "PPO-1", "--audience", "defense counsel", "-o", "x.zip", "--as", "ilves"), "did you mean DEF"),
        (
            ("record", "non-disclosure-instructed", "PPO-1", "-f", "ground=public order", "--as", "ilves"),
            "did you mean G-7-ii-c",
        ),
        (
            ("record", "order-transmitted", "PPO-1", "-f", "channel=email", "-f", "addressee=x", "--as", "ilves"),
            "encrypted-mail",
        ),
    ],
)
def test_each_command_answers_a_mistyped_code_with_the_words_of_the_nearest_and_the_command_that_explains_all(
    house: House, words: tuple[str, ...], hint: str
) -> None:
    done = house.run(*words)
    answer = " ".join(done.stderr.split())
    assert done.exit_code in (Exit.USAGE, Exit.REFUSED)
    assert hint in answer
    listed = answer.partition("`comity vocabulary ")[2].partition("`")[0]
    assert listed in CODE_LISTS


def test_a_code_that_is_sealed_is_not_repeated(tmp_path: Path, house: House) -> None:
    (tmp_path / "a.zip").write_bytes(b"x")
    done = house.run(
        "disclose", "PPO-1", str(tmp_path / "a.zip"), "--elements", "e-mail", "--channel", "post", "--as", "ilves"
    )
    assert done.exit_code == Exit.REFUSED
    assert "did you mean email-address" in " ".join(done.stderr.split())


def test_a_kind_ends_with_the_reason_of_a_replacement_and_who_reads_it() -> None:
    lines = run("vocabulary", "order-issued").stdout.splitlines()
    at = max(n for n, line in enumerate(lines) if "with `--replaces`" in line)
    assert lines[at - 1] == ""
    assert " ".join(" ".join(lines[at:]).split()).endswith(
        f"[sealed] {WHY.says} ({WHY.type}) readers: those who may read all sealed fields of the entry that is replaced"
    )
