"""An erasure covers the values under the keys of a person that are here, and records each destroyed key once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.subject_keys.key_store import DestroyedKey
from ledger.adapters.subject_keys.names import COMPANION
from ledger.application import erase_subject, erasure_scope
from ledger.application.case_reader import DESTROYED
from ledger.application.erase_subject import Erasure
from ledger.application.erasure_scope import (
    ErasureScope,
    _entry_id,
    _said,
    covered,
    destruction_drafts,
    logged,
    stated,
    stays,
    unstated,
)
from ledger.application.subject_keys_binding import check_bound, elsewhere, left_over, where
from ledger.application.write.draft import holder_of, target_of
from ledger.entries.envelope import Circumstances
from ledger.errors import LedgerError
from ledger.tlog.tree import leaf_hash
from tests.support.memory_ledger import NOW, ORDER, hand, small

SAID = ("payload-key-destroyed", "order", "k1", "digest")


def id_of(*said: str) -> str:
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def test_the_first_free_id_is_the_digest_of_the_content_and_then_of_a_number_behind_it() -> None:
    taken: set[str] = set()
    store: Any = SimpleNamespace(by_entry=lambda entry: b"" if entry.hex() in taken else None)
    for expected in (id_of(*SAID), id_of(*SAID, "1"), id_of(*SAID, "2")):
        assert _entry_id(store, SAID) == expected
        taken.add(expected)


def test_what_stays_readable_is_named_by_person_with_its_fields_in_order_and_of_these_orders_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {
        "k1": [(3, "main", "reason", "d1"), (1, "main", "account", "d2"), (2, "other", "name", "d3")],
        "k2": [(4, "side", "grounds", "d4")],
        "k3": [(5, "main", "hidden", "d5")],
        "k4": [(6, "main", "erased", "d6")],
        "k5": [(7, "other", "name", "d7")],
        "k6": [(8, "main", "unnamed", "d8")],
    }
    names = {"k1": "witness 3", "k2": "witness 3", "k3": f"{COMPANION}x", "k4": "erased", "k5": "elsewhere", "k6": None}
    store: Any = SimpleNamespace(sealing_keys=lambda around: [*said])
    keys: Any = SimpleNamespace(existing=set, name_of=names.get)
    monkeypatch.setattr(erasure_scope, "_said", lambda store, keys, ids: [row for each in ids for row in said[each]])
    left = stays(store, keys, ["k4"], ["main", "side"])
    assert left == {"witness 3": ["account", "grounds", "reason"]}


def test_a_destruction_is_stated_by_its_kind_its_key_and_a_custodian(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(kind: str, key: str, custodian: bool = True) -> Any:
        payload = SimpleNamespace(kind=kind, public={"key_ref": key, "digests": [f"{kind} {key}"]})
        return SimpleNamespace(payload=payload, custodian=custodian)

    recorded = [entry(DESTROYED, "k1"), entry("order-issued", "k1"), entry(DESTROYED, "k2")]
    recorded.append(entry(DESTROYED, "k1", False))
    opened = {"main": list(enumerate(recorded)), "access": [(7, entry(DESTROYED, "k1"))]}
    cases: Any = SimpleNamespace(
        registry="registry", access="access", keyring=lambda: None, opened=lambda order: opened[order]
    )
    store: Any = SimpleNamespace(encrypted_with=lambda key: [(0, "main", "name", "d"), (1, "registry", "name", "e")])
    monkeypatch.setattr(erasure_scope, "is_custodian", lambda o, index, keyring: o.custodian)
    assert stated(store, cases, "k1") == {7: [f"{DESTROYED} k1"], 0: [f"{DESTROYED} k1"]}
    assert stated(store, cases, "k3") == {}
    assert unstated(store, cases, "k1") == {"main": [(0, "d")], "access": [(1, "e")]}
    said = f"{DESTROYED} k1"
    store.encrypted_with = lambda key: [(0, "main", "name", "d"), (1, "registry", "name", said), (2, "main", "x", "f")]
    assert unstated(store, cases, "k1") == {"main": [(0, "d"), (2, "f")]}


def values_of(**by_key: list[tuple[int, str, str, str]]) -> Any:
    """Return a store with values, as (index, order, field, digest), under keys."""
    return SimpleNamespace(encrypted_with=lambda key_id: by_key.get(key_id, []))


def test_values_that_open_as_null_were_never_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = small()
    store = values_of(k1=[(3, "main", "name", "d1"), (1, "main", "none", "d2")], k2=[(4, "side", "none", "d3")])
    cipher = SimpleNamespace
    closed = {
        "main": {
            1: [cipher(key_id="k1", digest="d2"), cipher(key_id="k9", digest="d9")],
            2: [cipher(key_id="k9", digest="d8")],
            3: [cipher(key_id="k1", digest="d1")],
        },
        "side": {4: [cipher(key_id="k2", digest="d3")]},
    }
    store.ciphertexts, store.at = closed.__getitem__, lambda index: ledger.entries[index]
    opened: list[str] = []

    def decrypt(entry: str, mine: Sequence[Any]) -> list[str]:
        opened.extend(each.digest for each in mine)
        return [each.digest for each in mine]

    keys: Any = SimpleNamespace(decrypt_values=decrypt, keys_of=lambda subject, order: {"k1": "main", "k2": order})
    monkeypatch.setattr(
        erasure_scope,
        "parse_disclosure",
        lambda text: SimpleNamespace(digest=text, value="a name" if text == "d1" else None),
    )
    assert _said(store, keys, ["k1"]) == [(3, "main", "name", "d1")]
    assert sorted(opened) == ["d1", "d2"]  # under these keys alone
    scope = covered(store, keys, "witness 3", "side")
    assert scope == ErasureScope(("k1", "k2"), ((3, "main", "name", "d1"),))


def test_the_offices_of_officials_and_of_reasons_under_the_keys_are_named() -> None:
    ledger, ilves = small()
    index = ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    cases: Any = SimpleNamespace(
        registry="registry", access="access", keyring=lambda: SimpleNamespace(offices=("orn", "lorn"))
    )
    held = {(holder_of("orn"), "registry"): {"k1": ""}, (holder_of("lorn"), "registry"): {"k9": ""}}
    keys: Any = SimpleNamespace(keys_of=lambda name, order: held[name, order])
    store: Any = SimpleNamespace(at=lambda index: ledger.entries[index])
    values = ((index, "access", "person", "d1"), (0, "main", "name", "d2"))
    assert logged(store, cases, keys, ErasureScope(("k1", "k2"), values)) == ["ilves", "orn"]
    assert logged(store, cases, keys, ErasureScope(("k2",), values[1:])) == []


@pytest.mark.parametrize(("values", "parts"), [(1, [1]), (200, [200]), (201, [200, 1]), (401, [200, 200, 1])])
def test_an_entry_names_at_most_two_hundred_digests_and_the_entries_that_had_them(
    values: int, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, ilves = small()
    found = {"main": [(n % 3, f"d{n:03}") for n in reversed(range(values))]}
    monkeypatch.setattr(erasure_scope, "unstated", lambda store, cases, key_id: found)
    store: Any = SimpleNamespace(at=lambda n: ledger.entries[n] if n < 2 else None, by_entry=lambda entry: None)
    said = Circumstances(NOW, NOW)
    asked: Any = {"cause": "other", "method": "crypto-erased"}
    signer, cases = ilves.signer("ISS"), SimpleNamespace()
    given: list[Any] = [store, cases, "k1", signer, said]
    drafts: list[Any] = [*destruction_drafts(*given, custodians=["orn"], **asked)]
    assert [len(each.fact.digests) for each in drafts] == parts
    assert sorted(digest for each in drafts for digest in each.fact.digests) == sorted(d for _, d in found["main"])
    assert len({each.entry for each in drafts}) == len(drafts)
    first: Any = drafts[0].fact
    assert (drafts[0].order, first.key_ref, first.cause, [*first.custodians]) == ("main", "k1", "other", ["orn"])
    assert [*first.digests] == sorted(first.digests)
    there = {n for n, _ in found["main"][: parts[0]] if n < 2}
    assert [*first.entries] == [leaf_hash(ledger.entries[n]).hex() for n in sorted(there)]
    (bare, *_) = destruction_drafts(*given, custodians=(), **asked)
    assert getattr(bare.fact, "custodians", None) is None


# -- whether the keys are those of this ledger -------------------------------------------------------------------------


class Bound:
    """A ledger with values under the keys k1 to k5, once also under k0, and a store that has some of these keys."""

    def __init__(self, here: str, unrecorded: str = "", destroyed: str = "") -> None:
        self.asked: list[object] = []
        self.place = "keys.db"
        self.here, self.cut, self.gone = here.split(), unrecorded.split(), destroyed.split()
        self.newest = [(7, "k1"), (7, "k2")]
        self.raw = small()[0].entries[-1]

    def existing(self, keys: Any) -> set[str]:
        return set(self.here) & set(keys)

    def unrecorded(self) -> list[DestroyedKey]:
        return [DestroyedKey(each, None, ()) for each in self.cut]

    def destroyed_keys(self) -> dict[str, int]:
        self.asked.append("log")
        return dict.fromkeys(self.gone, 3)

    def sealing_keys(self, orders: Any) -> list[str]:
        self.asked.append(orders)
        return ["k5", "k4", "k3", "k2", "k1"]

    def ever_sealing(self) -> set[str]:
        return {"k5", "k4", "k3", "k2", "k1", "k0"}

    def still_sealing(self, key_ids: Any) -> set[str]:
        return set(key_ids) - {"k0"}

    def newest_sealed(self) -> list[tuple[int, str]]:
        return self.newest

    def at(self, index: int) -> bytes:
        return self.raw


@pytest.mark.parametrize(
    ("here", "unrecorded", "destroyed", "missing"),
    [
        ("k1 k2 k3 k4 k5 k9", "", "", []),
        ("k1 k2 k3", "k4 k5", "", []),
        ("k1 k2 k3", "", "k5 k4", []),
        ("k1 k2", "k3", "k4", ["k5"]),
        ("", "k3", "k4", ["k1", "k2", "k5"]),
    ],
)
def test_keys_are_elsewhere_that_are_neither_here_nor_destroyed(
    here: str, unrecorded: str, destroyed: str, missing: list[str]
) -> None:
    both: Any = Bound(here, unrecorded, destroyed)
    assert elsewhere(both, both, both, ["main"]) == missing
    assert both.asked == [["main"], *(["log"] if missing or destroyed else [])]  # the whole log is read only if needed
    assert elsewhere(both, both, both) == missing


@pytest.mark.parametrize(
    ("here", "unrecorded", "destroyed", "is_bound"),
    [
        ("k1 k2", "", "", True),
        ("k1", "k2", "", True),
        ("k1", "", "k2", True),
        ("", "k1", "k2 k9", True),
        ("k1", "", "", False),
        ("", "", "k2", False),
        ("k3", "k4", "k5", False),
    ],
)
def test_the_values_sealed_last_are_under_keys_that_are_here_or_destroyed(
    here: str, unrecorded: str, destroyed: str, is_bound: bool
) -> None:
    both: Any = Bound(here, unrecorded, destroyed)
    if is_bound:
        check_bound(both, both, both)
    else:
        says = "KEYS-OTHER.*entry 7 by ilves, are under a key that is not in keys.db"
        with pytest.raises(LedgerError, match=says) as found:
            check_bound(both, both, both)
        assert "one keys.db holds a ledger's keys" in found.value.hint
    both.newest = []
    check_bound(both, both, both)


def test_values_that_are_left_although_their_key_is_destroyed_are_named_with_their_fields() -> None:
    def closed(field: str, key: str, digest: str, ciphertext: bytes | None = b"c") -> Any:
        return SimpleNamespace(field=field, key_id=key, digest=digest, ciphertext=ciphertext)

    values = {
        "main": {
            5: [closed("name", "k1", "d1"), closed("account", "k2", "d2"), closed("gone", "k1", "d3", None)],
            3: [closed("reason", "k3", "d4"), closed("kept", "k9", "d9")],
            6: [closed("kept", "k9", "d8")],
        },
        "access": {8: [closed("person", "k4", "d5")]},
        "registry": {1: [closed("holder", "k4", "d6")], 2: [closed("holder", "k1", "d7")]},
    }
    gone = {"main": {"k1", "k2", "d4"}, "access": {"k4"}}
    store: Any = SimpleNamespace(
        orders_with=lambda kind: ["main", "access"], ciphertexts=lambda order: dict(values[order])
    )
    cases: Any = SimpleNamespace(
        access="access", registry="registry", opened=lambda order: order, destroyed=lambda order: gone[order]
    )
    keys: Any = SimpleNamespace(existing=lambda ids: {"k2", "k9"} & set(ids))
    assert list(left_over(store, cases, keys)) == [
        (3, "reason", False),
        (5, "account", True),
        (1, "holder", False),
        (8, "person", False),
    ]


@pytest.mark.parametrize(
    ("indexes", "says"),
    [
        ([3], "1 sealed value in entry 3"),
        ([3, 3], "2 sealed values in entry 3"),
        ([9, 3, 3], "3 sealed values in entries 3, 9"),
        ([1, 2, 3, 4, 5], "5 sealed values in entries 1, 2, 3, 4, 5"),
        ([7, 1, 2, 3, 4, 5, 6], "7 sealed values in entries 1, 2, 3, 4, 5 and 2 more"),
    ],
)
def test_values_are_counted_and_their_entries_are_named_up_to_five(indexes: list[int], says: str) -> None:
    store = values_of(k1=[(n, "main", "name", "d") for n in indexes[:2]], k2=[(n, "", "", "") for n in indexes[2:]])
    assert where(store, ["k1", "k2"]) == says


# -- the erasure -------------------------------------------------------------------------------------------------------

SIGNER = hand("ilves").signer("ISS")


class Erased:
    """An `Erasure` of which the store, the keys and the journal are stand-ins; `done` is what it asked of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.done: list[Any] = []
        self.cut: list[DestroyedKey] = []
        self.elsewhere: list[str] = []
        self.erased: list[str] = []
        self.stated: dict[str, list[int]] = {}
        self.store: Any = SimpleNamespace(
            remove_ciphertexts=lambda key_id: self.done.append(("removed", key_id)),
            encrypted_with=lambda key_id: [(1, "beside", "name", "d")],
            orders_with=lambda kind: ["main", "beside", "access"],
            sealing_keys=lambda orders: [],
        )
        self.keys: Any = SimpleNamespace(
            unrecorded=lambda: self.cut,
            destroy=lambda keys, cause, custodians: self.done.append(("destroyed", [*keys], cause, [*custodians])),
            mark_recorded=lambda key_id: self.done.append(("marked", key_id)),
            main_of=lambda order: "main" if order == "beside" else None,
            companion_of=lambda order: "beside" if order == "main" else None,
            erased_keys=self.erased_keys,
        )
        self.cases: Any = SimpleNamespace(
            registry="registry", access="access", forget=lambda: self.done.append("forgotten")
        )
        monkeypatch.setattr(erase_subject, "stated", lambda store, cases, key_id: self.stated.get(key_id, []))
        monkeypatch.setattr(erase_subject, "elsewhere", lambda store, cases, keys, orders=None: self.elsewhere)
        monkeypatch.setattr(erase_subject, "where", lambda store, keys: f"values under {', '.join(keys)}")
        monkeypatch.setattr(erase_subject, "check_bound", lambda store, cases, keys: self.done.append("bound"))
        monkeypatch.setattr(
            erase_subject,
            "destruction_drafts",
            lambda store, cases, key_id, signer, said, *, cause, method, custodians: [
                (key_id, cause, method, [*custodians], said)
            ],
        )

        def record(drafts: Any) -> Any:
            self.done.append(("recorded", [each[:4] for each in drafts]))
            return [f"new {each[0]}" for each in drafts]

        def check(drafts: Any) -> None:
            self.done.append(("on trial", len(drafts)))

        receipts: Any = lambda indices: [f"old {n}" for n in sorted(indices)]  # noqa: E731
        given: list[Any] = [self.store, self.cases, lambda: self.keys, lambda: NOW, check, record, receipts]
        self.asked: Any = Erasure(*given)

    def erased_keys(self, subject: str, orders: Any) -> list[str]:
        self.done.append(("erased keys of", subject, [*orders]))
        return self.erased

    def covers(self, *keys: str) -> None:
        self.monkeypatch.setattr(erase_subject, "covered", lambda *given: ErasureScope(keys, ()))


