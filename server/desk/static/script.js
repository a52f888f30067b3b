// The pages of the desk: the check of a form while it is filled in, signing and recording.
// Without script a form is checked by its button; only signing needs it.

import { Refused, refusal } from './signing.js'
import { record } from './recording.js'
import { whileDisabled } from './focus.js'
import './live.js'
import './keyboard.js'

const PAUSE = 700 // milliseconds without a change until a form is checked

const at = id => document.getElementById(id)
const texts = JSON.parse(at('texts')?.textContent ?? '{}')
const trusted = window.trustedTypes?.createPolicy('check', { createHTML: text => text }) ?? { createHTML: text => text }

// -- the form that is checked while it is filled in

const form = at('entry')

// The time zone of this device may be chosen as well: the register may name no place, and people travel.
const here = Intl.DateTimeFormat().resolvedOptions().timeZone
for (const zones of form?.querySelectorAll('select[name$="@zone"]') ?? []) {
  if (here && ![...zones.options].some(each => each.value === here)) zones.add(new Option(here))
}

let changes = 0
let timer = 0

function changed () {
  changes++
  clearTimeout(timer)
  timer = setTimeout(() => check().catch(() => {}), PAUSE)
  const sign = at('sign')
  if (sign !== null) {
    sign.disabled = true
    at('step').textContent = texts.step_stale
  }
}

// Ask the server for the page that this form leads to, and show what it says of the draft; errors wait for the button.
async function check () {
  const now = changes
  const body = new URLSearchParams(new FormData(form))
  body.set('do', 'check')
  const reply = await fetch(form.action, { method: 'POST', body, credentials: 'same-origin' })
  const page = new DOMParser().parseFromString(trusted.createHTML(await reply.text()), 'text/html')
  const beside = page.getElementById('checked')
  if (now !== changes || beside === null || !reply.ok) return
  at('checked').replaceWith(document.importNode(beside, true))
  at('sign')?.addEventListener('click', sign)
}

// Fill in what a box of files has hashed: the rows of a manifest, a document, or one digest.
function fillIn ({ target }) {
  if (target.localName !== 'comity-files') return
  const place = target.getAttribute('for')
  const shape = target.getAttribute('shape')
  if (shape === 'manifest') target.value.forEach((file, n) => fill(rowOf(`${place}.files`, n), file))
  else if (shape === 'document') fill(place, target.value ?? {})
  else fill('', { [place]: target.value?.sha256 })
}

function fill (place, values) {
  for (const [name, value] of Object.entries(values)) {
    const control = at(place ? `${place}.${name}` : name)
    if (control !== null) control.value = value ?? ''
  }
}

// Return the name of a row of a list; a row that is not there yet is made of the last one.
function rowOf (list, n) {
  const rows = [...at(list).querySelectorAll(':scope > .row')]
  if (n < rows.length) return nameOf(rows[n])
  const last = nameOf(rows.at(-1))
  const name = `${list}.${Number(last.slice(list.length + 1)) + 1}`
  const row = rows.at(-1).cloneNode(true)
  for (const element of [row, ...row.querySelectorAll('*')]) {
    for (const { name: attribute, value } of [...element.attributes]) element.setAttribute(attribute, value.replaceAll(last, name))
  }
  rows.at(-1).after(row)
  return name
}

const nameOf = row => row.querySelector('.control').id || row.querySelector('[name]').name

form?.addEventListener('change', fillIn)
form?.addEventListener('input', changed)
form?.addEventListener('change', changed)
at('sign')?.addEventListener('click', sign)

// -- signing and recording

async function sign () {
  const { draft, permits } = JSON.parse(at('checked').dataset.recording)
  const button = at('sign')
  let step = ''
  at('fault').replaceChildren()
  try {
    const [receipt] = await whileDisabled([button], () => record([draft], permits, name => {
      step = name
      at('step').textContent = texts[`step_${name}`]
    }))
    at('step').textContent = `${texts.step_recorded} #${receipt.seq}`
    const after = at('checked').dataset.after
    const seen = `?seen=${receipt.index + 1}` // another server of the log may be a second behind
    location.assign(after.startsWith('/orders/') ? `${after}${seen}#entry-${receipt.seq}` : after + seen)
  } catch (error) {
    at('step').textContent = ''
    show(error, step)
  }
}

// What is said where an entry may be recorded; of an error of the connection that is enough.
function unsure (error) {
  const known = texts[error.code] !== undefined || error instanceof Refused
  return known ? [`${texts.unsure_says} `, ...refusal(error, texts, '')] : [texts.unsure_says]
}

function show (error, step) {
  const sent = step === 'verifying' || (step === 'sending' && !(error instanceof Refused))
  const code = document.createElement('span')
  code.className = 'code small'
  code.textContent = ` ${error.code ?? ''}`
  at('fault').replaceChildren(...(sent ? unsure(error) : refusal(error, texts)), code)
  if (error.code === 'SIGN-NO-KEY' || error.code === 'SIGN-LEDGER') {
    const link = document.createElement('a')
    link.href = '/keys'
    link.textContent = texts['SIGN-NO-KEY-link']
    at('fault').append(' ', link)
  }
}
