"""Plan the entries of a story in the order in which they are recorded: first the setup, then the facts of the story.

Nothing here reads a disk or a clock: the same story gives the same entries, signed by the same keys. The keys are
derived from the words of the story, so everybody has them; they prove nothing outside the story.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace
from nacl.signing import SigningKey

from cli.stories.model import Story, StoryActor, StoryFact, on_the_wire

DEFAULT_REGISTRAR = "registrar"  # the registrar of a story that has none


class PlannedEntry(Struct, frozen=True):
    """One entry to record: a fact of a story, with public keys and wire moments in place.

    Labels of entries and names of orders are still labels and names; the player replaces them. `seed` is the Ed25519
    seed of the signer. `setup` marks an entry that the player adds and that is no fact of the story.
    """

    kind: str
    order: str | None
    by: str
    role: str
    seed: bytes
    on: datetime
    at: datetime
    public: Mapping[str, Any]
    sealed: Mapping[str, Any] = field(default_factory=dict)
    audience: Mapping[str, list[str]] = field(default_factory=dict)
    speaks: str = "act"
    on_source: str = "own-act"
    whose: str | None = None
    replaces: str | None = None
    label: str | None = None
    setup: bool = False


def seed_of(story: str, actor: str, key: str) -> bytes:
    """Return the seed of a key of a story. It is public: everybody can derive it."""
    return hashlib.sha256(f"comity story, a public key\n{story}\n{actor}\n{key}\n".encode()).digest()


def public_of(seed: bytes) -> str:
    """Return the public key of a seed, 64 hex digits."""
    return bytes(SigningKey(seed).verify_key).hex()


class StoryKeys(Struct):
    """The key with which each actor of a story signs, and the keys by the names that the story gives them."""

    story: str
    holds: dict[str, str] = field(default_factory=dict)  # actor -> name of the key it signs with
    names: dict[str, dict[str, str]] = field(default_factory=dict)  # actor -> name in the story -> name of the key

    def resolve(self, actor: str, name: str | None) -> str:
        """Return the key of a name: a key of the story, else the actor's first; without a name the key it holds."""
        if name is None:
            return self.holds.get(actor, "first")
        return self.names.setdefault(actor, {}).setdefault(name, "first")

    def introduce(self, actor: str, name: str) -> None:
        """Let the actor sign with the key of this name from here on."""
        self.names.setdefault(actor, {})[name] = name
        self.holds[actor] = name

    def seed(self, actor: str, name: str | None = None) -> bytes:
        """Return the seed of a key by its name; without a name, of the key that the actor holds."""
        return seed_of(self.story, actor, self.resolve(actor, name))


def plan_entries(story: Story) -> Iterator[PlannedEntry]:
    """Return every entry of a story in the order in which it is recorded.

    A revoked or reported key cannot sign after the position of that entry. Where a story goes on signing with the key,
    the revocation moves behind the last of these entries: the law reads when it was made, not its position.
    """
    entries = list(_all_entries(story))
    for place in reversed([i for i, e in enumerate(entries) if e.kind in ("key-revoked", "key-compromised")]):
        seed = _revoked_seed(entries, place)
        signed = [i for i, e in enumerate(entries) if i > place and e.seed == seed]
        if signed:
            entries.insert(signed[-1], entries.pop(place))
    return iter(entries)


def _revoked_seed(entries: list[PlannedEntry], place: int) -> bytes | None:
    """Return the seed of the key that an entry revokes: the key it names, else the last key of its actor."""
    public = entries[place].public
    before = [e.seed for e in entries[:place] if e.by == public.get("actor")]
    named = [seed for seed in before if public_of(seed) == public.get("key")]
    return next(reversed(named if "key" in public else before), None)


def _all_entries(story: Story) -> Iterator[PlannedEntry]:
    keys = StoryKeys(story.story)
    follows = _successors(story)
    yield from _setup(story, keys, follows)
    for fact in story.facts:
        entry = _entry(story, fact, keys, follows)
        yield entry
        yield from _keys_after(entry, keys, story, follows)


