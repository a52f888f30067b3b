/**
 * Track who may sign in which role, from which position of the log to which, as in ledger/entries/keyring.py.
 *
 * Position is time: a key signs strictly between the entry that accepts it and the entry that ends it.
 */
import { hex, unhex } from '../formats/bytes.mjs';
import { enrolable } from '../formats/ed25519.mjs';
import { knownKind } from '../verify/field_forms.mjs';
import { Refused } from '../errors.mjs';
import { sha256 } from '../../libraries.mjs';
import { vocabulary } from '../../vocabulary.mjs';

const REGISTRY_ONLY = new Set(vocabulary.registry.only);
const REGISTRY_TOO = new Set(vocabulary.registry.too);
const KEY_KINDS = new Set(vocabulary.registry.keys); // they say who may sign, or whose line a head needs

/** The keys and offices of one ledger after the entries admitted so far; positions are BigInt. */
export class Keyring {
  /** `registry` is the id of the registry order, `registrar` {actor, party, key} its root. KEY-POINT. */
  constructor(registry, registrar) {
    const { actor, party, key } = registrar;
    if (!enrolable(unhex(key))) throw new Refused('KEY-POINT', ['registrar-point'], actor);
    this.registry = registry;
    this.registrar = registrar;
    this.unread = []; // positions of entries of a key kind whose schema, or whose kind, this page does not know
    this.keys = new Map([[key, newKey(key, actor, ['ADM'], { accepted: -1n })]]);
    this.offices = new Map([[actor, newOffice(actor, party, ['ADM'], -1n)]]);
  }

  /** Check that the signer may sign at this position, and apply the changes of a registry entry. KEY-*, CTX-*. */
  admit(entry, index) {
    this.check(entry, index);
    if (entry.order !== this.registry) return;
    if (knownKind(entry)) CHANGES[entry.kind]?.(this, said(entry), entry, index);
    else if (KEY_KINDS.has(entry.kind) || entry.kind.startsWith('key-')) this.unread.push(index);
  }

  check(entry, index) {
    const { signer, kind } = entry;
    const key = this.keys.get(signer.key);
    const pending = key !== undefined && (key.accepted === null || index <= key.accepted);
    if (!key || key.actor !== signer.actor || (pending && kind !== 'key-accepted')) {
      throw new Refused('KEY-UNKNOWN', [pending ? 'key-pending' : 'key-not-enrolled', signer.actor, index]);
    }
    if (key.ended !== null && index > key.ended) throw new Refused('KEY-ENDED', ['key-ended', key.actor, key.ended]);
    if (this.offices.get(signer.actor)?.party !== signer.party) {
      throw new Refused('KEY-UNKNOWN', ['not-an-office', signer.actor, signer.party]);
    }
    if (entry.order === this.registry) this.checkRegistry(entry, key, index);
    else if (REGISTRY_ONLY.has(kind)) throw new Refused('CTX-ORDER', ['in-registry', kind]);
  }

  /** Return true if the key of the signer, and its office at this position, hold the role that the signer claims. */
  holds({ key, actor, role }, index) {
    const office = this.offices.get(actor);
    return Boolean(office && this.keys.get(key)?.roles.includes(role) && this.rolesAt(office, index).includes(role));
  }

  /** Return the roles of an office at a log position: those of the last entry before it. */
  rolesAt({ changes }, index) {
    return changes.findLast(([position]) => position < index)?.[1] ?? [];
  }

  /** Return true if the register says otherwise at a position: another Party, or a role that was taken away. */
  refuses({ party, changes }, signer, index) {
    const before = changes.filter(([position]) => position < index).map(([, roles]) => roles);
    if (!before.length) return false;
    return party !== signer.party || (!before.at(-1).includes(signer.role) && before.flat().includes(signer.role));
  }

  /** KEY-ROLE if the signer does not hold, at this position, the role that it claims. */
  checkRole(signer, index) {
    if (!this.holds(signer, index)) throw new Refused('KEY-ROLE', ['role-not-held', signer.actor, signer.role]);
  }

  checkRegistry(entry, key, index) {
    const { kind, signer } = entry;
    if (entry.instrument !== null) throw new Refused('CTX-INSTRUMENT', ['registry-instrument']);
    const known = knownKind(entry);
    if (!known) return; // a kind of a later version changes no key that this page knows (`unread`)
    if (!REGISTRY_ONLY.has(kind) && !REGISTRY_TOO.has(kind)) throw new Refused('CTX-ORDER', ['in-order', kind]);
    if (entry.speaks !== 'act') throw new Refused('KEY-ROLE', ['registry-acts']);
    if (!known.signers.includes(signer.role) || !this.holds(signer, index)) {
      throw new Refused('KEY-ROLE', ['may-not-sign', signer.actor, kind, signer.role]);
    }
    CHECKS[kind]?.(this, said(entry), key, signer.role);
  }

