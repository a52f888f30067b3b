"""A key that no old key signed for accepts itself, in the first role that it was given."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.stories import planned_entries
from cli.stories.planned_entries import PlannedEntry, _keys_after, _name_keys, public_of

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)


class Keys:
    """The keys of a story: each has the seed of its name; the newest one of an actor signs."""

    story = "T"

    def __init__(self) -> None:
        self.introduced: list[tuple[str, str]] = []

    def seed(self, actor: str, name: str = "newest") -> bytes:
        return f"{actor} {name}".encode().ljust(32, b".")[:32]

    def introduce(self, actor: str, name: str) -> None:
        self.introduced.append((actor, name))


def entry(kind: str, by: str = "registrar", order: str | None = None, **public: Any) -> PlannedEntry:
    return PlannedEntry(
        kind=kind, order=order, by=by, role="ADM", seed=b"s", on=AT, at=AT, public=public, sealed={}, audience={},
        speaks="act", on_source="own-act", whose=None, replaces=None, label="a label",
    )  # fmt: skip


def after(given: PlannedEntry) -> list[PlannedEntry]:
    keys: Any = Keys()
    story: Any = SimpleNamespace(actors={"ilves": SimpleNamespace(roles=["ISS", "CT"], key="none")})
    return list(_keys_after(given, keys, story, {}))


@pytest.mark.parametrize(
    ("given", "role"),
    [
        (entry("key-registered", actor="ilves"), "ISS"),
        (entry("key-registered", actor="ilves", roles=["CT", "ISS"]), "CT"),
        (entry("key-registered", actor="ilves", roles=[]), "ISS"),
        (entry("key-registered", actor="ilves", roles="CT"), "ISS"),
        (entry("key-rotated", actor="ilves"), "ISS"),
    ],
)
def test_a_new_key_is_accepted_by_its_holder(given: PlannedEntry, role: str) -> None:
    (made,) = after(given)
    seed = Keys().seed("ilves")
    assert (made.kind, made.by, made.role, made.seed, made.public) == (
        "key-accepted", "ilves", role, seed, {"key": public_of(seed)},
    )  # fmt: skip
    assert (made.label, made.replaces, made.on, made.setup) == (None, None, AT, True)


@pytest.mark.parametrize(
    "given",
    [
        entry("key-rotated", by="ilves", actor="ilves"),  # the old key signs for the new one
        entry("key-registered", actor="lind"),  # no actor of the story
        entry("key-registered", actor=3),
        entry("key-registered", order="main", actor="ilves"),
        entry("authority-registered", actor="ilves"),  # without a key of its holder's own
        entry("order-issued", actor="ilves"),
    ],
)
def test_nothing_follows_other_facts(given: PlannedEntry) -> None:
    assert after(given) == []


@pytest.mark.parametrize("kind", ["own", "none"])
def test_an_office_that_a_fact_registers_is_enrolled_with_its_own_key(kind: str) -> None:
    keys: Any = Keys()
    story: Any = SimpleNamespace(actors={"ilves": SimpleNamespace(roles=["ISS", "CT"], key=kind)})
    made = list(_keys_after(entry("authority-registered", actor="ilves"), keys, story, {}))
    seed = keys.seed("ilves")
    public = public_of(seed)
    registered = ("key-registered", "registrar", "ADM", b"s", {"actor": "ilves", "key": public, "roles": ["ISS", "CT"]})
    accepted = ("key-accepted", "ilves", "ISS", seed, {"key": public})
    assert [(e.kind, e.by, e.role, e.seed, e.public) for e in made] == ([registered, accepted] if kind == "own" else [])
    assert all((e.label, e.replaces, e.sealed, e.setup, e.on) == (None, None, {}, True, AT) for e in made)


@pytest.mark.parametrize(
    ("kind", "public", "expected", "introduced"),
    [
        ("key-rotated", {"old_key": "first", "new_key": "second"}, {"old_key": "first", "new_key": "newest"}, "second"),
        ("key-rotated", {"old_key": None}, {}, None),
        ("key-registered", {"key": "first"}, {"key": "newest"}, "first"),
        ("key-revoked", {"key": "first"}, {"key": "first"}, None),
        ("key-compromised", {"key": "first"}, {"key": "first"}, None),
        ("order-issued", {"key": "first"}, {}, None),
        ("key-revoked", {}, {}, None),
    ],
)
def test_names_of_keys_become_the_keys(
    kind: str, public: dict[str, Any], expected: dict[str, str], introduced: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned_entries, "_committed", lambda story, follows, actor, name: None)
    keys: Any = Keys()
    stated = {"actor": "ilves", **public}
    _name_keys(kind, stated, keys, {})
    made = {name: public_of(keys.seed("ilves", key)) for name, key in expected.items()}
    assert stated == {"actor": "ilves", **public, **made}
    assert keys.introduced == ([("ilves", introduced)] if introduced else [])
    nobody = {"actor": None, **public}
    _name_keys(kind, nobody, keys, {})
    assert nobody == {"actor": None, **public}


def test_a_key_commits_to_the_one_that_follows_in_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned_entries, "_committed", lambda story, follows, actor, name: f"digest for {name}")
    keys: Any = Keys()
    stated = {"actor": "ilves", "key": "first"}
    _name_keys("key-registered", stated, keys, {})
    assert stated["next_key_sha256"] == "digest for first"
