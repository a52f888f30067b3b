/** The results collected during verification: steps, doubts, remarks, and what is not proven. */
import { Contradiction, Refused, Undecided } from '../errors.mjs';

/** The number of steps: docs/reference/verification.md, "The 17 steps". */
const STEPS = 17;

export const [PASSED, OPEN, FAILED, NOT_RUN] = ['passed', 'indeterminate', 'failed', 'not run'];

/**
 * `of` names the verified object: a bundle or a proof. Steps as they end ({number, result, says}), doubts and `failed` ({code, where, says}), remarks ({code, says, entries}
 * with leaf hashes), and texts on what is not proven.
 */
export class Notebook {
  of;
  compared = null; // a typed root that differs: {size, typed, here, letters}
  steps = [];
  doubts = [];
  remarks = [];
  gravest = []; // the texts on what is not proven that come first
  notProven = [];
  failed = null;
  exhibit = null; // the file that shows a contradiction of the log to others
  said = null;
  ran = true;

  constructor(of = 'bundle') {
    this.of = of;
  }

  /** Run a step and record its result. A refusal ends the verification and is rethrown. */
  async step(number, work) {
    const doubts = this.doubts.length;
    this.said = null;
    this.ran = true;
    try {
      await work();
    } catch (wrong) {
      if (wrong instanceof Contradiction) this.exhibit = await wrong.exhibit();
      if (wrong instanceof Refused) this.end(number, wrong);
      throw wrong;
    }
    const result = this.ran ? PASSED : NOT_RUN;
    this.steps.push({ number, result: this.doubts.length > doubts ? OPEN : result, says: this.said });
  }

  end(number, wrong) {
    const { code, where, says } = wrong;
    const undecided = code === 'SIG-DISAGREE' || wrong instanceof Undecided;
    if (undecided) this.doubts.push({ code, where, says });
    else this.failed = { code, where, says };
    this.steps.push({ number, result: undecided ? OPEN : FAILED, says: wrong instanceof Undecided ? says : ['refusal', code, where, says] });
    while (this.steps.length < STEPS) this.skip(this.steps.length + 1);
  }

  /** Record a step that this page does not run; `says` is the reason. */
  skip(number, says = null) {
    this.steps.push({ number, result: NOT_RUN, says });
  }

  /** Return all texts on what is not proven, the most serious first. */
  get unproven() {
    return [...this.gravest, ...this.notProven];
  }

  /** Record how much the current step had to check. */
  says(...text) {
    this.said = text;
  }

  /** Record that the current step has checked nothing, with the reason: it is not run, and has not passed. */
  nothingAsked(...text) {
    this.said = text.length ? text : null;
    this.ran = false;
  }

  /** Record that a proof is missing: the best verdict is then INDETERMINATE. */
  doubt(code, says, where = '') {
    this.doubts.push({ code, where, says });
  }

  /** Record a finding on times, claims or completeness; the verdict does not depend on it. */
  remark(code, says, ...entries) {
    this.remarks.push({ code, says, entries });
  }
}
