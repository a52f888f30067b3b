/**
 * The questions that tests ask the scripts of the verifier page, in Node.js (checker.mjs) and browsers (opened.py).
 *
 * A line is a list of questions as JSON, {"ask": name, ...}, bytes in base64; so are their answers, each {"answer"},
 * {"refused"} or {"crashed"}.
 */

/** Names of the page that the questions use. */
export const NAMES = [
  'CaseEntry',
  'Custody',
  'ERASED',
  'Language',
  'Names',
  'Refused',
  'RegisterNames',
  'WITHHELD',
  'beginning',
  'bundleInside',
  'certificatesIn',
  'checkAudited',
  'checkConsistency',
  'checkInclusion',
  'checkKnownHeads',
  'checkListing',
  'checkLookup',
  'checkSealed',
  'checkSubtreeConsistency',
  'checkSubtreeInclusion',
  'covered',
  'digestsOfFile',
  'enrolable',
  'fingerprintOf',
  'headline',
  'insideOf',
  'isMeant',
  'isMisleading',
  'isNfc',
  'keyAt',
  'keyStarts',
  'lift',
  'liftValues',
  'missing',
  'ml_dsa44',
  'openCheckpoint',
  'openNote',
  'parseCheckpoint',
  'parseFingerprint',
  'parseJson',
  'parsePolicy',
  'parseProof',
  'parseTrust',
  'parseVkey',
  'readStamp',
  'readTrust',
  'readVersions',
  'registerAfter',
  'say',
  'writeMoments',
  'secondsOf',
  'sentence',
  'sha256',
  'signsSize',
  'speak',
  'unassigned',
  'unfolded',
  'unseen',
  'verify',
  'verifyAbsence',
  'verifyExhibit',
  'verifySignature',
  'visible',
  'vocabulary',
  'wire',
  'wordsOf',
];

