// Record drafts: the server checks them, the person signs them on the signing page, the server stores them, and the
// signing page verifies the receipts. Nothing is called recorded before.

import { Refused, ask, inLanguage, open, refusedBy } from './signing.js'

const TRIES = 20 // times that drafts are placed again because another entry came first
const SENDINGS = 3 // times that entries are sent where the connection fails

let seen = 0 // the size of the largest head that the signing page has verified: no server may answer under an earlier one

// Return the answer of the server; raises Refused with the code of its problem.
export async function api (path, content, more = {}) {
  const headers = { ...inLanguage(), ...(seen ? { 'comity-seen': String(seen) } : {}), ...more }
  const request = { credentials: 'same-origin', cache: 'no-store', headers }
  if (content !== undefined) {
    request.method = 'POST'
    request.headers = { ...headers, 'content-type': 'application/json' }
    request.body = JSON.stringify(content)
  }
  const reply = await fetch(path, request)
  const answer = await reply.json()
  if (!reply.ok) throw refusedBy(answer)
  return answer
}

// Return the key of this device that is linked to the account, in hex; raises SIGN-NO-KEY.
export async function ownKey () {
  const keys = await keysHere()
  const { keys: linked } = await api('/v1/account')
  const own = keys.find(each => linked.includes(each.public))
  if (own === undefined) throw new Refused('SIGN-NO-KEY')
  return own.public
}

async function keysHere () {
  const { keys, size } = await ask({ type: 'keys', log: document.body.dataset.origin })
  seen = Math.max(seen, size)
  return keys
}

// Record drafts in one request, and return what the signing page has verified: [{index, leaf, order, seq}].
// `permits` has `unregistered` and `lookalike` of the API, and `key` (hex) if it is not one that is linked already.
// `step` is called with the name of each step that begins.
export async function record (drafts, permits = {}, step = () => {}) {
  open() // at once: later it would not be from the click
  step('opening')
  const { unregistered = false, lookalike = false } = permits
  if (permits.key !== undefined) await keysHere()
  const key = permits.key ?? await ownKey()
  for (let left = TRIES; ; left--) {
    step('signing')
    const { head, items } = await placed(drafts, key, { unregistered, lookalike })
    const consistency = await between(seen, head.size)
    const log = document.body.dataset.origin
    const signed = await ask({ type: 'sign', log, public: key, proofs: { head, consistency }, drafts: items })
    seen = signed.size
    step('sending')
    try {
      const { receipts } = await sent({ ...signed.submission, unregistered, lookalike })
      step('verifying')
      const end = Math.max(...receipts.map(each => sizeOf(each.proof)))
      const recorded = await ask({ type: 'receipts', receipts, consistency: await between(seen, end) })
      seen = Math.max(seen, end)
      return recorded.receipts
    } catch (error) {
      if (!['CTX-CHAIN', 'CONFLICT'].includes(error.code) || left === 1) throw error
      step('again')
    }
  }
}

// Return each draft with its proposal and its place, and the largest head of the places.
async function placed (drafts, key, permits) {
  const items = []
  const orders = new Set()
  for (const draft of drafts) {
    const place = orders.has(draft.order) ? null : await placeOf(draft.order)
    // an entry behind the first one of a new order: the server has no such order yet, so it can propose nothing
    const behindNew = orders.has(draft.order) && items.find(each => each.draft.order === draft.order).place === null
    const { proposal } = behindNew ? { proposal: null } : await api('/v1/drafts', { draft, public: key, ...permits })
    orders.add(draft.order)
    items.push({ draft, place, proposal })
  }
  const heads = items.filter(each => each.place !== null).map(each => each.place.head)
  const { head } = heads.length ? { head: heads.reduce((a, b) => b.size > a.size ? b : a) } : await api('/v1/head')
  for (const item of items) {
    if (item.place !== null && item.place.head.size < head.size) {
      item.consistency = await between(item.place.head.size, head.size)
    }
  }
  return { head, items }
}

async function placeOf (order) {
  try {
    return await api(`/v1/orders/${order}/place`)
  } catch (error) {
    if (error.code === 'API-MISSING') return null // a new order
    throw error
  }
}

async function between (start, end) {
  return start && start < end ? await api(`/v1/consistency?start=${start}&end=${end}`) : null
}

async function sent (submission) {
  const once = { 'idempotency-key': crypto.randomUUID() }
  for (let left = SENDINGS; ; left--) {
    try {
      return await api('/v1/entries', submission, once)
    } catch (error) {
      if (error instanceof Refused || left === 1) throw error // what was stored is answered again under the same key
    }
  }
}

// The size of the log at the checkpoint of a proof (c2sp.org/tlog-proof): the second line behind the first empty one.
const sizeOf = proof => Number(proof.slice(proof.indexOf('\n\n') + 2).split('\n')[1])