def registrar(story: Story) -> tuple[str, str]:
    """Return the registrar of a story and its Party: the ADM of the story, else one that the player adds."""
    name = story.registrar
    if name is not None:
        return name, story.actors[name].party
    added = DEFAULT_REGISTRAR
    while added in story.actors:
        added += "-2"
    return added, next(iter(story.parties))


# -- setup: the register before the first fact -------------------------------------------------------------------------


def _setup(story: Story, keys: StoryKeys, follows: Mapping[tuple[str, str], str]) -> Iterator[PlannedEntry]:
    keeper, _ = registrar(story)
    begins, since = story.begins, story.valid_from.isoformat()
    stated = {(f.type, f.public.get("party" if f.type == "party-registered" else "actor")) for f in story.facts}

    def by_keeper(kind: str, **public: Any) -> PlannedEntry:
        values = {name: value for name, value in public.items() if value is not None}
        return PlannedEntry(
            kind=kind, order=None, by=keeper, role="ADM", seed=keys.seed(keeper), on=begins, at=begins,
            public=values, setup=True,
        )  # fmt: skip

    for code, party in story.parties.items():
        if ("party-registered", code) not in stated:
            yield by_keeper(
                "party-registered",
                party=code,
                names={"en": party.name},
                zone=party.zone,
                holidays=on_the_wire(party.holidays),
                declarations_verified=party.declarations_verified,
                in_force=[f"{t}={day.isoformat()}" for t, day in story.assume_in_force.items()] or None,
                not_bound_by=party.not_bound_by or None,
                languages=party.languages or None,
            )
        for declaration in party.declarations:
            terms = party.terms.get(declaration)
            yield by_keeper(
                "declaration-recorded",
                party=code,
                declaration=declaration,
                terms=terms if isinstance(terms, str) else None,
                named_circumstances=terms if isinstance(terms, list) else None,
                verified=party.declarations_verified,
                valid_from=since,
            )
    for name, actor in story.actors.items():
        if ("authority-registered", name) in stated:
            continue  # a fact of the story registers it
        about: dict[str, Any] = {
            "actor": name,
            "roles": actor.roles,
            "names": {"en": _register_name(story, actor)},
            "designations": _designations(story, name) or None,
            "valid_from": since,
            "languages": actor.languages or None,
        }
        if name == keeper:
            yield by_keeper("authority-changed", **about)
        else:
            yield by_keeper("authority-registered", party=actor.party, **about)
            if actor.key == "own":
                yield from _enrolled(by_keeper, name, actor, keys, follows)


def _enrolled(
    by_keeper: Any, name: str, actor: StoryActor, keys: StoryKeys, follows: Mapping[tuple[str, str], str]
) -> Iterator[PlannedEntry]:
    public = public_of(keys.seed(name))
    registered: PlannedEntry = by_keeper(
        "key-registered",
        actor=name,
        key=public,
        roles=actor.roles,
        next_key_sha256=_committed(keys.story, follows, name, "first"),
    )
    yield registered
    yield replace(
        registered, kind="key-accepted", by=name, role=actor.roles[0], seed=keys.seed(name), public={"key": public}
    )


def _register_name(story: Story, actor: StoryActor) -> str:
    """Return the name of an office for the register, which never names a person."""
    company = {"SP", "REG"} & set(actor.roles)
    return actor.name if company or (actor.key == "none" and story.source != "fictional") else actor.office


def _designations(story: Story, actor: str) -> list[str]:
    return [code for party in story.parties.values() for code, office in party.designates.items() if office == actor]


# -- the facts ---------------------------------------------------------------------------------------------------------


