/**
 * What this browser keeps for the signing page, in IndexedDB: keys that cannot be read out, and for each
 * log the desk and the key of the log that a person has confirmed, with the newest tree that was verified.
 */
import { Refused } from '../check/errors.mjs';

const NAME = 'comity-signing';
const LEDGERS = 'ledgers'; // {log, origin, key, size, root}, by the log
const KEYS = 'keys'; // {log, public, device, made, imported, account, key}, by log and public key

/** Open the store; SIGN-STORAGE where the browser keeps nothing, as in some private windows. */
export async function openStore() {
  try {
    return new Store(await done(opening()));
  } catch (wrong) {
    throw unable(wrong);
  }
}

/** The kept ledgers and keys. */
class Store {
  constructor(database) {
    this.database = database;
  }

  /** Return the ledger of a log; undefined without one. */
  ledger(log) {
    return this.read(LEDGERS, (store) => store.get(log));
  }

  ledgers() {
    return this.read(LEDGERS, (store) => store.getAll());
  }

  /** Return the keys of a log; without a log all of them. */
  keys(log) {
    return this.read(KEYS, (store) => store.getAll(log === undefined ? undefined : IDBKeyRange.bound([log], [log, []])));
  }

  /** Keep a ledger and a key together, or neither. */
  async enrol(ledger, key) {
    await this.write([LEDGERS, KEYS], (store) => {
      store(LEDGERS).put(ledger);
      store(KEYS).put(key);
    });
    const kept = await this.read(KEYS, (store) => store.get([key.log, key.public]));
    if (!(kept?.key instanceof CryptoKey)) throw unable('the key was not kept');
  }

  /** Keep the newest verified tree of a log, unless a larger one is kept already. */
  remember(log, { size, root }) {
    return this.write([LEDGERS], (store) => {
      const asked = store(LEDGERS).get(log);
      asked.onsuccess = () => {
        if (asked.result && asked.result.size < size) store(LEDGERS).put({ ...asked.result, size, root });
      };
    });
  }

  forgetLedger(log) {
    return this.write([LEDGERS], (store) => store(LEDGERS).delete(log));
  }

  forgetKey(log, key) {
    return this.write([KEYS], (store) => store(KEYS).delete([log, key]));
  }

  async read(name, ask) {
    try {
      return await done(ask(this.database.transaction(name).objectStore(name)));
    } catch (wrong) {
      throw unable(wrong);
    }
  }

  async write(names, change) {
    try {
      const transaction = this.database.transaction(names, 'readwrite', { durability: 'strict' });
      change((name) => transaction.objectStore(name));
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
      });
    } catch (wrong) {
      throw unable(wrong);
    }
  }
}

function opening() {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore(LEDGERS, { keyPath: 'log' });
    asked.result.createObjectStore(KEYS, { keyPath: ['log', 'public'] });
  };
  return asked;
}

const done = (asked) =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

const unable = (wrong) => (wrong instanceof Refused ? wrong : new Refused('SIGN-STORAGE', ['sign-storage', String(wrong?.message ?? wrong)]));
