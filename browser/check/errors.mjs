/** The error of every integrity check, as in ledger/errors.py. */
export class Refused extends Error {
  /**
   * `code` is one of the released codes, `says` a text for people (its key in the table of texts, then its values),
   * `where` the file, entry or line that is wrong.
   */
  constructor(code, says, where = '') {
    super(`${code} ${where}: ${says}`);
    this.code = code;
    this.says = says;
    this.where = where;
  }
}

/** Nothing can be checked from here on, and nothing is proved wrong: the reader gave what does not belong here. */
export class Undecided extends Refused {}

/** The log contradicts itself: `exhibit` makes the file that shows it to others, a text, or null where nothing proves it. */
export class Contradiction extends Refused {
  constructor(code, says, where, exhibit) {
    super(code, says, where);
    this.exhibit = exhibit;
  }
}

/** Run `work`; a refusal gets the place `where`. */
export async function placed(where, work) {
  try {
    return await work();
  } catch (wrong) {
    throw wrong instanceof Refused ? new Refused(wrong.code, wrong.says, where) : wrong;
  }
}

/** Run `work`; a refusal gets a place in the file `name`. */
export function about(name, work) {
  try {
    return work();
  } catch (wrong) {
    throw wrong instanceof Refused ? new Refused(wrong.code, wrong.says, `${name} ${wrong.where}`.trim()) : wrong;
  }
}
