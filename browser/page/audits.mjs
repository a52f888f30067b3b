/** What auditors of the reader's policy state: which entries of the log each one checked, and how. */
import { ranged } from '../check/verify/audits.mjs';
import { bullets, foreign, make } from './dom.mjs';
import { say } from './texts.mjs';

/** Return the statements of a report, one for each auditor who made any. */
export const audits = ({ audits: stated = [], head }) =>
  stated
    .filter(({ statement }) => statement)
    .map(({ name, auditor, ranges, statement: { checks, program, rules } }) => [
      foreign(`${name} (${auditor}) `),
      say(['audit-says', ranges.map(ranged).join(', '), head.checkpoint.size]),
      say(['colon']),
      bullets(checks.map((check) => say([`audit-${check}`]))),
      say(['audit-program']),
      make('code', {}, program),
      say(['audit-rules']),
      make('code', {}, rules),
    ]);
