"""Keys of data subjects are made once, destroyed without a trace, and not used in a file that has moved."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from nacl.secret import Aead

from ledger.adapters.migration.close_store import KEYS, close
from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.storage.sqlite import create
from ledger.adapters.subject_keys import schema
from ledger.adapters.subject_keys.key_database import POSTGRES_VERSION, SQLiteKeys, create_keys
from ledger.adapters.subject_keys.key_store import DestroyedKey, SubjectKeyStore, encrypt_value
from ledger.adapters.subject_keys.names import COMPANION, HOLDER, TARGET
from ledger.adapters.subject_keys.value_index import SearchForm
from ledger.errors import LedgerError
from ledger.formats.selective_disclosure import Disclosure
from tests.support.files.system_calls import open_below

LENA, JAAN = "lena voss", "witness 3"
FIRST, SECOND = "order 1", "order 2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


@pytest.fixture
def store(path: Path) -> Iterator[SubjectKeyStore]:
    with closing(SubjectKeyStore.create(path)) as made:
        yield made


def code(call: Any, *given: Any) -> str:
    with pytest.raises(LedgerError) as refused:
        call(*given)
    return refused.value.code


def log_is_empty(path: Path) -> bool:
    """Return True if the write-ahead log has no page; it had some before an erasure."""
    return path.with_name("keys.db-wal").stat().st_size == 0


def test_a_store_is_closed_and_one_that_is_refused_is_too(store: SubjectKeyStore, path: Path) -> None:
    with pytest.raises(FileExistsError):
        create_keys(path, bytes(32))
    store.close()
    with closing(sqlite3.connect(path)) as c:
        c.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    assert code(SubjectKeyStore, path) == "LEDGER-VERSION"
    assert open_below(path.parent) == []


def test_each_subject_has_one_key_in_each_order(store: SubjectKeyStore, path: Path) -> None:
    assert store.keys_for([]) == {}
    made = store.keys_for([(LENA, FIRST), (LENA, SECOND), (JAAN, FIRST), (LENA, FIRST)])
    assert set(made) == {(LENA, FIRST), (LENA, SECOND), (JAAN, FIRST)}
    ids = {place: key_id for place, (key_id, _) in made.items()}
    assert len({*ids.values()}) == 3
    again = store.keys_for([(LENA, FIRST), (JAAN, SECOND)])
    assert again[LENA, FIRST][0] == ids[LENA, FIRST]
    new = again[JAAN, SECOND][0]
    assert store.keys_of(LENA) == {ids[LENA, FIRST]: FIRST, ids[LENA, SECOND]: SECOND}
    assert (store.keys_of(JAAN, SECOND), store.keys_of(JAAN, "none")) == ({new: SECOND}, {})
    assert store.key_of(JAAN, FIRST) == ids[JAAN, FIRST]
    assert store.key_of(JAAN, "none") is store.key_of("nobody", FIRST) is None
    assert store.subjects() == {**ids, (JAAN, SECOND): new}
    assert store.subjects_of([ids[LENA, FIRST], new, "none"]) == {
        (LENA, FIRST): ids[LENA, FIRST],
        (JAAN, SECOND): new,
    }
    assert store.existing([new, "none"]) == {new}
    assert (store.name_of(new), store.name_of("none")) == (JAAN, None)
    with closing(SubjectKeyStore(path, writable=False)) as reader:
        assert reader.subjects() == store.subjects()
        with pytest.raises(LedgerError, match="READ-ONLY"):
            reader.keys_for([("new", FIRST)])


def test_keys_that_are_there_are_read_without_a_transaction(
    store: SubjectKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store.keys_for([(LENA, FIRST), (JAAN, FIRST)])
    monkeypatch.setattr(store._db, "transaction", None)
    assert {place: key_id for place, (key_id, _) in store.keys_for(list(made)).items()} == {
        place: key_id for place, (key_id, _) in made.items()
    }
    with pytest.raises(TypeError):
        store.keys_for([(LENA, FIRST), (LENA, SECOND)])


def test_the_names_of_keys_come_in_their_order(store: SubjectKeyStore) -> None:
    whose = [(name, order) for order in (SECOND, FIRST) for name in "cabfed"]
    keys = store.keys_for(whose)
    assert list(store.subjects_of([key_id for key_id, _ in keys.values()])) == sorted(whose)


def test_a_key_is_read_once_for_an_order(store: SubjectKeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = store.keys_for([(LENA, FIRST)])
    said = [Disclosure(b"", name, name, name, name) for name in ("a", "b", "c")]
    closed = store.encrypt_values("entry", said, lambda field: (LENA, FIRST), keys)
    read, asked, cache = store._key, list[str](), dict[str, Any]()

    def counted(key_id: str) -> Any:
        asked.append(key_id)
        return read(key_id)

    monkeypatch.setattr(store, "_key", counted)
    for _ in range(2):
        assert store.decrypt_values("entry", closed, cache) == ["a", "b", "c"]
    assert asked == [closed[0].key_id]
    assert store.decrypt_values("entry", closed) == ["a", "b", "c"]
    assert len(asked) == 2, "a cache is for one reading"


def test_only_the_first_version_is_read_through_views() -> None:
    assert [schema.needs_views(version) for version in (0, 1, 2, 3)] == [True, True, False, False]
    assert POSTGRES_VERSION == 1  # in a database there is no earlier one


def test_keys_that_another_process_has_just_made_are_not_made_again(
    store: SubjectKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store.keys_for([(LENA, FIRST)])
    find, asked = store._find_keys, list[int]()

    def found(whose: Any) -> Any:
        asked.append(len(whose))
        return {} if len(asked) == 1 else find(whose)  # they come after the first look

    monkeypatch.setattr(store, "_find_keys", found)
    both = store.keys_for([(LENA, FIRST), (JAAN, FIRST)])
    assert both[LENA, FIRST][0] == made[LENA, FIRST][0]
    assert (len(store.keys_of(LENA)), len(store.keys_of(JAAN)), asked) == (1, 1, [2, 2, 2])


def test_two_names_become_one_person_and_the_log_of_the_file_is_emptied(store: SubjectKeyStore, path: Path) -> None:
    store.keys_for([(LENA, FIRST), (JAAN, SECOND)])
    assert not log_is_empty(path)
    assert [code(store.merge, *names) for names in ((LENA, "none"), ("none", LENA))] == ["SUBJECT-UNKNOWN"] * 2
    store.merge(LENA, JAAN)
    assert log_is_empty(path)
    assert store.keys_of(LENA) == store.keys_of(JAAN) != {}
    assert sorted(store.keys_of(LENA).values()) == [FIRST, SECOND]


def test_a_name_that_means_another_person_in_one_order_gets_another_name_there(
    store: SubjectKeyStore, path: Path
) -> None:
    keys = store.keys_for([(LENA, FIRST), (LENA, SECOND), (JAAN, FIRST)])
    for name, order in (("none", FIRST), (JAAN, SECOND)):
        assert code(store.split, name, order, "another") == "SUBJECT-UNKNOWN"
    assert store.keys_of("another") == {}
    store.split(LENA, SECOND, "another")
    assert log_is_empty(path)
    assert (list(store.keys_of(LENA)), list(store.keys_of("another"))) == (
        [keys[LENA, FIRST][0]],
        [keys[LENA, SECOND][0]],
    )
    store.split(LENA, FIRST, JAAN)  # a name that is known, and the last key
    assert {*store.keys_of(JAAN)} == {keys[LENA, FIRST][0], keys[JAAN, FIRST][0]}
    assert (store.keys_of(LENA), code(store.merge, LENA, JAAN)) == ({}, "SUBJECT-UNKNOWN")


def test_destroyed_keys_are_marked_and_listed_until_the_log_says_so(store: SubjectKeyStore, path: Path) -> None:
    keys = store.keys_for([(LENA, FIRST), (LENA, SECOND), (JAAN, FIRST)])
    first, second, other = (keys[place][0] for place in ((LENA, FIRST), (LENA, SECOND), (JAAN, FIRST)))
    store.index.add([(SearchForm("name", "x"), first), (SearchForm("name", "x"), other)], 7)
    store.destroy([first], "erasure-granted", ["dpo", "ilves"])
    assert log_is_empty(path)
    assert store.unrecorded() == [DestroyedKey(first, "erasure-granted", ("dpo", "ilves"))]
    assert store.destroyed([first, second, "none"]) == {first}
    assert store.erased_keys(LENA, [FIRST]) == store.erased_keys(LENA, [SECOND, FIRST, FIRST]) == [first]
    assert store.erased_keys(LENA, [SECOND]) == store.erased_keys(JAAN, [FIRST]) == []
    assert (list(store.keys_of(LENA)), store.index.keys_with([SearchForm("name", "x")])) == ([second], {other})
    again = store.keys_for([(LENA, FIRST)])[LENA, FIRST][0]
    store.mark_recorded(first)
    assert log_is_empty(path)
    assert store.unrecorded() == []
    store.destroy([again, second])
    assert store.erased_keys(LENA, [FIRST]) == [first, again]
    assert [(each.cause, each.custodians) for each in store.unrecorded()] == [(None, ())] * 2
    assert code(store.merge, LENA, JAAN) == "SUBJECT-UNKNOWN", "a subject without a key loses its names"


def test_an_erasure_leaves_no_name_and_no_key_in_the_files(path: Path) -> None:
    made: list[bytes] = []

    def entropy(count: int) -> bytes:
        made.append(os.urandom(count))
        return made[-1]

    def are_there(*texts: bytes) -> list[bool]:
        content = b"".join(file.read_bytes() for file in path.parent.iterdir())
        return [text in content for text in texts]

    with closing(SubjectKeyStore.create(path, entropy=entropy)) as store:
        keys = store.keys_for([(LENA, FIRST), (JAAN, SECOND)])
        assert [len(each) for each in made] == [32, 16, 32, 16, 32]
        looked_for = LENA.encode(), made[2], JAAN.encode(), made[4]
        assert are_there(*looked_for) == [True] * 4
        store.destroy([keys[LENA, FIRST][0]])
        assert are_there(*looked_for) == [False, False, True, True]


def test_a_name_that_was_stored_with_more_spaces_is_found(store: SubjectKeyStore) -> None:
    names = ["witness   3", "witness  3", "witness 4", HOLDER + "x" * 200, f"{COMPANION}a  b", f"{TARGET}a  b"]
    store.keys_for([(name, FIRST) for name in names])
    assert store.stored_name("witness 3") == "witness   3"
    assert [store.stored_name(name) for name in ("witness 4", "witness 5", "a b")] == ["witness 4", "witness 5", "a b"]
    store.keys_for([("witness 3", FIRST)])
    assert store.stored_name("witness 3") == "witness 3"


def test_a_companion_is_chosen_once(store: SubjectKeyStore) -> None:
    assert (store.companion_of("main"), store.main_of("beside")) == (None, None)
    assert store.companion_for("main", "beside") == "beside"
    assert store.companion_for("main", "another") == "beside"
    assert (store.companion_of("main"), store.main_of("beside"), store.main_of("main")) == ("beside", "main", None)


def test_values_are_opened_with_their_key_at_their_place_alone(store: SubjectKeyStore) -> None:
    keys = store.keys_for([(LENA, FIRST), (JAAN, FIRST)])
    said = [Disclosure(b"", name, name, f"text of {name}", f"digest of {name}") for name in ("reasons", "why")]
    whose = {"reasons": (LENA, FIRST), "why": (JAAN, FIRST)}
    closed = store.encrypt_values("entry", said, whose.__getitem__, keys)
    assert [(each.field, each.digest, each.key_id) for each in closed] == [
        (d.name, d.digest, keys[whose[d.name]][0]) for d in said
    ]
    assert store.decrypt_values("entry", closed) == ["text of reasons", "text of why"]
    assert store.decrypt_values("another entry", closed) == []
    swapped = [Ciphertext("why", "d", closed[0].key_id, closed[0].ciphertext)]
    emptied = [Ciphertext("reasons", "d", closed[0].key_id, None)]
    assert store.decrypt_values("entry", [*swapped, *emptied, closed[1]]) == ["text of why"]
    cache: Any = {}
    store.destroy([closed[0].key_id])
    assert store.decrypt_values("entry", closed, cache) == ["text of why"]
    assert {key_id: box is None for key_id, box in cache.items()} == {closed[0].key_id: True, closed[1].key_id: False}
    nonces = [encrypt_value("entry", said[0], *keys[JAAN, FIRST]).ciphertext for _ in range(2)]
    assert nonces[0] != nonces[1]


def test_a_wrapped_secret_is_opened_with_its_key_and_text(store: SubjectKeyStore) -> None:
    keys = store.keys_for([(LENA, FIRST), (JAAN, FIRST)])
    one, other = keys[LENA, FIRST][0], keys[JAAN, FIRST][0]
    wrapped = store.wrap(one, b"secret", "bound")
    assert wrapped is not None
    assert store.unwrap(one, wrapped, "bound") == b"secret"
    assert store.unwrap(other, wrapped, "bound") is store.unwrap(one, wrapped, "else") is None
    assert store.wrap("none", b"secret", "bound") is store.unwrap("none", wrapped, "bound") is None
    store.destroy([one])
    assert store.unwrap(one, wrapped, "bound") is None


def test_keys_that_move_while_they_are_open_are_not_used_and_a_damaged_file_says_so(
    store: SubjectKeyStore, path: Path
) -> None:
    store.keys_for([(LENA, FIRST)])
    close(path, KEYS, "/there")
    with pytest.raises(LedgerError, match=r"STORE-MOVED.*/there"):
        store.keys_of(LENA)
    with closing(sqlite3.connect(path)) as c:
        c.execute("DROP TABLE moved")
    assert code(store.keys_of, LENA) == "LOG-CORRUPT"


def test_a_file_that_another_process_has_migrated_is_not_migrated_again(store: SubjectKeyStore, path: Path) -> None:
    keys = store.keys_for([(LENA, FIRST)])
    with closing(SQLiteKeys(path, writable=True, secret=bytes)) as database:
        database._migrate(bytes(32))
    assert store.keys_for([(LENA, FIRST)])[LENA, FIRST][0] == keys[LENA, FIRST][0]


OLD_KEYS = {f"{TARGET}{FIRST}": (FIRST, b"1"), f"{COMPANION}beside": ("main", b"2"), LENA: ("", b"3")}
OLD_KEYS |= {f"{COMPANION}alone": ("", b"4")}


def old(path: Path, version: int = 0) -> None:
    """Make the keys of the first version: one for each subject, in all orders."""
    create(
        path,
        (
            "CREATE TABLE drawer (subject TEXT PRIMARY KEY, key_id TEXT NOT NULL, secret BLOB NOT NULL)",
            "CREATE TABLE destroyed (key_id TEXT PRIMARY KEY)",
            schema.COMPANIONS,
            "INSERT INTO companion VALUES ('main', 'beside')",
            "INSERT INTO destroyed VALUES ('gone')",
            *(
                ("INSERT INTO drawer VALUES (?, ?, ?)", (name, f"key of {name}", secret * 32))
                for name, (_, secret) in OLD_KEYS.items()
            ),
        ),
        version=version,
    )


def tables(path: Path) -> tuple[set[str], int]:
    with closing(sqlite3.connect(path)) as c:
        names = {name for (name,) in c.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        return names, c.execute("PRAGMA user_version").fetchone()[0]


def check_old(store: SubjectKeyStore) -> None:
    """Compare the keys with those of the first version."""
    assert store.subjects() == {(name, order): f"key of {name}" for name, (order, _) in OLD_KEYS.items()}
    assert store.unrecorded() == [DestroyedKey("gone", None, ())]
    assert store.companion_of("main") == "beside"
    for name, (_, secret) in OLD_KEYS.items():
        sealed = encrypt_value("e", Disclosure(b"", "n", "v", "text", "d"), f"key of {name}", Aead(secret * 32))
        assert store.decrypt_values("e", [sealed]) == ["text"]


@pytest.mark.parametrize("version", [0, 1])
def test_keys_of_the_first_version_are_read_as_they_are_and_migrated_once(path: Path, version: int) -> None:
    old(path, version)
    before = tables(path)
    assert before == ({"drawer", "destroyed", "companion"}, version)
    with closing(SubjectKeyStore(path, writable=False)) as reader:
        check_old(reader)
        assert (tables(path), reader.erased_keys(LENA, [FIRST])) == (before, [])
        with closing(SubjectKeyStore(path)) as store:
            check_old(store)
            assert (store.index.position(), store.index.keys_with([SearchForm("name", "x")])) == (0, set())
            assert log_is_empty(path)
            store.destroy([f"key of {LENA}"])
            assert store.erased_keys(LENA, [FIRST]) == [f"key of {LENA}"]
        assert reader.keys_of(LENA) == {}, "the reader goes on with the new tables"
        assert reader.keys_of(f"{TARGET}{FIRST}") == {f"key of {TARGET}{FIRST}": FIRST}
    new = {"subject_name", "subject_key", "destroyed_key", "erased", "marking", "companion"}
    assert tables(path) == (new | {"indexed_value", "index_position"}, 3)
    assert schema.VERSION == 3
    assert open_below(path.parent) == []


def test_each_migrated_store_has_a_secret_of_its_own_and_a_person_an_id(path: Path, tmp_path: Path) -> None:
    old(path)
    made = bytes(range(32))
    with closing(SubjectKeyStore(path, entropy=lambda count: made[:count])) as store:
        assert store._marking() == made
    with closing(sqlite3.connect(path)) as c:
        ids = [subject for (subject,) in c.execute("SELECT subject FROM subject_name")]
        assert len({*ids}) == len(OLD_KEYS)
        assert all(uuid.UUID(each) for each in ids)


def test_keys_of_the_second_version_get_an_index_and_keep_their_tables(store: SubjectKeyStore, path: Path) -> None:
    keys = store.keys_for([(LENA, FIRST)])
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as c:
        c.execute("DROP TABLE indexed_value")
        c.execute("DROP TABLE index_position")
        c.execute("PRAGMA user_version = 2")
    with closing(SubjectKeyStore(path, writable=False)) as reader:
        assert reader.keys_of(LENA) == {keys[LENA, FIRST][0]: FIRST}
    assert tables(path)[1] == 2
    with closing(SubjectKeyStore(path)) as again:
        assert (again.index.position(), again.keys_of(LENA)) == (0, {keys[LENA, FIRST][0]: FIRST})
    assert tables(path)[1] == 3


def test_a_file_whose_migration_fails_stays_as_it_was_and_is_closed(path: Path) -> None:
    old(path)
    with closing(sqlite3.connect(path)) as c:
        c.execute("CREATE TABLE erased (one)")
    before = tables(path)
    assert code(SubjectKeyStore, path) == "LOG-CORRUPT"
    assert (tables(path), open_below(path.parent)) == (before, [])


class Waiting:
    """A connection of which a reader needs the log so many times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def execute(self, statement: str) -> Any:
        assert statement == "PRAGMA wal_checkpoint(TRUNCATE)"
        self.times -= 1
        return type("Row", (), {"fetchone": lambda _: (int(self.times >= 0),)})()

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("step", "waits"), [(10, 4), (10.5, 3), (31, 1), (30, 2)])
def test_an_erasure_waits_thirty_seconds_for_readers(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: float, waits: int
) -> None:
    create_keys(path, bytes(32))
    database = SQLiteKeys(path, writable=True, secret=bytes)
    database.close()
    slept: list[float] = []
    clock = iter([100 + step * n for n in range(99)])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(time, "sleep", slept.append)
    waiting: Any = Waiting(99)
    database._c = waiting
    assert code(database.overwrite) == "BUSY"
    assert slept == [0.05] * (waits - 1)
    slept.clear()
    clock = iter([0.0] * 99)
    database._c = Waiting(2)  # type: ignore[assignment]
    database.overwrite()
    assert len(slept) == 2


