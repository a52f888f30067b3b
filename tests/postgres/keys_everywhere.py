"""A pytest plugin: each ledger and each copy that a test makes keeps its subject keys in a PostgreSQL database.

`pytest -p tests.postgres.keys_everywhere tests/ledger/adapters/subject_keys` runs the tests that were written without.
"""

from __future__ import annotations

import pytest

from tests.postgres import everywhere
from tests.postgres.everywhere import pytest_runtest_teardown as pytest_runtest_teardown
from tests.postgres.everywhere import pytest_unconfigure as pytest_unconfigure

# These tests are about the file keys.db.
OF_THE_FILE = (
    "test_erasure_leaves_no_trace_of_the_key_in_any_file_of_the_ledger",
    "test_a_closed_ledger_keeps_no_file_open",
    "test_a_ledger_begins_with_its_log_key_and_guard_outside",
    "test_nothing_private_can_be_read_by_others",
    "test_no_address_in_the_folder_is_followed",
    "test_the_values_of_an_entry_may_be_a_named_persons_and_are_erased_alone",
    "test_a_copy_without_keys_is_whole_and_says_that_keys_were_not_compared",
    "test_other_keys_seal_open_and_erase_nothing_and_reading_goes_on",
    "test_files_that_have_not_moved_are_not_removed",
    "test_parts_that_are_in_files_stay_there",
    "test_values_whose_keys_are_lost_for_good_are_dropped_and_the_ledger_goes_on",
    "test_an_import_under_other_keys_records_nothing",
    "test_a_ledger_of_the_first_version_is_erased_whole_and_says_what_was_erased_then",
    "test_nobody_files_papers_whose_values_are_under_other_keys",
    "test_values_under_keys_that_are_neither_here_nor_destroyed_leave_the_ledger_undecided",
    "test_an_erasure_that_would_leave_values_under_other_keys_is_refused_and_names_them",
    "test_a_name_may_hold_an_equals_sign_where_no_field_is_called_so",
    "test_a_key_that_came_back_is_found_although_nothing_is_left_to_open",
    "test_a_value_that_stays_readable_although_an_entry_says_its_key_is_destroyed_is_found",
    "test_one_name_in_two_orders_is_one_person_with_a_key_for_each_and_that_is_told",
    "test_an_old_copy_of_the_keys_seals_nothing_behind_what_it_does_not_know",
    "test_keys_of_version_2_get_an_index_and_a_reader_leaves_them_as_they_are",
    "test_values_under_the_keys_of_another_file_make_the_answer_undecided",
    "test_the_index_is_filled_when_entries_are_recorded_and_made_again_by_a_command",
    "test_an_erased_person_is_not_found_and_the_rows_are_gone",
    "test_an_old_copy_is_completed_by_the_mirror_and_keeps_its_sealed_values",
    "test_keys_of_a_damaged_file_are_not_copied",
    "test_a_copy_has_the_keys_that_are_in_use",
    "test_a_copy_is_never_overwritten_and_what_cannot_be_copied_makes_no_file",
    "test_keys_that_stay_are_not_moved_and_missing_ones_are_said",
    "test_only_files_whose_content_has_moved_are_removed",
    "test_only_sealed_values_need_the_keys_of_data_subjects",
    "test_what_an_interrupted_beginning_left_is_made_anew",
    "test_a_closed_store_is_not_removed_unless_the_folder_says_where_it_is",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [item for item in items if getattr(item, "originalname", item.name) in OF_THE_FILE]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


def pytest_configure(config: pytest.Config) -> None:
    everywhere.begin(config, "keys_store", "keys-store")
