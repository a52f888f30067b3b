// The pages about keys: make a key on the signing page and ask for it, accept it, ask for its end, refuse a request.

import { Refused, ask, open, refusal } from './signing.js'
import { api, record } from './recording.js'
import { reloadAt, whileDisabled } from './focus.js'

const at = id => document.getElementById(id)
const texts = JSON.parse(at('key-texts').textContent)
const page = at('keys')?.dataset
const STAY = '' // the page is not loaded again

// Do what an element asks for; its page is loaded again when that is done, with the focus on the heading of an id that
// `act` returns.
function on (selector, event, act) {
  for (const element of document.querySelectorAll(selector)) {
    element.addEventListener(event, happened => {
      happened.preventDefault()
      attempt(element, () => act(element))
    })
  }
}

async function attempt (element, act) {
  const buttons = element.matches('form') ? element.querySelectorAll('button') : [element]
  at('fault').replaceChildren()
  try {
    const place = await whileDisabled(buttons, act)
    if (place !== STAY) reloadAt(place)
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error)
    at('fault').replaceChildren(...refusal(error, texts))
  } finally {
    if (at('fault').textContent) at('step').textContent = ''
  }
}

on('#enrol', 'submit', async form => {
  const { device, old } = form.elements
  open() // at once: later it would not be from the click
  at('step').textContent = texts.keys_step_enrol
  const name = device.value.trim()
  const made = await ask({ type: 'enrol', ledger: JSON.parse(page.ledger), account: JSON.parse(page.account), device: name })
  await api('/v1/account/keys', { key: made.public, device: name, proof: made.proof, old_key: old?.value || null })
  return 'asked'
})

on('.accept', 'click', async button => {
  const draft = JSON.parse(button.dataset.draft)
  await record([draft], { key: draft.fields.key }, name => { at('step').textContent = texts[`step_${name}`] })
  return 'own'
})

on('form.end', 'submit', async form => {
  const key = form.closest('[data-key]').dataset.key
  await api('/v1/account/keys/end', { key, cause: form.elements.cause.value })
  return 'asked'
})

on('.withdraw', 'click', async button => {
  await api('/v1/account/keys/withdraw', { id: button.closest('[data-request]').dataset.request })
  return 'asked'
})

on('form.refuse', 'submit', async form => {
  const id = form.closest('[data-request]').dataset.request
  await api('/v1/key-requests/refuse', { id, reason: form.elements.reason.value })
  return 'content'
})

on('#find-here', 'click', async () => {
  open()
  const { keys } = await ask({ type: 'keys', log: document.body.dataset.origin })
  const here = new Set(keys.map(each => each.public))
  const rows = [...document.querySelectorAll('tr[data-key]')].filter(row => here.has(row.dataset.key))
  for (const row of rows) row.querySelector('.here').hidden = false
  at('step').textContent = rows.length ? '' : texts.keys_not_here
  return STAY
})
