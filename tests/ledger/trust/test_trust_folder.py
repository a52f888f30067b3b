"""A trust folder and a held checkpoint are read in one way, however they are listed or typed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from msgspec.structs import replace

from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.tlog.note import parse_checkpoint, split_note
from ledger.trust.trust_folder import (
    Sizes,
    fingerprint_of,
    format_registrar,
    parse_anchor,
    parse_registrar,
    parse_trust,
    trusted_files,
)
from tests.support.memory_ledger import small

LEDGER, _ = small()
LINES = split_note(LEDGER.checkpoint())[0]
HELD = parse_checkpoint(LINES)
KEY = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"


def test_the_order_in_which_the_files_of_a_trust_folder_are_listed_does_not_matter() -> None:
    here, there = small()[0].trust_files(), small()[0].trust_files()
    files = {**here, "tsa/a.pem": b"a", "tsa/b.pem": b"b", "others/y/policy": there["policy"]}
    files |= {f"others/x/{file}": text for file, text in there.items()}
    backwards = dict(reversed(files.items()))
    assert parse_trust(backwards) == parse_trust(files)
    assert parse_trust(files).authorities == (b"a", b"b")
    assert [other.registrar is None for other in parse_trust(files).others] == [False, True]


def test_a_trust_folder_without_a_policy_is_none_and_one_without_a_registrar_is_one() -> None:
    with pytest.raises(RecordError, match="TRUST-FORMAT") as refused:
        parse_trust({"registrar": LEDGER.trust_files()["registrar"]})
    assert refused.value.where == "policy"
    trust = parse_trust({"policy": LEDGER.policy()})
    assert (trust.registrar, trust.authorities, trust.others, trust.mirrors) == (None, (), (), {})
    assert trust.raw == LEDGER.policy()


def test_a_verifier_reads_these_files_of_a_trust_folder_and_its_fingerprint_covers_them() -> None:
    read = ("mirrors", "others/x/policy", "others/x/registrar", "policy", "registrar", "tsa/a.cer", "tsa/b.pem")
    more = ("READ-ME.txt", "others/policy", "others/x/y/policy", "others/x/mirrors", "policy~", "tsa/a/b.pem", "tsa/x")
    files = {name: name.encode() for name in (*more, *read[::-1])}
    assert list(trusted_files(files).items()) == [(name, name.encode()) for name in read]
    listed = "".join(f"{sha256(name.encode()).hexdigest()}  {name}\n" for name in read)
    assert fingerprint_of(files) == sha256(listed.encode()).hexdigest()


def test_a_key_signs_from_its_first_size_on_and_below_its_end() -> None:
    assert [size in Sizes(3, 5) for size in (2, 3, 4, 5)] == [False, True, True, False]
    assert [size in Sizes(3) for size in (2, 3, 1 << 62)] == [False, True, True]
    trust = LEDGER.trust()
    (key,) = trust.policy.logs
    assert trust.signs(key, 7)
    assert [replace(trust, sizes={key.text: Sizes(7)}).signs(key, size) for size in (6, 7)] == [False, True]
    assert replace(trust, sizes={"another": Sizes(7)}).signs(key, 6)


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_line_of_a_registrar_is_read_as_it_is_written(end: str) -> None:
    registrar = Registrar("office.of-registers", "XO", KEY)
    assert format_registrar(registrar) == f"office.of-registers XO {KEY}\n".encode()
    assert parse_registrar(format_registrar(registrar).rstrip() + end.encode()) == registrar


@pytest.mark.parametrize(
    "line",
    [
        "",
        f"registrar XO {KEY[1:]}",
        f"registrar XO {KEY}0",
        f"registrar xo {KEY}",
        f"registrar  XO {KEY}",
        f"registr\N{LATIN SMALL LETTER A WITH DIAERESIS}r XO {KEY}",
        f"registrar XO {KEY}\n\n",
        f"registrar XO {KEY}\nregistrar XV {KEY}",
    ],
)
def test_another_line_names_no_registrar(line: str) -> None:
    with pytest.raises(RecordError, match="TRUST-FORMAT") as refused:
        parse_registrar(line.encode())
    assert refused.value.where == "registrar"


@pytest.mark.parametrize(
    "typed",
    [
        LINES,
        LINES.rstrip(),
        "\N{ZERO WIDTH NO-BREAK SPACE}" + LINES,
        "\n\n " + LINES.replace("\n", "  \r\n") + "\n\n",
        LEDGER.checkpoint().decode(),
        f"{LINES}\nany other text below",
        LINES + " " * (65_536 - len(LINES)),
    ],
)
def test_a_checkpoint_from_paper_may_have_the_spaces_that_typing_leaves(typed: str) -> None:
    assert parse_anchor(typed.encode()) == HELD


@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [
        (f"{LINES}a fourth line", "CP-FORMAT", "a checkpoint has three lines"),
        ("\n".join(LINES.split("\n")[:2]), "CP-FORMAT", ""),
        ("", "CP-FORMAT", ""),
        (LINES.replace("\n", "\n\n", 1), "CP-FORMAT", ""),
        ("a+b" + LINES, "CP-ORIGIN", ""),
        (LINES + " " * (65_537 - len(LINES)), "CP-FORMAT", "65537 bytes are no checkpoint"),
    ],
)
def test_what_is_no_checkpoint_anchors_nothing(typed: str, code: str, says: str) -> None:
    with pytest.raises(RecordError, match=code) as refused:
        parse_anchor(typed.encode())
    assert refused.value.where == "anchor"
    assert says in refused.value.says
