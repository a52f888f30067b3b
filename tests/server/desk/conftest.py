"""Two people of different offices at one desk, for the tests that only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.desk.desk import Person
    from tests.server.office import Office


@pytest.fixture(scope="module")
def prosecutor(office: Office) -> Person:
    from tests.server.desk.desk import person

    return person(office, "Dina Ilves", "ilves")
