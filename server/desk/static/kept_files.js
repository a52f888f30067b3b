// Send files to the server that keeps them, and open kept files after the person has signed why.

import { Refused, ask, inLanguage, open, refusal, refusedBy } from './signing.js'
import { api, ownKey } from './recording.js'

const TRIES = 6 // times that a piece is sent again, and that an access entry is placed again
const PAUSE = 1_500 // milliseconds before a piece is sent again
const CHECKING = 300 // milliseconds until the server is asked again that compares a digest

const at = id => document.getElementById(id)
const { texts, order, person } = JSON.parse(at('kept-data').textContent)
const box = document.querySelector('comity-files')
const number = n => new Intl.NumberFormat(document.documentElement.lang).format(n)
const pause = time => new Promise(resolve => setTimeout(resolve, time))

function make (name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children)
  return element
}

const says = error => refusal(error, texts)

// -- sending

// Whether the server has a file that an entry of this office states; a line with a button that sends it.
async function offer (file) {
  const line = make('div', { className: 'keep' })
  const offered = { sha256: file.sha256, size: file.size }
  try {
    const state = await api(`/v1/orders/${order}/files`, { ...offered, ask: true })
    line.append(make('p', {}, texts.kept_stated))
    line.append(state.kept ? make('p', {}, texts.kept_here) : sender(file, offered))
    line.dataset.stated = 'yes'
  } catch (error) {
    line.append(make('p', {}, ...(error.code === 'API-MISSING' ? [texts.kept_not_stated] : says(error))))
  }
  return line
}

function sender (file, offered) {
  const button = make('button', { type: 'button', className: 'govuk-button' }, texts.kept_send)
  button.setAttribute('aria-label', `${texts.kept_send}: ${file.name}`)
  const bar = make('progress', { max: Math.max(file.size, 1), value: 0, hidden: true })
  bar.setAttribute('aria-label', file.name)
  const status = make('p', {})
  status.setAttribute('role', 'status')
  button.addEventListener('click', async () => {
    button.disabled = true
    bar.hidden = false
    status.textContent = texts.kept_sending
    try {
      await send(box.fileOf(file.sha256), offered, done => { bar.value = done })
      status.textContent = texts.kept_done.replace('{name}', file.name)
      button.remove()
    } catch (error) {
      status.replaceChildren(...says(error), ` ${texts.kept_again}`)
      button.disabled = false
    } finally {
      bar.hidden = true
    }
  })
  return make('div', {}, button, ' ', bar, status)
}

// Send the pieces of a file that the server has not got; `onSent` is called with the number of bytes that it has.
async function send (file, offered, onSent) {
  let state = await api(`/v1/orders/${order}/files`, offered)
  const base = `/v1/orders/${order}/files/${state.object}`
  for (let left = TRIES; !state.kept;) {
    onSent(Math.min(state.received * state.piece, file.size))
    try {
      if (state.received === state.pieces) {
        await pause(CHECKING)
        state = await api(base)
        continue
      }
      state = await put(`${base}/pieces/${state.received}`, file.slice(state.received * state.piece, (state.received + 1) * state.piece))
      left = TRIES
    } catch (error) {
      const again = !(error instanceof Refused) || ['BUSY', 'API-RATE', 'API-SLOW', 'CONFLICT'].includes(error.code)
      if (!again || !--left) throw error
      await pause(PAUSE)
      state = await api(base).catch(() => state)
    }
  }
}

async function put (path, body) {
  const headers = { ...inLanguage(), 'content-type': 'application/octet-stream' }
  const reply = await fetch(path, { method: 'PUT', body, headers, credentials: 'same-origin', cache: 'no-store' })
  const answer = await reply.json()
  if (!reply.ok) throw refusedBy(answer)
  return answer
}

const lines = new Map() // SHA-256 -> the line of a file, which may be sent now

// order_files.js answers the same event, and removes earlier answers.
box.addEventListener('change', async () => {
  const sections = [...at('answers').querySelectorAll('section')]
  for (const [n, file] of box.value.entries()) {
    if (!lines.has(file.sha256)) lines.set(file.sha256, offer(file))
    const line = await lines.get(file.sha256)
    if (!sections[n]?.isConnected) continue
    if (line.dataset.stated) sections[n].querySelector('a[href="#sealed"]')?.parentElement.remove() // it is known now
    sections[n].append(line)
  }
})

// -- opening

for (const form of document.querySelectorAll('form.open-files')) {
  form.addEventListener('submit', event => {
    event.preventDefault()
    opened(form)
  })
}

async function opened (form) {
  const button = form.querySelector('button')
  const fault = form.querySelector('.fault')
  const step = form.querySelector('.step')
  button.disabled = true
  fault.textContent = ''
  try {
    open() // at once: later it would not be from the click
    step.textContent = texts.kept_signing
    show(form, await access(form.dataset.entry, form.elements))
    step.textContent = ''
  } catch (error) {
    fault.replaceChildren(...says(error))
    step.textContent = ''
  } finally {
    button.disabled = false
  }
}

// Have the person sign an access entry, hand it to the server, and return what it opens when the receipt was verified.
async function access (entry, { purpose, role, because, who }) {
  const key = await ownKey()
  const log = document.body.dataset.origin
  for (let left = TRIES; ; left--) {
    const on = new Date().toISOString().slice(0, 19) + 'Z'
    const { place } = await api(`/v1/orders/${order}/files`)
    const { size } = await ask({ type: 'keys', log })
    const { head } = await api('/v1/head')
    const fields = {
      view: 'export', purpose_code: purpose.value, orders: [order],
      justification: `files of entry ${entry}: ${because.value.trim()}`, person: who.value.trim()
    }
    const draft = { kind: 'record-accessed', order: place.order, instrument: null, fields, role: role.value, actor: person.actor, party: person.party, on, on_source: 'own-act', speaks: 'act' }
    const proofs = { head, consistency: await between(size, head.size) }
    const signed = await ask({ type: 'sign', log, public: key, proofs, drafts: [{ draft, place, proposal: null }] })
    const [sealed] = signed.submission.entries
    try {
      const asked = { entry, purpose: purpose.value, key, role: role.value, made_at: on, access: sealed }
      const answer = await api(`/v1/orders/${order}/opened-files`, asked)
      await ask({ type: 'receipts', receipts: [answer.receipt], consistency: await between(signed.size, sizeOf(answer.receipt.proof)) })
      return answer
    } catch (error) {
      if (!['CTX-CHAIN', 'CONFLICT'].includes(error.code) || left === 1) throw error
    }
  }
}

const between = async (start, end) => start && start < end ? await api(`/v1/consistency?start=${start}&end=${end}`) : null

// The size of the log at the checkpoint of a proof (c2sp.org/tlog-proof).
const sizeOf = proof => Number(proof.slice(proof.indexOf('\n\n') + 2).split('\n')[1])

function show (form, { files, until }) {
  const end = new Date(until).toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' })
  const links = files.map(file => {
    const link = make('a', { href: `/v1/orders/${order}/files/${file.object}/content` }, make('bdi', {}, file.name || file.sha256))
    return make('li', {}, link, ` (${number(file.size)} ${texts.files_bytes}) SHA-256 `, make('code', { className: 'digest' }, file.sha256))
  })
  const list = form.parentElement.querySelector('.opened')
  list.replaceChildren(make('p', {}, texts.kept_until.replace('{time}', end)), make('ul', {}, ...links))
}
