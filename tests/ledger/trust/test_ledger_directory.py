"""Entries of a directory of ledgers: one form, one signer, and no other log than the one that is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.adapters.keys.key_files import SeedKey
from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.tlog.note import format_line, log_vkey
from ledger.trust.ledger_directory import (
    HEADER,
    LARGEST,
    DirectoryEntry,
    is_entry,
    open_entry,
    registrar_key,
    sign_entry,
)
from ledger.trust.trust_folder import format_registrar

KEY, OTHER = SeedKey(bytes(range(32))), SeedKey(bytes(range(1, 33)))
REGISTRAR = Registrar("registrar", "XO", KEY.public.hex())
VKEY = registrar_key(REGISTRAR)
LOG = "ledger.example/xo/karsk"
ENTRY = DirectoryEntry(
    directory="directory.example/xo/ledgers",
    leaf=7,
    log=LOG,
    policy=f"log {log_vkey(LOG, KEY.public)}\nquorum none\n",
    registrar=format_registrar(REGISTRAR).decode(),
    holder="Staatsanwaltschaft Köln",
    since="2026-11-28",
    address="https://ledger.example/karsk",
)
PLAIN = st.text(st.characters(categories=("L", "N", "Zs"), exclude_characters="\x00"), max_size=40)


def refused(note: bytes) -> str:
    with pytest.raises(RecordError) as wrong:
        open_entry(note, VKEY, ENTRY.directory, ENTRY.leaf)
    return wrong.value.code


@given(holder=PLAIN, address=PLAIN, successor=st.sampled_from(["", "ledger.example/xo/karsk/2"]))
def test_an_entry_is_read_as_it_was_signed(holder: str, address: str, successor: str) -> None:
    entry = replace(ENTRY, holder=holder, address=address, successor=successor)
    try:
        note = sign_entry(entry, VKEY, KEY.sign)
    except RecordError:
        return  # a text that canonical JSON or a note does not take
    assert is_entry(note)
    assert open_entry(note, VKEY, ENTRY.directory, ENTRY.leaf) == entry
    assert entry.trust().policy.logs[0].name == LOG


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_byte_of_an_entry_is_accepted(place: int, flip: int) -> None:
    note = bytearray(sign_entry(ENTRY, VKEY, KEY.sign))
    note[place % len(note)] ^= flip
    with pytest.raises(RecordError):
        open_entry(bytes(note), VKEY, ENTRY.directory, ENTRY.leaf)


def test_an_entry_of_another_signer_is_refused() -> None:
    stranger = registrar_key(Registrar("registrar", "XO", OTHER.public.hex()))
    assert refused(sign_entry(ENTRY, stranger, OTHER.sign)) == "CP-SIG"


def test_an_entry_names_the_one_log_of_its_policy() -> None:
    with pytest.raises(RecordError) as wrong:
        sign_entry(replace(ENTRY, log="ledger.example/xv/ardel"), VKEY, KEY.sign)
    assert wrong.value.code == "DIR-FORMAT"


@pytest.mark.parametrize(
    "day",
    ["", "28.11.2026", "2026-11-28T00:00:00Z", "2026-02-30", "9999-99-99", "２０２６-11-28", "20261128", "2026-W48-6"],
)
def test_a_day_has_one_form(day: str) -> None:
    with pytest.raises(RecordError) as wrong:
        sign_entry(replace(ENTRY, since=day), VKEY, KEY.sign)
    assert wrong.value.code == "DIR-FORMAT"


def test_a_ledger_goes_on_until_its_last_day_has_passed() -> None:
    assert not ENTRY.ended("2026-11-29")
    closing = replace(ENTRY, until="2026-12-31")
    assert [closing.ended(day) for day in ("2026-11-29", "2026-12-31", "2027-01-01")] == [False, False, True]


def test_a_ledger_is_not_its_own_successor() -> None:
    with pytest.raises(RecordError) as wrong:
        sign_entry(replace(ENTRY, successor=LOG), VKEY, KEY.sign)
    assert wrong.value.code == "DIR-FORMAT"


def signed_text(text: str) -> bytes:
    return f"{text}\n{format_line(VKEY, KEY.sign(text.encode()))}".encode()


def body_of(entry: DirectoryEntry) -> str:
    note = sign_entry(entry, VKEY, KEY.sign).decode()
    return note.split("\n")[1]


def test_an_entry_has_one_form_even_if_its_signer_signs_another() -> None:
    body = body_of(ENTRY)
    assert open_entry(signed_text(f"{HEADER}\n{body}\n"), VKEY, ENTRY.directory, ENTRY.leaf) == ENTRY
    for text in (
        f"{HEADER}\n{body}\n{body}\n",
        f"{HEADER}\n{body} \n",
        f"{HEADER}\n{body.replace('{', '{ ', 1)}\n",
        f"comity.directory-entry/2\n{body}\n",
        f"{HEADER}\n{body.replace('leaf', 'leaves')}\n",
        f"{HEADER}\n{body.replace(':7', ':null')}\n",
        f"{HEADER}\n[]\n",
        f"{HEADER}\nwords\n",
        f"{HEADER}\n",
    ):
        assert refused(signed_text(text)) == "DIR-FORMAT", text


def test_an_entry_is_signed_for_one_leaf_of_one_directory_from_leaf_0_on() -> None:
    note = sign_entry(ENTRY, VKEY, KEY.sign)
    for directory, leaf in ((ENTRY.directory, 6), (ENTRY.directory, 8), (f"{ENTRY.directory}/2", 7)):
        with pytest.raises(RecordError, match="it is repeated, or in another place"):
            open_entry(note, VKEY, directory, leaf)
    first = replace(ENTRY, leaf=0)
    assert open_entry(sign_entry(first, VKEY, KEY.sign), VKEY, ENTRY.directory, 0) == first
    with pytest.raises(RecordError, match="not negative"):
        sign_entry(replace(ENTRY, leaf=-1), VKEY, KEY.sign)
    below = body_of(ENTRY).replace(":7", ":-1")
    with pytest.raises(RecordError, match="not negative"):
        open_entry(signed_text(f"{HEADER}\n{below}\n"), VKEY, ENTRY.directory, -1)


def test_an_entry_of_more_bytes_than_a_leaf_is_not_read() -> None:
    for size, code in ((LARGEST + 1, "DIR-FORMAT"), (LARGEST, "CP-FORMAT")):
        with pytest.raises(RecordError) as wrong:
            open_entry(b"x" * size, VKEY, ENTRY.directory, ENTRY.leaf)
        assert wrong.value.code == code


def test_only_a_text_that_begins_as_an_entry_is_one() -> None:
    assert is_entry(f"{HEADER}\n".encode())
    assert not any(is_entry(text) for text in (HEADER.encode(), b"", f"{HEADER}x\n".encode(), f"\n{HEADER}\n".encode()))


@pytest.mark.parametrize("name", ["directory", "log", "successor"])
def test_the_logs_that_an_entry_names_have_names_of_logs(name: str) -> None:
    with pytest.raises(RecordError):
        sign_entry(replace(ENTRY, **{name: "no name of a log"}), VKEY, KEY.sign)


def says(entry: DirectoryEntry) -> str:
    with pytest.raises(RecordError, match="DIR-FORMAT") as wrong:
        sign_entry(entry, VKEY, KEY.sign)
    return wrong.value.says


@pytest.mark.parametrize("log", ["ledger.example/\u00fc", "x" * 256])
def test_a_log_whose_name_is_none_is_named_by_no_entry_though_its_policy_names_it(log: str) -> None:
    with pytest.raises(RecordError) as wrong:
        sign_entry(replace(ENTRY, log=log, policy=f"log {log_vkey(log, KEY.public)}\nquorum none\n"), VKEY, KEY.sign)
    assert wrong.value.code == "CP-ORIGIN"


def test_the_logs_of_a_policy_are_named_where_they_are_not_that_of_the_entry() -> None:
    two = f"log {log_vkey('b.example/x', OTHER.public)}\nlog {log_vkey(LOG, KEY.public)}\nquorum none\n"
    assert says(replace(ENTRY, policy=two)) == f"its policy names b.example/x, {LOG}, not {LOG}"
    assert says(replace(ENTRY, policy="quorum none\n")) == f"its policy names no log, not {LOG}"


def test_the_last_day_of_a_ledger_has_the_form_of_a_day_too() -> None:
    assert says(replace(ENTRY, until="31.12.2026")) == "a day reads 2026-11-28"
    for until in ("", "2026-12-31"):
        assert is_entry(sign_entry(replace(ENTRY, until=until), VKEY, KEY.sign))


def test_an_entry_that_fits_into_no_leaf_is_not_signed() -> None:
    spare = LARGEST - len(sign_entry(replace(ENTRY, holder=""), VKEY, KEY.sign))
    assert len(sign_entry(replace(ENTRY, holder="a" * spare), VKEY, KEY.sign)) == LARGEST
    assert says(replace(ENTRY, holder="a" * (spare + 1))).startswith(f"an entry of {LARGEST + 1} bytes; at most")


def test_an_entry_may_name_another_log_as_its_successor() -> None:
    other = replace(ENTRY, successor="ledger.example/xo/karsk/2")
    assert open_entry(sign_entry(other, VKEY, KEY.sign), VKEY, ENTRY.directory, ENTRY.leaf) == other
