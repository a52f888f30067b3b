"""A profile is in force from its day, until its office adopts another; its file is found by digest and name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.application.intake.profile import LARGEST, parse_profile
from ledger.application.intake.profile_store import (
    CODE,
    AdoptedProfile,
    adoption,
    find_profile,
    in_force,
    keep,
    read_adopted,
)
from ledger.entries.case import Entry
from ledger.errors import LedgerError, RecordError
from tests.support.files.system_calls import synced
from tests.support.intake.tables import PROFILE

DATA = PROFILE.encode()
DAY = date(2027, 3, 1)
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def adopted(index: int, office: str = "ilves", version: str = "1", valid: str = "2027-03-01", **changes: Any) -> Entry:
    public = adoption(parse_profile(DATA, "p"), DATA, date.fromisoformat(valid))
    public["policy"] = f"import profile orders {version}"
    fields: dict[str, Any] = {"kind": "policy-adopted", "public": public, "held": True, **changes}
    fields["public"] = {**public, **changes.get("public", {})}
    names: dict[str, Any] = {"instrument": None, "role": "ADM", "party": "XO", "key": "k", "speaks": "act"}
    return Entry(f"{index:064x}", index, "o", 1, by=office, on=NOON, at=NOON, **names, **fields)


def test_of_each_office_the_profile_is_in_force_that_it_adopted_last_and_that_is_valid() -> None:
    register = [
        adopted(9, version="3", valid="2027-03-02"),  # from tomorrow on
        adopted(7, version="2"),
        adopted(3),
        adopted(5, office="aalto", version="7"),
    ]
    found = in_force(register, DAY)
    assert [(each.office, each.version, each.index, each.name) for each in found] == [
        ("aalto", "7", 5, "orders"),
        ("ilves", "2", 7, "orders"),
    ]
    assert (found[1].sha256, found[1].valid_from) == (sha256(DATA).hexdigest(), "2027-03-01")
    assert [each.version for each in in_force(register, date(2027, 3, 2))] == ["7", "3"]
    assert in_force(register, date(2027, 2, 28)) == []


def test_what_is_no_adoption_of_a_profile_puts_none_in_force() -> None:
    others = [
        adopted(1, kind="policy-revoked"),
        adopted(2, held=False),
        adopted(3, public={"document": None}),
        adopted(4, public={"document": {"code": f"other-{CODE}"}}),
        adopted(5, public={"policy": "retention of orders"}),
    ]
    assert in_force(others, DAY) == []
    assert len(in_force([*others, adopted(6)], DAY)) == 1


def test_the_file_of_a_profile_is_kept_under_its_digest_and_read_only_unchanged(tmp_path: Path) -> None:
    profile = AdoptedProfile("orders", "1", sha256(DATA).hexdigest(), "ilves", "2027-03-01", 7)
    with pytest.raises(LedgerError, match="PROFILE-MISSING"):
        read_adopted(tmp_path, profile)
    with synced() as names:
        path = keep(tmp_path, DATA)
    assert (path.name, names[-1]) == (f"{profile.sha256}.toml", "profiles")
    assert read_adopted(tmp_path, profile) == (parse_profile(DATA, "p"), DATA)
    path.write_bytes(DATA + b"\n")
    with pytest.raises(RecordError, match="PROFILE-CHANGED") as changed:
        read_adopted(tmp_path, profile)
    assert "entry 7" in changed.value.says


def test_a_profile_is_read_up_to_its_largest_size(tmp_path: Path) -> None:
    for size, refused in ((LARGEST, False), (LARGEST + 1, True)):
        data = DATA + b"#" * (size - len(DATA))
        keep(tmp_path, data)
        profile = AdoptedProfile("orders", "1", sha256(data).hexdigest(), "ilves", "2027-03-01", 7)
        if refused:
            with pytest.raises(RecordError, match="PROFILE-FORM"):
                read_adopted(tmp_path, profile)
        else:
            assert read_adopted(tmp_path, profile)[1] == data


def test_a_profile_is_named_alone_or_with_its_office_and_the_own_one_comes_first() -> None:
    def one(name: str, office: str) -> AdoptedProfile:
        return AdoptedProfile(name, "1", "00", office, "2027-03-01", 1)

    mine, theirs, other = one("orders", "ilves"), one("orders", "aalto"), one("receipts", "aalto")
    every = [theirs, mine, other]
    assert find_profile(every, "orders", "ilves") == mine
    assert find_profile(every, "aalto/orders", "ilves") == find_profile(every, "orders", "aalto") == theirs
    assert find_profile(every, "receipts", "ilves") == find_profile(every, "receipts", None) == other
    with pytest.raises(RecordError, match="several offices") as several:
        find_profile(every, "orders", None)
    assert several.value.hint == "name one: aalto/orders, ilves/orders"
    for name in ("invoices", "ilves/receipts", "orders/aalto", "/orders"):
        with pytest.raises(RecordError, match="in force are orders, receipts"):
            find_profile(every, name, "ilves")
    with pytest.raises(RecordError, match="in force are none"):
        find_profile([], "orders", None)