/** Return the function that answers a line; `it` has every name of NAMES. */
export const answering = (it) => {
  it.writeMoments((text) => text); // as the program says them
  const decoded = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const bytes = (text) => (text === null || text === undefined ? null : decoded(text));

  const text64 = (bytes) => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  };

  const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

  const told = ({ code, where, says, entries }) => ({ code, where, says: it.say(says), entries });

  const reported = (report) => ({
    verdict: report.verdict,
    reasons: report.reasons.map(told),
    steps: report.steps.map(({ number, result, says }) => ({ number, result, says: it.say(says) })),
    remarks: report.remarks.map(told),
    notProven: report.notProven.map(it.say),
    headline: it.say(it.headline(report)),
    missing: it.missing(report) && it.say(it.missing(report)),
    compared: report.compared ? { ...report.compared, size: Number(report.compared.size) } : null,
    exhibit: report.exhibit ?? null,
    entries: report.entries,
    signatures: report.signatures,
    audits: (report.audits ?? []).map(({ name, auditor, statement, ranges }) => [
      name,
      auditor,
      statement && [statement.checks, statement.program, statement.rules],
      ranges.map((range) => range.map(Number)),
    ]),
    acts: (report.known?.acts ?? []).map(({ inner }) => [inner.kind, inner.signer.actor]),
    makers: report.makers && [report.makers.state, report.makers.findings.length],
    brackets: report.brackets.map((b) => [Number(b.index), b.notBefore, b.notAfter, b.on, b.signedAt]),
  });

  const spansOf = (sizes) =>
    new Map(Object.entries(sizes).map(([key, [first, end]]) => [key, { first, end: end ?? Infinity }]));

  const mapped = (value) => {
    if (Array.isArray(value)) return value.map(mapped);
    if (value === null || typeof value !== 'object') return value;
    return new Map(Object.entries(value).map(([name, inner]) => [name, mapped(inner)]));
  };

  const unmapped = (value) => {
    if (Array.isArray(value)) return value.map(unmapped);
    return value instanceof Map ? Object.fromEntries([...value].map(([name, inner]) => [name, unmapped(inner)])) : value;
  };

  /** An entry as tests/projections/views/evidence_files.py writes it: `closed` are sealed fields that cannot be read. */
  const entryOf = ({ public: open, sealed, closed, ...entry }) => {
    const unread = Object.entries(closed).map(([name, why]) => [name, why === 'erased' ? it.ERASED : it.WITHHELD]);
    return new it.CaseEntry({ ...entry, public: mapped(open), sealed: new Map([...mapped(sealed), ...unread]) });
  };

  const answers = {
    async verify({ data, policy, registrar, authorities = [], others = {}, sizes = {}, until = null, anchor, now, elsewhere, came = null, asPrinted = false }) {
      const stamps = Object.fromEntries(authorities.map((file, n) => [`tsa/${String(n).padStart(4, '0')}.pem`, file]));
      const files = Object.entries({ ...others, ...stamps, policy, registrar }).filter(([, text]) => text);
      const trust = policy ? it.readTrust(new Map(files.map(([path, text]) => [path, bytes(text)]))) : null;
      if (trust) Object.assign(trust, { sizes: spansOf(sizes), until });
      const other = elsewhere ? await it.verify(bytes(elsewhere), trust, null, now) : null;
      return reported(await it.verify(bytes(data), trust, bytes(anchor), now, () => {}, other?.shown ?? null, { came, asPrinted }));
    },
    async exhibit({ data, policy, sizes = {} }) {
      const trust = policy ? { ...it.parseTrust(bytes(policy), null), sizes: spansOf(sizes) } : null;
      return reported(await it.verifyExhibit(bytes(data), trust));
    },
    async absence({ data, policy, registrar, anchor, now, came = null, asPrinted = false }) {
      const files = Object.entries({ policy, registrar }).filter(([, text]) => text);
      const trust = policy ? it.readTrust(new Map(files.map(([path, text]) => [path, bytes(text)]))) : null;
      return reported(await it.verifyAbsence(bytes(data), trust, bytes(anchor), now, { came, asPrinted }));
    },
    async inside({ data }) {
      const found = await it.bundleInside(bytes(data));
      return found && text64(found);
    },
    async unfolded({ data, left }) {
      const [content, size] = await it.unfolded(bytes(data), 'deflate', left);
      return [content && content.length, size];
    },
    meant: ({ data }) => it.isMeant(bytes(data)),
    async container({ data }) {
      const found = await it.insideOf(bytes(data));
      return found && [found.name, text64(found.content), found.listed];
    },
    async versions({ files, fingerprint }) {
      const folder = new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)]));
      const trust = await it.readVersions(folder, fingerprint ? it.parseFingerprint(fingerprint) : null);
      return [text64(trust.raw), trust.registrar?.key ?? null, trust.others.length, trust.authorities.length, trust.until];
    },
    folder: ({ files }) =>
      it.wordsOf(it.fingerprintOf(new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)])))),
    stamp: ({ reply, data, trusted }) =>
      it.readStamp(bytes(reply), bytes(data), trusted.map(bytes).flatMap(it.certificatesIn)),
    signature: ({ key, message, signature }) => it.verifySignature(bytes(key), bytes(message), bytes(signature)),
    mldsa: ({ key, message, signature }) => it.ml_dsa44.verify(bytes(signature), bytes(message), bytes(key)),
    enrolable: ({ key }) => it.enrolable(bytes(key)),
    vkey: ({ text }) => it.parseVkey(text).text,
    async note({ note, keys }) {
      const opened = await it.openNote(bytes(note), keys.map(it.parseVkey));
      return { text: opened.text, verified: [...opened.times].map(([key, time]) => [key.id, time]) };
    },
    async head({ note, origin, log }) {
      const { checkpoint } = await it.openCheckpoint(bytes(note), origin, it.parseVkey(log), []);
      return [checkpoint.origin, String(checkpoint.size)];
    },
    lift: ({ texts, signed, public: taken }) =>
      it.lift(texts, signed, new Set(taken)).map(({ name, value }) => [name, unmapped(value)]),
    checkpoint({ text }) {
      const { origin, size, root } = it.parseCheckpoint(text);
      return [origin, String(size), hexOf(root)];
    },
    policy({ text, cosigned }) {
      const policy = it.parsePolicy(bytes(text));
      return cosigned.map((names) => policy.met(new Set(names)));
    },
    proof({ data }) {
      const proof = it.parseProof(bytes(data));
      return [String(proof.index), proof.path.length, text64(proof.note)];
    },
    inclusion: ({ index, size, leaf, path, root }) =>
      it.checkInclusion(BigInt(index), BigInt(size), bytes(leaf), path.map(bytes), bytes(root)),
    consistency: ({ m, n, rootM, rootN, path }) =>
      it.checkConsistency(BigInt(m), BigInt(n), bytes(rootM), bytes(rootN), path.map(bytes)),
    subtreeInclusion: ({ index, start, end, leaf, path, root }) =>
      it.checkSubtreeInclusion(BigInt(index), BigInt(start), BigInt(end), bytes(leaf), path.map(bytes), bytes(root)),
    subtreeConsistency: ({ start, end, size, subtree, root, path }) =>
      it.checkSubtreeConsistency(
        BigInt(start),
        BigInt(end),
        BigInt(size),
        bytes(subtree),
        bytes(root),
        path.map(bytes),
      ),
    audited({ cases, by, size }) {
      const found = cases.map(({ note, statement, vkey, origin, size, root, path }) => {
        const checkpoint = { origin, size: BigInt(size), root: bytes(root) };
        return it.checkAudited(bytes(note), bytes(statement), it.parseVkey(vkey), checkpoint, path.map(bytes));
      });
      const at = found.find(({ checkpoint }) => checkpoint.size === BigInt(size));
      return {
        checked: found.map(({ auditor, statement }) => [auditor, statement.checks, statement.program, statement.rules]),
        covered: at && it.covered(found, it.parseVkey(by), at.checkpoint).map((range) => range.map(Number)),
      };
    },
    beginnings: ({ cases }) =>
      cases.map(({ m, n, path }) => {
        const root = it.beginning(BigInt(m), BigInt(n), path.map(bytes));
        return root && text64(root);
      }),
    /** Hold the head of a bundle against a known one: a code, or what is not proven; `keys` signed the known one. */
    knownHeads: ({ cases }) =>
      cases.map(({ here, there, keys = ['k'], type = 1, ours = [], theirs = [] }) => {
        const headOf = ({ size, root }, signing) => {
          return { checkpoint: { size: BigInt(size), root: bytes(root) }, signers: signing.map((text) => ({ text, type })) };
        };
        const proofs = (some) => new Map(some.map(([name, text]) => [name, bytes(text)]));
        const [head, known] = [headOf(here, ['k']), headOf(there, keys)];
        const heads = { head, all: new Map([['h', head]]), headDigest: 'h', where: (digest) => digest };
        const book = { notProven: [] };
        try {
          const other = { heads: { all: new Map([['t', known]]) }, consistency: proofs(theirs) };
          it.checkKnownHeads(heads, { consistency: proofs(ours) }, other, book);
        } catch (wrong) {
          if (!(wrong instanceof it.Refused)) throw wrong;
          return wrong.code;
        }
        return book.notProven.flat();
      }),
    registers: ({ cases, last }) =>
      cases.map((entries) => {
        const known = { entries: new Map(entries.map(({ index, ...entry }) => [BigInt(index), entry])) };
        return [...it.registerAfter(known, { heads: new Map([['register', { leaf: last }]]) }, 'register').keys()].map(Number);
      }),
    /** Return the erased fields of entry 4 and the codes of remarks; entry 5 declares digests destroyed. */
    async erased({ cases }) {
      const found = [];
      for (const { sealed, sd, opened, destroyed, claimed, signer, holds = true } of cases) {
        const issued = { kind: 'order-issued', schema: 1, sealed, sd, public: new Map(), leaf: 'four' };
        const said = { kind: 'payload-key-destroyed', schema: 1, sealed: [], sd: [], leaf: 'five', signer };
        const entries = new Map([
          [4n, { ...issued, signer: { party: 'XO', role: 'ISS', actor: 'ilves' } }],
          [5n, { ...said, public: new Map([['digests', destroyed]]) }],
        ]);
        const disclosures = new Map(opened.length ? [[4n, new TextEncoder().encode(opened.join('\n') + '\n')]] : []);
        const codes = [];
        const book = { remark: (code) => codes.push(code), says() {} };
        const keyring = { holds: () => holds, registrar: { party: 'XO' } };
        const lifted = await it.liftValues(entries, { disclosures }, { withheld: claimed }, keyring, { folder: 'x' }, book);
        found.push([[...lifted.get(4n).erased], codes.sort()]);
      }
      return found;
    },
    logKeys: ({ cases, sizes }) =>
      cases.map((rotations) => {
        const starts = [...it.keyStarts(rotations.map(mapped))];
        return starts.map(([type, mine]) => [type, sizes.map((size) => it.keyAt(mine, BigInt(size)) ?? null)]);
      }),
    listings: ({ cases }) =>
      cases.map(({ files, listed, digests }) => {
        const there = new Map(files.map(([path, content]) => [path, bytes(content)]));
        try {
          return it.checkListing({ files: listed }, there, new Map(Object.entries(digests))) ?? null;
        } catch (wrong) {
          if (!(wrong instanceof it.Refused)) throw wrong;
          return [wrong.code, wrong.where, wrong.says[0]];
        }
      }),
    /** Return how many witnesses of a policy may lie, and the witnesses that count. */
    voters: ({ texts }) =>
      texts.map((text) => {
        const policy = it.parsePolicy(bytes(text));
        return [policy.faults(), [...policy.voters()].sort()];
      }),
    instants: ({ texts }) =>
      texts.map((text) => {
        const seconds = it.secondsOf(text);
        return seconds === null ? null : [seconds, it.wire(seconds)];
      }),
    spans: ({ sizes, cases }) => cases.map(([text, size]) => it.signsSize({ sizes: spansOf(sizes) }, { text }, size)),
    lookup({ key, proof, root }) {
      const value = it.checkLookup(bytes(key), bytes(proof), bytes(root));
      return value && text64(value);
    },
    json: ({ data }) => void it.parseJson(bytes(data)),
    characters: ({ texts }) =>
      texts.map((text) => [
        it.isNfc(text),
        it.unassigned(text) ?? null,
        it.unseen(text) ?? null,
        it.unseen(text, 'at-home') ?? null,
        it.visible(text),
      ]),
    evidence({ own, registry, at, file, digests }) {
      const custody = new it.Custody(own.map(entryOf), registry.map(entryOf), at);
      const found = custody.compare(digests.map((digest) => ({ ...file, digest })));
      const leaves = (entries) => entries.map(({ leaf }) => leaf);
      const { verdict, equal, differs, replaced, unread } = found;
      const lists = Object.entries({ equal, differs, replaced, unread }).map(([name, some]) => [name, leaves(some)]);
      const leafOf = (name) => [name, found[name]?.leaf ?? null];
      const single = Object.fromEntries(['first', 'changed', 'given', 'reported'].map(leafOf));
      return { verdict, algorithms: custody.algorithms, ...single, ...Object.fromEntries(lists) };
    },
    /** Return the sentence of each entry of the register and of an order. */
    sentences({ own, registry, order, language }) {
      const [entries, register] = [own, registry].map((some) => some.map(entryOf));
      const names = new it.RegisterNames(register, entries, order);
      return [...register, ...entries].map((entry) => it.sentence(entry, names, new it.Language(language)));
    },
    /** Return the sentence of each entry of a bundle by its leaf hash. */
    async recorded({ data, policy, registrar, now, language }) {
      const trust = it.readTrust(new Map(Object.entries({ policy, registrar }).map(([path, text]) => [path, bytes(text)])));
      const report = await it.verify(bytes(data), trust, null, now);
      const { own, registry, arrived } = report.known;
      it.speak(language);
      try {
        const names = new it.Names(report);
        return Object.fromEntries([...own, ...registry, ...arrived].map((entry) => [entry.leaf, names.sentence(entry)]));
      } finally {
        it.speak('en'); // the questions of other tests are answered in English
      }
    },
    misleading: ({ texts }) => texts.map(it.isMisleading),
    /** Digest a file whose pieces can be read and which cannot be read as a whole. */
    async digests({ data, names }) {
      const [content, pieces] = [bytes(data), []];
      const slice = (from, to) => ({
        async arrayBuffer() {
          const piece = content.slice(from, to);
          pieces.push(piece.length);
          return piece.buffer;
        },
      });
      return { digests: Object.fromEntries(await it.digestsOfFile({ size: content.length, slice }, names)), pieces };
    },
    sha256: ({ data }) => hexOf(it.sha256(bytes(data))),
    fact: ({ kind, name, json }) =>
      it.checkSealed({ kind, schema: it.vocabulary.kinds[kind].schema }, [{ name, value: it.parseJson(bytes(json))[0] }]),
  };

  const answer = async ({ ask, ...question }) => {
    try {
      return { answer: (await answers[ask](question)) ?? null };
    } catch (wrong) {
      return wrong instanceof it.Refused ? { refused: told(wrong) } : { crashed: String(wrong.stack) };
    }
  };

  return async (line) => {
    const said = [];
    for (const question of JSON.parse(line)) said.push(await answer(question));
    return JSON.stringify(said);
  };
};
