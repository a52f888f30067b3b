/**
 * Logs of other parties: the trust of the verifier in each, and the keys that its register proves, as in
 * ledger/verify/other_records/other_logs.py.
 */
import { bySize, encoded, hex } from '../formats/bytes.mjs';
import { Chains, registryOf } from '../entries/placement.mjs';
import { openEntry } from '../entries/envelope.mjs';
import { checkPublic, knownKind } from './field_forms.mjs';
import { DRIFT } from './heads.mjs';
import { Keyring } from '../entries/keyring.mjs';
import { LOG_ALGORITHMS, ROTATED, keyAt, keyStarts } from '../entries/log_keys.mjs';
import { openCheckpoint, parseCheckpoint } from '../tlog/note.mjs';
import { Refused } from '../errors.mjs';
import { sha256 } from '../../libraries.mjs';
import { checkInclusion, leafHash, parseProof } from '../tlog/tree.mjs';

/** A proof is missing, but nothing is wrong: a code, and what is not proven, as a text. */
export class NotProven extends Error {
  constructor(code, ...says) {
    super(`${code}: ${says}`);
    this.code = code;
    this.says = says;
  }
}

/** The register of its log proves the key of an entry, but that log has no say about the office of its signer. */
export class NotKnownHere extends NotProven {}

/** Rethrow an error that is neither; a `Refused` SIG-DISAGREE proves nothing false. */
export function wrongOrMissing(wrong) {
  if (wrong instanceof NotProven || (wrong instanceof Refused && wrong.code !== 'SIG-DISAGREE')) return wrong;
  throw wrong;
}

/** Parse the checkpoint of a note without verifying its signatures. CP-FORMAT. */
export const unsigned = (note) =>
  parseCheckpoint(`${new TextDecoder('utf-8', { ignoreBOM: true }).decode(note).split('\n\n')[0]}\n`);

/**
 * The logs of other parties: `trusts` are those of the verifier, `registers` the register entries in the bundle by the
 * origin hash of their log, `now` is in seconds since 1970.
 */
export class OtherLogs {
  constructor(trusts, registers, now) {
    Object.assign(this, { trusts, registers, latest: now + DRIFT, states: new Map(), keyrings: new Map(), roots: new Map(), starts: new Map() });
  }

  /** Open a checkpoint of a log: {head, policy}. NotProven, or `Refused` CP-* if its claim is false. */
  state(origin, note) {
    const name = `${origin} ${hex(sha256(note))}`;
    if (!this.states.has(name)) this.states.set(name, this.opened(origin, note));
    return this.states.get(name);
  }

  async opened(origin, note) {
    const said = unsigned(note);
    if (said.origin !== origin) throw new Refused('CP-ORIGIN', ['other-origin', said.origin]);
    let refused = null;
    for (const { policy } of this.trusts) {
      const logs = policy.logs.filter((key) => key.name === origin);
      if (!logs.length) continue;
      let head;
      try {
        head = await openCheckpoint(note, origin, logs, [...policy.witnesses.values()]);
      } catch (wrong) {
        if (!(wrong instanceof Refused) || wrong.code === 'SIG-DISAGREE') throw wrong;
        refused = wrong;
        continue;
      }
      await this.checkLines(origin, head, logs);
      const state = this.witnessed(origin, head, policy);
      this.checkOneTree(origin, state.head);
      return state;
    }
    if (refused) throw refused;
    throw new NotProven('NO_TRUST_ANCHOR', 'lacks-log', origin);
  }

  /** NotProven if by its register a trusted key signs this size too, and its line is missing. */
  async checkLines(origin, { checkpoint, signers }, logs) {
    if (new Set(logs.map(({ type }) => type)).size === 1) return;
    for (const [kind, starts] of await this.keyStarts(origin)) {
      const due = keyAt(starts, checkpoint.size);
      if (signers.some(({ type }) => type === kind) || !logs.some(({ text }) => text === due)) continue;
      throw new NotProven('CP-KEY', 'lacks-line', origin, LOG_ALGORITHMS.get(kind));
    }
  }

  /** Return the keys of a log by its register, read as it is here: it can only take a proof away. */
  keyStarts(origin) {
    if (!this.starts.has(origin)) this.starts.set(origin, this.startsOf(origin));
    return this.starts.get(origin);
  }

