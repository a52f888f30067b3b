"""What a story makes a ledger record, deed by deed: first what it takes for granted, then its facts.

Nothing here meets a disk or a clock: the same story gives the same deeds, signed by the same keys. The keys are made
from the story's own words, so everybody has them; they prove nothing outside the story.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace
from nacl.signing import SigningKey

from cli.stories.model import Actor, Story, Told, on_the_wire

BROUGHT = "registrar"  # who keeps the register where nobody in the story does


class Deed(Struct, frozen=True):
    """One entry to come: what a fact of a story says, with keys as keys and moments as the wire writes them.

    Labels of entries and names of orders are still labels and names: what they stand for is known when they are there.
    `seed` is the Ed25519 seed of whoever signs; `taken` marks what the player adds, which is no fact of the story.
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
    taken: bool = False


def seed_of(story: str, actor: str, key: str) -> bytes:
    """The seed of a key of a story: anybody can make it again."""
    return hashlib.sha256(f"comity story, a public key\n{story}\n{actor}\n{key}\n".encode()).digest()


def public_of(seed: bytes) -> str:
    """The public key of a seed, 64 hex digits."""
    return bytes(SigningKey(seed).verify_key).hex()


class Keys(Struct):
    """Which key each actor of a story signs with, and which key a name means; keys are named, not made, in a story."""

    story: str
    holds: dict[str, str] = field(default_factory=dict)  # actor -> name of the key it signs with
    known: dict[str, dict[str, str]] = field(default_factory=dict)  # actor -> name given -> name meant

    def meant(self, actor: str, name: str | None) -> str:
        """The key a name means: one the story introduced, else the actor's first; no name: the one it holds."""
        if name is None:
            return self.holds.get(actor, "first")
        return self.known.setdefault(actor, {}).setdefault(name, "first")

    def introduce(self, actor: str, name: str) -> None:
        """From here on the actor signs with the key of this name."""
        self.known.setdefault(actor, {})[name] = name
        self.holds[actor] = name

    def seed(self, actor: str, name: str | None = None) -> bytes:
        """The seed of a key by its name; without a name, of the key the actor holds."""
        return seed_of(self.story, actor, self.meant(actor, name))


def script(story: Story) -> Iterator[Deed]:
    """Every deed of a story in the order in which it is recorded.

    A key that was revoked or reported signs no more from the place of that entry on. Where a story goes on signing with
    it, the entry takes its place behind the last of those: the law reads when it was made, not where it stands.
    """
    deeds = list(_told(story))
    for place in reversed([i for i, deed in enumerate(deeds) if deed.kind in ("key-revoked", "key-compromised")]):
        seed = _ended(deeds, place)
        signed = [i for i, deed in enumerate(deeds) if i > place and deed.seed == seed]
        if signed:
            deeds.insert(signed[-1], deeds.pop(place))
    return iter(deeds)


def _ended(deeds: list[Deed], place: int) -> bytes | None:
    """The seed of the key that the deed at `place` ends: the one it names, else the one its actor signed with last."""
    said = deeds[place].public
    before = [deed.seed for deed in deeds[:place] if deed.by == said.get("actor")]
    named = [seed for seed in before if public_of(seed) == said.get("key")]
    return next(reversed(named if "key" in said else before), None)


def _told(story: Story) -> Iterator[Deed]:
    keys = Keys(story.story)
    follows = _successors(story)
    yield from _taken_for_granted(story, keys, follows)
    for told in story.facts:
        deed = _deed(story, told, keys, follows)
        yield deed
        yield from _keys_after(deed, keys, story, follows)


def registrar(story: Story) -> tuple[str, str]:
    """Who keeps the register of a story, and of which Party: its own ADM, else one the player brings."""
    name = story.registrar
    if name is not None:
        return name, story.actors[name].party
    taken = BROUGHT
    while taken in story.actors:
        taken += "-2"
    return taken, next(iter(story.parties))


# -- what the ledger needs before the first fact -----------------------------------------------------------------------