# -- the index ---------------------------------------------------------------------------------------------------------


def test_keys_are_found_by_all_forms_of_a_value_until_the_index_is_cleared(store: SubjectKeyStore) -> None:
    keys = store.keys_for([(LENA, FIRST), (JAAN, FIRST)])
    one, other = keys[LENA, FIRST][0], keys[JAAN, FIRST][0]
    name, phone = SearchForm("name", "voss"), SearchForm("phone", "123")
    assert store.index.position() == 0
    store.index.add([(name, one), (name, other), (phone, other), (name, one), (phone, "destroyed")], 9)
    assert store.index.position() == 9
    assert store.index.keys_with([name]) == {one, other}
    assert store.index.keys_with([phone]) == store.index.keys_with([name, phone]) == {other}
    assert store.index.keys_with([]) == store.index.keys_with([SearchForm("phone", "voss")]) == set()
    assert store.index.keys_with([name, SearchForm("name", "none")]) == set()
    store.index.clear()
    assert (store.index.position(), store.index.keys_with([name])) == (0, set())


def test_a_search_is_named_by_a_keyed_hash(store: SubjectKeyStore, tmp_path: Path) -> None:
    form = SearchForm("name", "voss")
    said = store.index.hash_of(form)
    assert (len(bytes.fromhex(said)), store.index.hash_of(form)) == (16, said)
    others = [SearchForm("value", "voss"), SearchForm("name", "vos")]
    with closing(SubjectKeyStore.create(tmp_path / "another.db")) as another:
        assert said not in {*map(store.index.hash_of, others), another.index.hash_of(form)}