def _entry(story: Story, fact: StoryFact, keys: StoryKeys, follows: Mapping[tuple[str, str], str]) -> PlannedEntry:
    public = dict(on_the_wire(fact.public))
    seed = keys.seed(fact.by)
    if fact.type == "order-issued" and fact.order is not None:
        order = story.orders[fact.order]
        public = {"instrument": order.instrument, "from_party": order.sent_from, "to_party": order.to, **public}
    if fact.order is None:
        _name_keys(fact.type, public, keys, follows)
    return PlannedEntry(
        kind=fact.type, order=fact.order, by=fact.by, role=fact.role, seed=seed, on=fact.on, at=fact.at, public=public,
        sealed=on_the_wire(fact.sealed), audience=fact.audience, speaks=fact.speaks, on_source=fact.on_source,
        whose=fact.whose, replaces=fact.replaces, label=fact.label,
    )  # fmt: skip


def _name_keys(kind: str, public: dict[str, Any], keys: StoryKeys, follows: Mapping[tuple[str, str], str]) -> None:
    """Replace names of keys by the keys in a fact of the register, and let the actor sign with its new key."""
    actor = public.get("actor")
    if not isinstance(actor, str):
        return
    if kind == "key-rotated" and isinstance(public.get("old_key"), str):
        public["old_key"] = public_of(keys.seed(actor, public["old_key"]))
    elif kind in ("key-revoked", "key-compromised") and isinstance(public.get("key"), str):
        public["key"] = public_of(keys.seed(actor, public["key"]))
    new = {"key-registered": "key", "key-rotated": "new_key"}.get(kind)
    name = public.get(new) if new else None
    if new is None or not isinstance(name, str):
        return
    keys.introduce(actor, name)
    public[new] = public_of(keys.seed(actor))
    committed = _committed(keys.story, follows, actor, name)
    if committed is not None:
        public["next_key_sha256"] = committed


def _keys_after(
    entry: PlannedEntry, keys: StoryKeys, story: Story, follows: Mapping[tuple[str, str], str]
) -> Iterator[PlannedEntry]:
    """Yield the acceptance by a new key that no old key signed for, and the key of an office that a fact registers."""
    actor = entry.public.get("actor")
    if entry.order is not None or not isinstance(actor, str) or actor not in story.actors:
        return
    roles = story.actors[actor].roles
    if entry.kind == "authority-registered" and story.actors[actor].key == "own":

        def by_keeper(kind: str, **public: Any) -> PlannedEntry:
            stated = {name: value for name, value in public.items() if value is not None}
            return replace(entry, kind=kind, public=stated, sealed={}, label=None, replaces=None, setup=True)

        yield from _enrolled(by_keeper, actor, story.actors[actor], keys, follows)
    elif entry.kind == "key-registered" or (entry.kind == "key-rotated" and entry.by != actor):
        allowed = entry.public.get("roles")
        role = allowed[0] if isinstance(allowed, list) and allowed else roles[0]
        yield replace(
            entry, kind="key-accepted", by=actor, role=role, seed=keys.seed(actor), on=entry.at,
            public={"key": public_of(keys.seed(actor))}, sealed={}, audience={}, label=None, replaces=None,
            speaks="act", on_source="own-act", whose=None, setup=True,
        )  # fmt: skip


def _successors(story: Story) -> dict[tuple[str, str], str]:
    """Return (actor, key) -> the next key of the actor, because a key commits to its successor."""
    keys, follows = StoryKeys(story.story), dict[tuple[str, str], str]()
    for fact in story.facts:
        actor, old = fact.public.get("actor"), fact.public.get("old_key")
        new = fact.public.get({"key-registered": "key", "key-rotated": "new_key"}.get(fact.type, ""))
        if fact.order is not None or not isinstance(actor, str) or not isinstance(new, str):
            continue
        if fact.type == "key-rotated":
            follows.setdefault((actor, keys.resolve(actor, old if isinstance(old, str) else None)), new)
        keys.introduce(actor, new)
    return follows


def _committed(story: str, follows: Mapping[tuple[str, str], str], actor: str, key: str) -> str | None:
    """Return the digest by which a key commits to its successor in the story; None without a successor."""
    new = follows.get((actor, key))
    if new is None:
        return None
    return hashlib.sha256(bytes(SigningKey(seed_of(story, actor, new)).verify_key)).hexdigest()
