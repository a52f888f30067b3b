/** What a verifier jots down on the way: which steps ran, what is missing, what is odd, what nothing here can prove. */
import { Refused } from './refusal.mjs';

/** How many steps there are: docs/reference/verification.md, "The 17 steps". */
const STEPS = 17;

export const [PASSED, OPEN, FAILED, NOT_RUN] = ['passed', 'indeterminate', 'failed', 'not run'];

/**
 * Steps as they end ({number, result, says}), doubts and `failed` ({code, where, says}), remarks ({code, says,
 * entries}: leaf hashes), and texts on what is not proven.
 */
export class Notebook {
  steps = [];
  doubts = [];
  remarks = [];
  gravest = []; // of the texts on what is not proven, those that come before all others
  notProven = [];
  failed = null;
  said = null;

  /** Notes what a step showed. What is refused inside ends the walk, and is thrown on. */
  async step(number, work) {
    const doubts = this.doubts.length;
    this.said = null;
    try {
      await work();
    } catch (wrong) {
      if (wrong instanceof Refused) this.end(number, wrong);
      throw wrong;
    }
    this.steps.push({ number, result: this.doubts.length > doubts ? OPEN : PASSED, says: this.said });
  }

  end(number, { code, where, says }) {
    const undecided = code === 'SIG-DISAGREE';
    if (undecided) this.doubts.push({ code, where, says });
    else this.failed = { code, where, says };
    this.steps.push({ number, result: undecided ? OPEN : FAILED, says: ['refusal', code, where, says] });
    while (this.steps.length < STEPS) this.skip(this.steps.length + 1);
  }

  /** A step that this page does not take; `says` why. */
  skip(number, says = null) {
    this.steps.push({ number, result: NOT_RUN, says });
  }

  /** All texts on what is not proven, the gravest first. */
  get unproven() {
    return [...this.gravest, ...this.notProven];
  }

  /** How much there was to check in the step under way. */
  says(...text) {
    this.said = text;
  }

  /** What would prove this right is missing: the best verdict is INDETERMINATE. */
  doubt(code, says, where = '') {
    this.doubts.push({ code, where, says });
  }

  /** A finding on times, claims or completeness; the verdict does not depend on it. */
  remark(code, says, ...entries) {
    this.remarks.push({ code, says, entries });
  }
}