@pytest.fixture
def erasure(monkeypatch: pytest.MonkeyPatch) -> Erased:
    return Erased(monkeypatch)


def test_what_is_covered_or_elsewhere_is_asked_of_one_order_with_its_companion_or_of_all(erasure: Erased) -> None:
    asked: list[Any] = []
    erasure.monkeypatch.setattr(erase_subject, "covered", lambda *given: asked.append(given))
    erasure.monkeypatch.setattr(erase_subject, "elsewhere", lambda *given: asked.append(given))
    for order in (None, "beside", "main", "access"):
        erasure.asked.covered("witness 3", order)
        erasure.asked.elsewhere(order)
    assert [given[2:] for given in asked] == [
        ("witness 3", None),
        (erasure.keys, None),
        ("witness 3", "main"),
        (erasure.keys, ["main", "beside"]),
        ("witness 3", "main"),
        (erasure.keys, ["main", "beside"]),
        ("witness 3", "registry"),
        (erasure.keys, ["registry", "access"]),
    ]
    assert asked[0][:2] == (erasure.store, erasure.keys)
    assert asked[1][:2] == (erasure.store, erasure.cases)


@pytest.mark.parametrize("said", [None, Circumstances(NOW - timedelta(days=1), NOW)])
def test_an_erasure_is_said_to_happen_when_its_caller_says_or_now(erasure: Erased, said: Circumstances | None) -> None:
    drafted: list[Any] = []
    erasure.covers("k1")

    def drafts(*given: Any, **more: Any) -> list[Any]:
        drafted.append((given[4], more))
        return []

    erasure.monkeypatch.setattr(erase_subject, "destruction_drafts", drafts)
    erasure.asked.erase("witness 3", None, said, order="main", cause="mistake", method="shredded", custodians=["dpo"])
    now = said or Circumstances(NOW, NOW)
    assert drafted == [(now, {"cause": "mistake", "method": "shredded", "custodians": ["dpo"]})]


