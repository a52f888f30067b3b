/** Step 7: verify time stamps on checkpoints of the log, as in ledger/verify/timestamps.py. */
import { DRIFT } from './heads.mjs';
import { Refused } from '../errors.mjs';
import { wire } from '../shape.mjs';
import { readStamp } from '../timestamps/token.mjs';

/**
 * Return the moment by which each note existed: digest -> seconds since 1970. `cosigned` is what the witnesses show
 * (Times).
 *
 * Remarks TST-*; doubt TST-FORMAT where a token cannot be read. Without trusted authorities no token is checked.
 */
export async function checkTokens(parts, cosigned, trust, now, book) {
  const heads = cosigned.heads;
  const tokens = [...parts.tokens].filter(([path]) => path.endsWith('.tsr'));
  if (!tokens.length || !trust?.authorities.length) {
    book.nothingAsked(...(tokens.length ? ['tokens', tokens.length] : []));
    if (tokens.length) {
      book.notProven.push(['unproven-tokens', tokens.length]);
    }
    return new Map();
  }
  const found = new Map();
  for (const [path, token] of tokens) {
    try {
      const digest = noteOf(path, heads);
      const stamp = await readStamp(token, heads.all.get(digest).note, trust.authorities);
      checkMoment(stamp, cosigned.seenAt(digest), now);
      found.set(digest, [...(found.get(digest) ?? []), stamp]);
    } catch (wrong) {
      if (!(wrong instanceof Refused)) throw wrong;
      if (wrong.code !== 'TST-FORMAT') book.remark(wrong.code, ['token-dropped', path, wrong.says]);
      else book.doubt(wrong.code, ['token-by-hand', wrong.says, path.split('.')[0], path], `${heads.folder}/${path}`);
    }
  }
  for (const [digest, stamps] of found) {
    if (!apart(stamps)) continue;
    const said = stamps.map(({ authority, at }) => `${authority} ${wire(at)}`).join(', ');
    book.remark('TST-DISAGREE', ['token-disagree', heads.where(digest), said]);
  }
  if (found.size) {
    // a log without witnesses has an independent clock all the same
    book.gravest.forEach(
      (text, n, all) => text[0] === 'unproven-no-witness' && (all[n] = ['unproven-no-witness-dated']),
    );
  }
  book.says('tokens-hold', [...found.values()].flat().length, tokens.length);
  return new Map([...found].map(([digest, stamps]) => [digest, existed(stamps)]));
}

/** Return the moment by which stamped bytes existed: the earliest stamp, or the latest if they contradict each other. */
const existed = (stamps) => Math[apart(stamps) ? 'max' : 'min'](...stamps.map(({ by }) => by));

/** Return true if these stamps cannot all belong to requests made at one moment. */
const apart = (stamps) => Math.max(...stamps.map(({ from }) => from)) > Math.min(...stamps.map(({ by }) => by)) + DRIFT;

/** TST-TIME for a token from the future, or from before an honest witness signed what it covers. */
function checkMoment({ at, by }, cosigned, now) {
  if (at > now + DRIFT) throw new Refused('TST-TIME', ['token-future', wire(at)]);
  if (cosigned !== null && by < cosigned - DRIFT)
    throw new Refused('TST-TIME', ['token-early', wire(at), wire(cosigned)]);
}

/** Return the note that the name of a token refers to: `checkpoint.1.tsr`, `heads/<digest>.1.tsr`. */
function noteOf(path, heads) {
  const [place, name] = path.includes('/')
    ? [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)]
    : ['', path];
  const stem = name.split('.')[0];
  if (place === 'heads' && heads.all.has(stem)) return stem;
  if (!place && stem === 'checkpoint') return heads.headDigest;
  throw new Refused('TST-IMPRINT', ['token-name']);
}