  /** KEY-ROTATION, KEY-POINT unless the key is new and its point is valid. */
  checkNew(key) {
    if (this.keys.has(key)) throw new Refused('KEY-ROTATION', ['key-again']);
    if (!/^[0-9a-f]{64}$/.test(key) || !enrolable(unhex(key))) throw new Refused('KEY-POINT', ['key-point']);
  }

  /** Return a key of an actor, the current one if none is named. KEY-UNKNOWN. */
  named(actor, key) {
    const current = () =>
      [...this.keys.values()].find((k) => k.actor === actor && k.accepted !== null && k.ended === null);
    const found = key === undefined ? current() : this.keys.get(key);
    if (found?.actor !== actor) throw new Refused('KEY-UNKNOWN', ['no-such-key', actor]);
    return found;
  }
}

const newKey = (key, actor, roles, more) => ({
  key,
  actor,
  roles,
  accepted: null,
  ended: null,
  next: null,
  suspectedSince: null,
  reported: null,
  ...more,
});

/** `changes` has [position, roles] of each entry that gave roles to the office, oldest first. */
const newOffice = (actor, party, roles, index) => ({ actor, party, roles, changes: [[index, roles]] });

const said = (entry) => Object.fromEntries(entry.public);

/** The conditions under which an entry of each registry kind is admitted. */
const CHECKS = {
  'authority-registered': (ring, { actor }) => {
    if (ring.offices.has(actor)) throw new Refused('KEY-ROLE', ['registered-already', actor]);
  },
  'authority-changed': (ring, { actor }) => {
    if (!ring.offices.has(actor)) throw new Refused('KEY-UNKNOWN', ['not-registered', actor]);
  },
  'key-registered': (ring, { actor, key }, by) => {
    if (actor === by.actor) throw new Refused('KEY-ROLE', ['enrols-itself']);
    if (!ring.offices.has(actor)) throw new Refused('KEY-UNKNOWN', ['not-registered', actor]);
    ring.checkNew(key);
  },
  'key-accepted': (ring, { key }, by) => {
    if (key !== by.key) throw new Refused('KEY-UNKNOWN', ['accepted-by-another']);
    if (by.accepted !== null) throw new Refused('KEY-ROTATION', ['accepted-before']);
  },
  'key-rotated': (ring, { actor, old_key: oldKey, new_key: newOne }, by, role) => {
    const old = ring.named(actor, oldKey);
    ring.checkNew(newOne);
    if (by.key === old.key) {
      if (old.next !== hex(sha256(unhex(newOne)))) throw new Refused('KEY-ROTATION', ['not-committed']);
    } else if (role !== 'ADM') throw new Refused('KEY-ROLE', ['rotated-by-another']);
  },
  'key-revoked': (ring, { actor, key }) => ring.named(actor, key),
  'key-compromised': (ring, { actor, key }) => ring.named(actor, key),
};

/** The changes that an admitted entry of each kind makes. */
const CHANGES = {
  'authority-registered': (ring, { actor, party, roles }, entry, index) =>
    ring.offices.set(actor, newOffice(actor, party, roles, index)),
  'authority-changed': (ring, { actor, roles }, entry, index) => {
    if (roles === undefined) return;
    const office = ring.offices.get(actor);
    office.roles = roles;
    office.changes.push([index, roles]);
  },
  'key-registered': (ring, { key, actor, roles, next_key_sha256: next = null }) =>
    ring.keys.set(key, newKey(key, actor, roles, { next })),
  'key-accepted': (ring, { key }, entry, index) => {
    ring.keys.get(key).accepted = index;
  },
  'key-rotated': (ring, { old_key: oldKey, new_key: key, next_key_sha256: next = null }, entry, index) => {
    const old = ring.keys.get(oldKey);
    old.ended ??= index;
    const accepted = entry.signer.key === oldKey ? index : null;
    ring.keys.set(key, newKey(key, old.actor, old.roles, { next, accepted }));
  },
  'key-revoked': (ring, { actor, key }, entry, index) => {
    ring.named(actor, key).ended ??= index;
  },
  'key-compromised': (ring, { actor, key, suspected_since: since }, entry, index) => {
    const found = ring.named(actor, key);
    found.ended ??= index;
    found.reported ??= index;
    if (!found.suspectedSince || since < found.suspectedSince) found.suspectedSince = since; // never later
  },
};
