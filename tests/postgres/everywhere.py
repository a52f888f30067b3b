"""A pytest plugin: each ledger and each copy that a test makes keeps its entries in a separate PostgreSQL database.

`pytest -p tests.postgres.everywhere tests/ledger/application` runs tests there that were written without PostgreSQL.
`tests.postgres.keys_everywhere` does the same with the keys of data subjects.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ledger.application import create_ledger, journal
from ledger.application.integrity import verify_ledger
from tests.postgres.server import OWNER, Server

_servers: list[Server] = []
_numbers = count()
_made: dict[str, Path] = {}  # each database, with the folder of its ledger


def pytest_configure(config: pytest.Config) -> None:
    begin(config, "store", "store")


def begin(config: pytest.Config, argument: str, pointer: str) -> None:
    """Have every ledger made with a database: `argument` of `found` names it, and the file `pointer` in the folder."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # with several processes, each test process has a separate server
    server = Server.new()
    _servers.append(server)

    def new(folder: Path) -> str:
        name = f"made{next(_numbers)}"
        _made[name] = folder
        return name

    def found(path: Path, *args: Any, **given: Any) -> None:
        given[argument] = given.get(argument) or server.database(new(path))
        create_ledger.found(path, *args, **given)

    def copytree(source: Any, target: Any, *more: Any, **given: Any) -> Any:
        done = copied(source, target, *more, **given)
        for file in Path(target).glob(pointer):
            name = new(Path(target))
            there = file.read_text().split("/")[3].split("?")[0]
            with server.boss() as c:
                c.execute(f"CREATE DATABASE {name} TEMPLATE {there} OWNER {OWNER}".encode())
            file.write_text(server.uri(name) + "\n")
        return done

    def verify_folder(path: Path, *given: Any, store: str = "", **more: Any) -> Any:
        """Verify a folder as an auditor does who read the address in the folder and passes it on."""
        there = path / "store"
        store = store or (there.read_text().strip() if there.exists() else "")
        return verified(path, *given, store=store, **more)

    verified = verify_ledger.verify_folder
    copied = shutil.copytree
    # for the duration of these tests
    vars(journal)["found"] = found
    vars(verify_ledger)["verify_folder"] = verify_folder
    shutil.copytree = copytree  # type: ignore[assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """Drop the databases of ledgers whose folders were removed after the test: each has eight megabytes."""
    done = yield
    for name in [name for name, folder in _made.items() if not folder.exists()]:
        _servers[0].drop(name)
        del _made[name]
    return done


def pytest_unconfigure(config: pytest.Config) -> None:
    for server in _servers:
        server.gone()


# These tests are about the files entries.db and heads.db, and the folders foreign and others.
OF_THE_FILE = (
    "test_fsck_says_in_every_format_whether_the_ledger_is_whole",
    "test_a_closed_ledger_keeps_no_file_open",
    "test_kept_bytes_that_were_changed_are_found_and_lost_ones_are_told_of",
    "test_a_copy_holds_what_came_from_others_and_what_it_proves",
    "test_two_entries_at_one_place_of_a_log_are_an_exhibit",
    "test_what_was_received_earlier_and_lost_since_is_left_out_of_the_comparison",
    "test_the_proof_of_what_arrived_is_kept_beside_it",
    "test_a_shelf_that_cannot_be_read_is_a_verdict_too",
    "test_a_ledger_begins_with_its_log_key_and_guard_outside",
    "test_an_entry_that_was_changed_on_the_shelf_is_proved_with_its_number",
    "test_an_older_shelf_put_in_place_is_a_rollback",
    "test_a_value_that_stays_readable_although_an_entry_says_its_key_is_destroyed_is_found",
    "test_sealed_values_stand_nowhere_in_the_clear",
    "test_encrypted_values_left_over_from_an_erasure_keep_nobody_from_sealing",
    "test_an_older_shelf_put_under_an_open_ledger_takes_nothing_in",
    "test_the_register_is_checked_again_where_a_byte_of_it_has_changed",
    "test_the_page_is_typed_as_it_stands",
    "test_a_scratched_entry_fails_the_report_and_is_named",
    "test_parts_that_are_in_files_stay_there",
    "test_files_that_were_changed_or_removed_are_so_in_the_restored_ledger",
    "test_copies_behind_one_another_restore_the_ledger_as_one_whole_copy_does",
    "test_an_erasure_reaches_the_values_that_an_earlier_copy_has",
    "test_a_faulty_new_entry_is_not_copied",
    "test_erased_values_change_no_verdict",
    "test_a_fault_in_an_old_entry_is_found_when_it_is_asked_and_one_in_the_register_or_in_a_new_entry_always",
    "test_an_erasure_is_not_undone_by_an_archive_from_before_or_after_it",
    "test_an_archive_has_no_sealed_value_no_ciphertext_and_no_key",
    "test_a_locked_person_gets_no_code_and_an_account_that_is_removed_is_gone",  # it looks into identity.db
    "test_a_directory_says_what_it_lists_takes_and_proves",
    "test_a_folder_that_is_written_to_while_it_is_read_is_not_believed",
    "test_heads_that_a_move_has_closed_are_opened_again",
    "test_only_files_whose_content_has_moved_are_removed",
    "test_the_entries_of_a_copy_go_into_a_database_if_one_is_named_and_are_verified_there_again",
    "test_the_small_databases_are_those_of_the_machine_and_the_heads",
    "test_what_was_received_is_in_the_database_where_heads_are_and_else_in_the_folder",
    "test_what_an_interrupted_beginning_left_is_made_anew",
    "test_a_closed_store_is_not_removed_unless_the_folder_says_where_it_is",
    "test_heads_are_not_committed_while_the_register_lacks_the_key_of_the_last_commit",  # these three delete a row
    "test_heads_are_not_committed_while_an_entry_is_missing",
    "test_a_map_that_is_made_again_and_differs_from_the_last_commit_is_not_committed",
)
# Of a ledger in files: an audit, a directory of ledgers and a copied folder read no database, and syncs are counted by
# file.
OF_FILES = (
    "test_audit.py",
    "test_audit_sign.py",
    "test_bad_input.py",
    "test_deleted_entries.py",
    "test_directory.py",
    "test_interrupted.py",
    "test_left_out.py",
    "test_ledger_as_published.py",
    "test_move_files.py",
    "test_schema.py",
    "test_syncs.py",
    "test_verify_log.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [
        item for item in items if getattr(item, "originalname", item.name) in OF_THE_FILE or item.path.name in OF_FILES
    ]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]
