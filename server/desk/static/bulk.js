// One step in several orders: each draft is signed alone on the signing page, one after the other. What happens to one
// of them changes no other one, and nothing that was recorded is sent again.

import { Refused, refusal } from './signing.js'
import { record } from './recording.js'

// Answers of the signing page after which no other draft is asked for: the person goes on by a click.
const STOPS = ['SIGN-DECLINED', 'SIGN-CLOSED', 'SIGN-BLOCKED', 'SIGN-SILENT', 'SIGN-NO-KEY', 'SIGN-LEDGER', 'SIGN-NONE', 'SIGN-BUSY']

const at = id => document.getElementById(id)
const texts = JSON.parse(at('texts').textContent)
const items = [...document.querySelectorAll('.bulk [data-recording]')]
const button = at('sign-all')

let stopping = false

const waiting = () => items.filter(item => !item.dataset.state)

async function signAll () {
  stopping = false
  button.disabled = true
  at('stop').hidden = false
  at('done').hidden = false
  at('fault').replaceChildren()
  try {
    for (const item of waiting()) {
      if (stopping) break
      if (!await one(item)) break
    }
  } finally {
    at('stop').hidden = true
    const left = waiting().length
    button.disabled = left === 0
    button.textContent = texts.bulk_continue.replace('{0}', left)
    const count = state => items.filter(item => item.dataset.state === state).length
    at('step').textContent = texts.bulk_result.replace('{0}', count('recorded'))
      .replace('{1}', count('failed') + count('unsure')).replace('{2}', left)
  }
}

// Sign and record the draft of one order; return whether the next one may follow.
async function one (item) {
  const { draft, permits } = JSON.parse(item.dataset.recording)
  let step = ''
  item.scrollIntoView({ block: 'nearest' })
  try {
    const [receipt] = await record([draft], permits, name => {
      step = name
      at('step').textContent = `${item.querySelector('.go').textContent}: ${texts[`step_${name}`]}`
    })
    became(item, 'recorded', `${texts.step_recorded} #${receipt.seq}`)
  } catch (error) {
    const sent = step === 'verifying' || (step === 'sending' && !(error instanceof Refused))
    const says = refusal(error, texts)
    if (sent) became(item, 'unsure', texts.unsure_says)
    else if (!STOPS.includes(error.code)) became(item, 'failed', ...says, ` ${error.code ?? ''}`)
    else {
      at('fault').replaceChildren(...says)
      return false
    }
  }
  return true
}

// An order whose entry is recorded, or may be, is no part of the form any more: checked again, it is not drafted twice.
function became (item, state, ...says) {
  item.dataset.state = state
  item.querySelector('.became').replaceChildren(...says)
  at('done').value = items.length - waiting().length
  if (state === 'failed') return
  for (const input of document.querySelectorAll('#bulk-form [name=o]')) {
    if (input.value === item.dataset.order) input.remove()
  }
}

button?.addEventListener('click', signAll)
at('stop')?.addEventListener('click', () => {
  stopping = true
  at('stop').hidden = true
})
at('bulk-form').addEventListener('input', () => {
  if (button === null) return
  button.disabled = true
  at('step').textContent = texts.step_stale
})