def _taken_for_granted(story: Story, keys: Keys, follows: Mapping[tuple[str, str], str]) -> Iterator[Deed]:
    keeper, _ = registrar(story)
    begins, since = story.begins, story.valid_from.isoformat()
    told = {(f.type, f.public.get("party" if f.type == "party-registered" else "actor")) for f in story.facts}

    def by_keeper(kind: str, **public: Any) -> Deed:
        stated = {name: value for name, value in public.items() if value is not None}
        return Deed(
            kind=kind, order=None, by=keeper, role="ADM", seed=keys.seed(keeper), on=begins, at=begins,
            public=stated, taken=True,
        )  # fmt: skip

    for code, party in story.parties.items():
        if ("party-registered", code) not in told:
            yield by_keeper(
                "party-registered",
                party=code,
                names={"en": party.name},
                zone=party.zone,
                holidays=on_the_wire(party.holidays),
                declarations_verified=party.declarations_verified,
                in_force=[f"{t}={day.isoformat()}" for t, day in story.assume_in_force.items()] or None,
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
        if ("authority-registered", name) in told:
            continue  # the story does it itself, and says when
        about: dict[str, Any] = {
            "actor": name,
            "roles": actor.roles,
            "names": {"en": _called(story, actor)},
            "designations": _designations(story, name) or None,
            "valid_from": since,
        }
        if name == keeper:
            yield by_keeper("authority-changed", **about)
        else:
            yield by_keeper("authority-registered", party=actor.party, **about)
            if actor.key == "own":
                yield from _enrolled(by_keeper, name, actor, keys, follows)


def _enrolled(
    by_keeper: Any, name: str, actor: Actor, keys: Keys, follows: Mapping[tuple[str, str], str]
) -> Iterator[Deed]:
    public = public_of(keys.seed(name))
    registered: Deed = by_keeper(
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


def _called(story: Story, actor: Actor) -> str:
    """What an office is called in the register, where no person is ever named."""
    company = {"SP", "REG"} & set(actor.roles)
    return actor.name if company or (actor.key == "none" and story.source != "fictional") else actor.office


def _designations(story: Story, actor: str) -> list[str]:
    return [code for party in story.parties.values() for code, office in party.designates.items() if office == actor]


# -- the facts ---------------------------------------------------------------------------------------------------------


def _deed(story: Story, told: Told, keys: Keys, follows: Mapping[tuple[str, str], str]) -> Deed:
    public = dict(on_the_wire(told.public))
    seed = keys.seed(told.by)
    if told.type == "order-issued" and told.order is not None:
        order = story.orders[told.order]
        public = {"instrument": order.instrument, "from_party": order.sent_from, "to_party": order.to, **public}
    if told.order is None:
        _name_keys(told.type, public, keys, follows)
    return Deed(
        kind=told.type, order=told.order, by=told.by, role=told.role, seed=seed, on=told.on, at=told.at, public=public,
        sealed=on_the_wire(told.sealed), audience=told.audience, speaks=told.speaks, on_source=told.on_source,
        whose=told.whose, replaces=told.replaces, label=told.label,
    )  # fmt: skip


def _name_keys(kind: str, public: dict[str, Any], keys: Keys, follows: Mapping[tuple[str, str], str]) -> None:
    """Put the keys themselves where a fact of the register names them, and let the actor sign with its new one."""
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


def _keys_after(deed: Deed, keys: Keys, story: Story, follows: Mapping[tuple[str, str], str]) -> Iterator[Deed]:
    """The new key accepts itself, unless the old one vouched for it; an office the story registers gets its key."""
    actor = deed.public.get("actor")
    if deed.order is not None or not isinstance(actor, str) or actor not in story.actors:
        return
    roles = story.actors[actor].roles
    if deed.kind == "authority-registered" and story.actors[actor].key == "own":

        def by_keeper(kind: str, **public: Any) -> Deed:
            stated = {name: value for name, value in public.items() if value is not None}
            return replace(deed, kind=kind, public=stated, sealed={}, label=None, replaces=None, taken=True)

        yield from _enrolled(by_keeper, actor, story.actors[actor], keys, follows)
    elif deed.kind == "key-registered" or (deed.kind == "key-rotated" and deed.by != actor):
        allowed = deed.public.get("roles")
        role = allowed[0] if isinstance(allowed, list) and allowed else roles[0]
        yield replace(
            deed, kind="key-accepted", by=actor, role=role, seed=keys.seed(actor), on=deed.at,
            public={"key": public_of(keys.seed(actor))}, sealed={}, audience={}, label=None, replaces=None,
            speaks="act", on_source="own-act", whose=None, taken=True,
        )  # fmt: skip


def _successors(story: Story) -> dict[tuple[str, str], str]:
    """(actor, key) -> the key that is to follow it: looked up ahead, because a key commits to its successor."""
    keys, follows = Keys(story.story), dict[tuple[str, str], str]()
    for told in story.facts:
        actor, old = told.public.get("actor"), told.public.get("old_key")
        new = told.public.get({"key-registered": "key", "key-rotated": "new_key"}.get(told.type, ""))
        if told.order is not None or not isinstance(actor, str) or not isinstance(new, str):
            continue
        if told.type == "key-rotated":
            follows.setdefault((actor, keys.meant(actor, old if isinstance(old, str) else None)), new)
        keys.introduce(actor, new)
    return follows


def _committed(story: str, follows: Mapping[tuple[str, str], str], actor: str, key: str) -> str | None:
    """The digest by which a key commits to the one that follows it in the story, if one does."""
    new = follows.get((actor, key))
    if new is None:
        return None
    return hashlib.sha256(bytes(SigningKey(seed_of(story, actor, new)).verify_key)).hexdigest()