def test_keys_are_destroyed_after_a_trial_and_before_the_entries_are_signed(erasure: Erased) -> None:
    erasure.covers("k1", "k2")
    made = erasure.asked.erase("witness 3", SIGNER, order="main", cause="other", custodians=["orn"])
    assert made == ["new k1", "new k2"]
    drafts = [("k1", "other", "crypto-erased", ["orn"]), ("k2", "other", "crypto-erased", ["orn"])]
    assert erasure.done == [
        "bound",
        ("on trial", 2),
        ("destroyed", ["k1", "k2"], "other", ["orn"]),
        "forgotten",
        ("recorded", drafts),
        *(step for key in ("k1", "k2") for step in (("removed", key), ("marked", key))),
    ]


def test_an_interrupted_erasure_is_recorded_with_the_cause_that_it_had(erasure: Erased) -> None:
    erasure.cut = [DestroyedKey("k7", "withdrawn", ("lorn",)), DestroyedKey("k8", None, ())]
    erasure.covers("k1")
    erasure.stated = {"k1": [5], "k7": [9]}
    made = erasure.asked.erase("witness 3", SIGNER, cause="other", custodians=["orn"], method="key-destroyed")
    assert made == ["old 5", "new k7", "new k8", "new k1"]
    (recorded,) = [each[1] for each in erasure.done if each[0] == "recorded"]
    assert recorded == [
        ("k7", "withdrawn", "key-destroyed", ["lorn"]),
        ("k8", "other", "key-destroyed", ["orn"]),
        ("k1", "other", "key-destroyed", ["orn"]),
    ]
    assert [each[1] for each in erasure.done if each[0] == "marked"] == ["k7", "k8", "k1"]