  async startsOf(origin) {
    const rotations = [];
    for (const [, { raw }] of [...(this.registers.get(hashOf(origin)) ?? [])].sort(([a], [b]) => bySize(a, b))) {
      try {
        const entry = await openEntry(raw);
        if (entry.kind !== ROTATED || !knownKind(entry)) continue;
        checkPublic(entry); // another signer than the log may have made it
        rotations.push(entry.public);
      } catch (wrong) {
        if (!(wrong instanceof Refused)) throw wrong;
      }
    }
    return keyStarts(rotations);
  }

  /** Refuse two trees of one size that the log signed: they prove only that it has shown two histories. */
  checkOneTree(origin, { checkpoint: { size, root } }) {
    const place = `${size} ${origin}`;
    if (!this.roots.has(place)) this.roots.set(place, hex(root));
    if (this.roots.get(place) !== hex(root)) throw new NotProven('SPLIT-VIEW', 'lacks-one-tree', origin, size);
  }

  witnessed(origin, head, policy) {
    const cosignatures = head.cosignatures.filter(([, time]) => time <= this.latest);
    const names = policy.names(cosignatures.map(([key]) => key));
    if (!policy.asksForNone && !policy.met(names)) {
      const voters = policy.voters();
      const seen = [...names].filter((name) => voters.has(name)).length;
      throw new NotProven('CP-QUORUM', 'lacks-quorum', origin, seen, voters.size, policy.quorum);
    }
    return { head: { ...head, cosignatures }, policy };
  }

  /** Return the keys of a log, as far as the bundle has its register. NotProven. */
  keyring(origin) {
    if (!this.keyrings.has(origin)) this.keyrings.set(origin, this.folded(origin));
    return this.keyrings.get(origin);
  }

  /** Return how many register entries of a log the bundle has. */
  registerSize(origin) {
    return this.registers.get(hashOf(origin))?.size ?? 0;
  }

  async folded(origin) {
    const register = this.registers.get(hashOf(origin)) ?? new Map();
    if (!register.size) throw new NotProven('KEY-UNKNOWN', 'lacks-register', origin);
    try {
      const registry = await registryOf(origin);
      const keyring = new Keyring(registry, this.registrar(origin));
      const chains = await Chains.of(origin);
      for (const [index, { raw, proof }] of [...register].sort(([a], [b]) => bySize(a, b))) {
        const entry = await this.entry(origin, index, raw, proof);
        if (entry.order !== registry) throw new Refused('CTX-ORDER', ['register-order']);
        chains.follow(entry);
        keyring.admit(entry, index);
      }
      if (keyring.unread.length) throw new NotProven('KEY-SCHEMA', 'lacks-read-register', origin);
      return keyring;
    } catch (wrong) {
      if (wrongOrMissing(wrong) instanceof NotProven) throw wrong;
      throw new NotProven('KEY-UNKNOWN', 'lacks-good-register', origin, wrong.code);
    }
  }

  registrar(origin) {
    for (const { policy, registrar } of this.trusts) {
      if (registrar && policy.logs.some((key) => key.name === origin)) return registrar;
    }
    throw new NotProven('NO_TRUST_ANCHOR', 'lacks-registrar', origin);
  }

  async entry(origin, index, raw, proof) {
    const entry = await openEntry(raw);
    checkPublic(entry);
    const parsed = parseProof(proof);
    const { head } = await this.state(origin, parsed.note);
    if (parsed.index !== index) throw new Refused('PRF-INDEX', ['proof-other-entry', parsed.index, index]);
    checkInclusion(index, head.checkpoint.size, leafHash(raw), parsed.path, head.checkpoint.root);
    return entry;
  }
}

/** Return the moment, in seconds, by which witnesses prove that a checkpoint existed; null where they do not. */
export function existedBy({ head, policy }) {
  const faults = policy.faults();
  const voters = new Set([...policy.voters()].map((name) => policy.witnesses.get(name)));
  const times = head.cosignatures.filter(([key]) => voters.has(key)).map(([, time]) => time);
  return faults === null || times.length <= faults ? null : times.sort(bySize)[faults];
}

const hashOf = (origin) => hex(sha256(encoded(origin)));
