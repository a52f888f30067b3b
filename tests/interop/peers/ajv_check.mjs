// node ajv_check.mjs SCHEMAS.json FACTS.json   (npm: ajv, in its default strict mode, without plug-ins)
// SCHEMAS: {kind: schema}; FACTS: [{kind, fact}]. Prints the numbers of both; exit 1 at the first invalid fact.
import fs from 'node:fs'; import { Ajv2020 } from 'ajv/dist/2020.js';
const [schemas, facts] = process.argv.slice(2).map((file) => JSON.parse(fs.readFileSync(file)));
const log = (...said) => { console.log('warns:', ...said); process.exit(1); };
const ajv = new Ajv2020({ logger: { log, warn: log, error: log } });
const take = {};
for (const [kind, schema] of Object.entries(schemas)) {
  try { take[kind] = ajv.compile(schema); } catch (error) { console.log(`${kind}: ${error.message}`); process.exit(1); }
}
for (const { kind, fact } of facts) {
  if (!take[kind](fact)) { console.log(`${kind}: ${ajv.errorsText(take[kind].errors)}`); process.exit(1); }
}
console.log(`agrees: ${Object.keys(take).length} schemas, ${facts.length} facts`);