@pytest.mark.parametrize(
    ("cut", "erased", "order", "is_finished"),
    [
        ([], ["k7"], "main", False),
        ([DestroyedKey("k7", "other", ())], ["k7"], "main", True),
        ([DestroyedKey("k7", "other", ())], [], "main", False),
        ([DestroyedKey("k7", None, ())], [], None, True),
        ([DestroyedKey("k6", "other", ()), DestroyedKey("k7", "other", ())], ["k7"], None, True),
    ],
)
def test_an_erasure_without_a_key_finishes_the_one_of_this_person_that_was_interrupted(
    cut: list[DestroyedKey], erased: list[str], order: str | None, is_finished: bool, erasure: Erased
) -> None:
    erasure.covers()
    erasure.cut, erasure.erased, erasure.stated = cut, erased, {"k7": [4]}
    made: list[Any] = []
    with suppress(LedgerError):  # SUBJECT-UNKNOWN, if the erasure of another person was interrupted
        made = [*erasure.asked.erase("witness 3", SIGNER, order=order, cause="other")]
    assert made == ([f"new {each.key_id}" for each in cut] if is_finished else ["old 4"] if erased else [])
    assert ("erased keys of", "witness 3", ["main"] if order or cut else []) in erasure.done


def test_without_a_key_the_entries_that_state_the_erasure_are_given_or_the_name_is_unknown(erasure: Erased) -> None:
    erasure.covers()
    erasure.erased, erasure.stated = ["k1", "k2"], {"k1": [3], "k2": [3, 5]}
    assert erasure.asked.erase("witness 3", SIGNER, cause="other") == ["old 3", "old 5"]
    assert erasure.done[-1] == ("erased keys of", "witness 3", ["main", "main", "registry"])
    erasure.erased = []
    with pytest.raises(LedgerError, match=r"SUBJECT-UNKNOWN.*'witness 3' in this ledger: nothing is sealed"):
        erasure.asked.erase("witness 3", SIGNER, cause="other")
    with pytest.raises(LedgerError, match=r"SUBJECT-UNKNOWN.*'witness 3' in this order: nothing is sealed"):
        erasure.asked.erase("witness 3", SIGNER, order="main", cause="other")
    erasure.elsewhere = ["k9"]
    with pytest.raises(LedgerError, match=r"KEYS-OTHER.*no key of 'witness 3' is here; values under k9 are under keys"):
        erasure.asked.erase("witness 3", SIGNER, cause="other", only_here=True)


