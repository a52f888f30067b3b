/**
 * Trust policies: logs, witnesses, how many witnesses must have cosigned a checkpoint, and auditors
 * (ledger/tlog/policy.py).
 *
 * Source: c2sp.org/tlog-policy, which treats names as octets; here each octet is one character.
 */
import { decimal, latin1, unlatin1, utf8 } from '../formats/bytes.mjs';
import { enrolable } from '../formats/ed25519.mjs';
import { COSIGNATURE, ED25519, MLDSA44, parseVkey } from './note.mjs';
import { Refused } from '../errors.mjs';
import { namedStatement } from './audit_statement.mjs';

const LARGEST = 2 ** 20;
const MOST_KEYS = 256; // of logs, witnesses and auditors together: a note has 16 lines at most
const NONE = 'none';

/** A trust policy: `witnesses`, `groups` and `auditors` by name, the groups in the order of their definition. */
class Policy {
  constructor(logs, witnesses, groups, quorum, auditors) {
    Object.assign(this, { logs, witnesses, groups, quorum, auditors, asksForNone: quorum === NONE });
  }

  /** Return the names of these keys in the policy. */
  names(keys) {
    return new Set([...this.witnesses].filter(([, key]) => keys.includes(key)).map(([name]) => name));
  }

  /** Return true if cosignatures of the witnesses `names` meet the quorum. */
  met(names) {
    const seen = new Set([...names].filter((name) => this.witnesses.has(name))); // the name of a group is no cosignature
    for (const [name, { members, threshold }] of this.groups) {
      if (members.filter((member) => seen.has(member)).length >= threshold) seen.add(name);
    }
    return this.asksForNone || seen.has(this.quorum);
  }

  /** Return the witnesses whose cosignatures can count toward the quorum. */
  voters() {
    const wanted = new Set([this.quorum]);
    for (const [name, { members }] of [...this.groups].reverse()) {
      if (wanted.has(name)) members.forEach((member) => wanted.add(member));
    }
    return new Set([...wanted].filter((name) => this.witnesses.has(name)));
  }

  /** Return how many witnesses may lie without making a time bracket false; null if no bracket can be given. */
  faults() {
    if (this.witnesses.has(this.quorum)) return 0;
    const group = this.groups.get(this.quorum);
    if (!group || !group.members.every((member) => this.witnesses.has(member))) return null;
    return Math.max(0, 2 * group.threshold - group.members.length - 1);
  }
}

/** Parse a policy; POL-FORMAT, POL-KEY, POL-NAME, POL-QUORUM. */
export function parsePolicy(bytes) {
  const text = bytes.length > LARGEST ? '\0' : latin1(bytes);
  if (/[^\t\n -~\x80-\xff]/.test(text) || !(text === '' || text.endsWith('\n'))) {
    throw new Refused('POL-FORMAT', ['policy-text']);
  }
  const draft = new Draft();
  text.split('\n').forEach((line, n) => {
    const items = line.split(/[ \t]+/).filter((item) => item);
    if (items.length && !items[0].startsWith('#')) draft.read(items, `line ${n + 1}`);
  });
  return draft.policy();
}

/** A policy during parsing. */
class Draft {
  logs = [];
  witnesses = new Map();
  groups = new Map();
  auditors = new Map();
  quorum = null;
  keys = new Map(); // by their bytes and by their id
  grouped = new Set();

  read([word, ...items], where) {
    if (word === 'log' && items.length >= 1) {
      this.logs.push(this.key(items[0], items.slice(1), [ED25519, MLDSA44], where));
    } else if (word === 'witness' && items.length >= 2) {
      this.checkNew(items[0], where);
      this.witnesses.set(items[0], this.key(items[1], items.slice(2), [COSIGNATURE, MLDSA44], where));
    } else if (word === 'auditor' && items.length >= 2) {
      this.checkNew(items[0], where);
      if (!/^[!-~]{1,64}$/.test(items[0])) throw new Refused('POL-NAME', ['policy-auditor-name'], where);
      this.auditors.set(items[0], this.key(items[1], items.slice(2), [MLDSA44], where));
      try {
        namedStatement(this.auditors.get(items[0]));
      } catch (wrong) {
        throw wrong instanceof Refused ? new Refused('POL-KEY', wrong.says, where) : wrong;
      }
    } else if (word === 'group' && items.length >= 2) {
      this.checkNew(items[0], where);
      this.groups.set(items[0], this.group(items[1], items.slice(2), where));
    } else if (word === 'quorum' && items.length === 1) {
      if (this.quorum !== null) throw new Refused('POL-QUORUM', ['quorum-twice'], where);
      if (items[0] !== NONE) this.checkDefined(items[0], where);
      this.quorum = items[0];
    } else throw new Refused('POL-FORMAT', ['policy-line', word], where);
  }

  policy() {
    if (this.quorum === null) throw new Refused('POL-QUORUM', ['quorum-missing']);
    return new Policy(this.logs, this.witnesses, this.groups, this.quorum, this.auditors);
  }

  key(vkey, url, types, where) {
    let key;
    try {
      key = parseVkey(utf8(unlatin1(vkey)));
    } catch (wrong) {
      throw new Refused('POL-KEY', wrong instanceof Refused ? wrong.says : ['vkey-form'], where);
    }
    if (!types.includes(key.type)) throw new Refused('POL-KEY', ['policy-key-job', key.type], where);
    if (key.type !== MLDSA44 && !enrolable(key.bytes)) throw new Refused('POL-KEY', ['policy-key-point'], where);
    const other = this.keys.get(latin1(key.bytes)) ?? this.keys.get(key.id);
    if (other) throw new Refused('POL-KEY', ['policy-key-alike', other.id], where);
    if (this.keys.size >= 2 * MOST_KEYS) throw new Refused('POL-FORMAT', ['policy-keys', MOST_KEYS], where);
    this.keys.set(latin1(key.bytes), key).set(key.id, key);
    if (url.length > 1 || url[0]?.startsWith('#')) throw new Refused('POL-FORMAT', ['policy-more'], where);
    return key;
  }

  group(threshold, members, where) {
    for (const member of members) {
      this.checkDefined(member, where);
      if (this.grouped.has(member)) throw new Refused('POL-NAME', ['policy-member-twice', member], where);
      this.grouped.add(member);
    }
    const k = thresholdOf(threshold, members.length);
    if (k === null) throw new Refused('POL-QUORUM', ['policy-threshold', threshold], where);
    if (k < 1 || k > members.length) throw new Refused('POL-QUORUM', ['policy-of', threshold, members.length], where);
    return { members, threshold: k };
  }

  checkNew(name, where) {
    if (/^(all|any|none|[0-9]+)$/.test(name) || [this.witnesses, this.groups, this.auditors].some((names) => names.has(name))) {
      throw new Refused('POL-NAME', ['policy-name-taken', name], where);
    }
  }

  checkDefined(name, where) {
    if (!this.witnesses.has(name) && !this.groups.has(name)) {
      throw new Refused('POL-NAME', ['policy-name-unknown', name], where);
    }
  }
}

function thresholdOf(word, members) {
  if (word === 'any') return 1;
  if (word === 'all') return members;
  try {
    return Number(decimal(word));
  } catch {
    return null;
  }
}
