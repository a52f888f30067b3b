/** Repeat the comparison that the log made before it took an entry with a condition, as ledger/verify/completeness/conditions.py does. */

const CODE = 'CTX-CONDITION';

/** Report each entry that the log took in spite of its condition, and each condition that the bundle cannot decide. */
export function checkConditions(opened, arrivals, committed, book) {
  const entries = [...opened].sort(([one], [two]) => (one < two ? -1 : 1));
  const whole = new Map(); // order -> the index up to which the bundle has all its entries
  for (const [index, { order }] of entries) {
    whole.set(order, committed && committed.size > index ? committed.size : index);
  }
  for (const [index, { unless, leaf }] of entries) {
    if (!unless) continue;
    const { after, orders, kinds } = unless;
    const excluded = ([place, { order, kind }]) =>
      place < index && place >= BigInt(after) && orders.includes(order) && kinds.includes(kind);
    const found = entries.find(excluded);
    const unseen = orders.filter((order) => !whole.has(order) || whole.get(order) < index);
    if (BigInt(after) > index) book.remark(CODE, ['condition-beyond', after, index], leaf);
    else if (found) book.remark(CODE, ['condition-broken', found[1].kind, found[1].order, after, found[0]], leaf);
    else if (unseen.length) book.notProven.push(['unproven-condition', index, kinds.join(', '), after, unseen.join(', ')]);
  }
  for (const { inner, wrapper } of arrivals) {
    if (inner?.unless) book.notProven.push(['unproven-condition-elsewhere', inner.log, wrapper.public.get('index')]);
  }
}