def test_only_the_named_order_is_asked_for_an_interrupted_erasure_and_what_is_on_record_is_enough(
    erasure: Erased,
) -> None:
    erasure.covers()
    erasure.cut, erasure.erased, erasure.stated = [DestroyedKey("k7", "other", ())], ["k1"], {"k1": [3]}
    erasure.store.encrypted_with = lambda key_id: [(1, "elsewhere", "name", "d")]
    assert erasure.asked.erase(target_of("main"), SIGNER, order="main", cause="other") == ["old 3"]
    assert [each for each in erasure.done if each[0] == "erased keys of"] == [
        ("erased keys of", target_of("main"), ["main"])
    ] * 2


@pytest.mark.parametrize(
    ("subject", "sealing", "custodian", "is_found"),
    [
        (target_of("main"), [], True, True),
        (target_of("main"), ["link"], True, True),
        (target_of("main"), ["link", "k3"], True, False),
        (target_of("main"), [], False, False),
        ("witness 3", [], True, False),
    ],
)
def test_the_target_of_an_order_without_values_was_erased_before_erasures_were_noted_here(
    subject: str,
    sealing: list[str],
    custodian: bool,
    is_found: bool,
    erasure: Erased,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def entry(kind: str) -> Any:
        return SimpleNamespace(payload=SimpleNamespace(kind=kind))

    erasure.covers()
    erasure.store.sealing_keys = lambda orders: sealing
    erasure.keys.keys_of = lambda name, order: {"link": order} if name == f"{COMPANION}beside" else {}
    erasure.cases.keyring = lambda: None
    erasure.cases.opened = lambda order: [(4, entry(DESTROYED)), (5, entry("order-issued")), (6, entry(DESTROYED))]
    monkeypatch.setattr(erase_subject, "is_custodian", lambda o, index, keyring: custodian)
    if is_found:
        assert erasure.asked.erase(subject, SIGNER, order="main", cause="other") == ["old 4", "old 6"]
    else:
        with pytest.raises(LedgerError, match="SUBJECT-UNKNOWN"):
            erasure.asked.erase(subject, SIGNER, order="main", cause="other")


def test_an_erasure_that_leaves_values_elsewhere_destroys_nothing_unless_it_is_asked_to_leave_them(
    erasure: Erased,
) -> None:
    erasure.covers("k1")
    erasure.elsewhere = ["k9"]
    with pytest.raises(LedgerError, match=r"KEYS-OTHER.*values under k9 are under keys that are not in this keys.db"):
        erasure.asked.erase("witness 3", SIGNER, cause="other")
    assert erasure.done == ["bound"]
    assert erasure.asked.erase("witness 3", SIGNER, cause="other", only_here=True) == ["new k1"]
    assert "bound" not in erasure.done[1:]


def test_values_under_lost_keys_are_removed_and_their_keys_stated(erasure: Erased) -> None:
    erasure.elsewhere = ["k9", "k8"]
    assert erasure.asked.lost() == ErasureScope(("k9", "k8"), ((1, "beside", "name", "d"),) * 2)
    assert erasure.asked.erase_lost(SIGNER, cause="other") == ["new k9", "new k8"]
    assert ("destroyed", ["k9", "k8"], "other", []) in erasure.done
    erasure.elsewhere = []
    assert erasure.asked.erase_lost(SIGNER, cause="other") == []


def test_an_order_is_erased_with_its_companion_and_the_register_with_the_access_order(erasure: Erased) -> None:
    around = erasure.asked.around
    assert around("main") == around("beside") == ["main", "beside"]
    assert around("registry") == around("access") == ["registry", "access"]
    assert around("other") == ["other"]
