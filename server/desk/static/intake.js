// Take in a table or mails: the server reads each file and makes drafts, the person signs them in parts.
// No file and no draft is kept: after a reload the person chooses the files again, and what is on record is left out.

import { Refused, english, refusal } from './signing.js'
import { record } from './recording.js'

const MOST = 60 // drafts of one request; the orders stay whole where they fit
const SHOWN = 50 // lines of one list

const at = id => document.getElementById(id)
const texts = JSON.parse(at('texts').textContent)
let checked = [] // what the server said of each file

const what = () => document.querySelector('[name=what]:checked').value

function switched () {
  for (const each of ['table', 'mail', 'letter']) at(`for-${each}`).hidden = what() !== each
}

for (const radio of document.querySelectorAll('[name=what]')) radio.addEventListener('change', switched)
switched()
at('intake').addEventListener('submit', event => {
  event.preventDefault()
  check().catch(fail)
})
for (const name of ['dragover', 'drop']) {
  at('intake').addEventListener(name, event => {
    event.preventDefault()
    if (name === 'drop' && event.dataTransfer.files.length) at('files').files = event.dataTransfer.files
  })
}
at('sign-all')?.addEventListener('click', () => sign().catch(fail))

// -- the check

async function check () {
  const files = [...at('files').files]
  at('fault').replaceChildren()
  at('result').hidden = true
  checked = []
  if (!files.length) throw new Refused('', texts.intake_choose)
  for (const [n, file] of files.entries()) {
    at('step').textContent = `${texts.intake_reading} ${n + 1} / ${files.length}: ${file.name}`
    checked.push(await checkFile(file))
  }
  at('step').textContent = ''
  show()
}

async function checkFile (file) {
  const query = new URLSearchParams({ what: what(), name: file.name, lang: document.documentElement.lang })
  if (what() === 'table') query.set('profile', at('profile')?.value ?? '')
  else if (what() === 'mail') for (const name of ['kind', 'server', 'order']) query.set(name, at(name).value)
  else for (const name of ['order', 'kind', 'day', 'whose']) query.set(name, at(`letter-${name}`).value)
  const reply = await fetch(`/intake/check?${query}`, {
    method: 'POST', body: file, credentials: 'same-origin', headers: { 'content-type': 'application/octet-stream' }
  })
  if (reply.status === 401) throw new Refused('', texts.intake_ended)
  if (!reply.headers.get('content-type').startsWith('application/json')) {
    throw new Refused('', `${file.name}: ${reply.status === 413 ? texts.intake_large : texts.intake_failed}`)
  }
  return await reply.json()
}

// -- what it says

function show () {
  at('said').replaceChildren(...checked.map(part))
  const count = drafts().length
  const faulty = checked.some(each => each.faults.length)
  at('sum').textContent = faulty ? texts.intake_faulty : `${count} ${texts.intake_new}`
  at('part').textContent = ''
  at('done').hidden = true
  if (at('sign-all')) at('sign-all').hidden = faulty || !count
  at('result').hidden = false
  at('result-title').focus()
}

const drafts = () => checked.flatMap(each => each.drafts)

function part (each) {
  const lines = [`${each.rows} ${texts.intake_rows}, ${each.drafts.length} ${texts.intake_new}, ${each.already} ${texts.intake_already}`]
  const made = element('section')
  made.append(element('h3', each.file), element('p', lines[0]))
  const place = ({ row, column }) => [
    each.sheet && `${texts.intake_sheet} ${each.sheet}`, row && `${texts.intake_row} ${row}`, column && `${texts.intake_column} ${column}`
  ].filter(Boolean).join(', ')
  const noted = note => {
    const says = [place(note), [note.says, note.hint].filter(Boolean).join('; ')].filter(Boolean).join(': ')
    return note.english ? [`${says} `, english(note.english)] : [says]
  }
  made.append(
    ...list(texts.intake_faults, each.faults.map(noted), 'wrong', each.more_faults),
    ...list('', each.says.map(noted)),
    ...list(texts.intake_unwound, each.unwound.map(noted)),
    ...list(texts.intake_clocks, each.clocks.map(clock => `${each.names[clock.id] ?? clock.id} (${clock.id}): ${texts[`intake_${clock.verdict}`] ?? clock.verdict}; ${counted(clock.orders)}`)),
    ...list(texts.intake_findings, each.findings.map(f => `${f.says} (${counted(f.orders)}, ${texts.intake_first} ${texts.intake_row} ${f.first_row}; ${f.code})`)),
    ...list(texts.intake_notes, each.notes.map(noted))
  )
  return made
}

const counted = n => `${texts.intake_orders}: ${n}`

function list (title, lines, name = '', more = 0) {
  if (!lines.length) return []
  const items = element('ul')
  if (name) items.className = name
  items.append(...lines.slice(0, SHOWN).map(line => {
    const item = element('li')
    item.append(...[line].flat())
    return item
  }))
  const left = lines.length - SHOWN + more
  if (left > 0 || more) items.append(element('li', `… ${Math.max(left, more)} ${texts.intake_more}`))
  return title ? [element('h4', `${title} (${lines.length + more})`), items] : [items]
}

function element (name, text = '') {
  const made = document.createElement(name)
  made.textContent = text
  return made
}

// -- signing, in parts

// Return the drafts in parts of at most MOST; an order is divided only where it is longer.
function parts (all) {
  const orders = new Map()
  for (const draft of all) orders.set(draft.order, [...(orders.get(draft.order) ?? []), draft])
  const made = []
  for (const some of orders.values()) {
    if (!made.length || made.at(-1).length + some.length > MOST) made.push([])
    for (let n = 0; n < some.length; n += MOST) {
      if (n) made.push([])
      made.at(-1).push(...some.slice(n, n + MOST))
    }
  }
  return made.filter(each => each.length)
}

async function sign () {
  const all = parts(drafts())
  const total = drafts().length
  const permits = { unregistered: checked.some(each => each.unregistered), lookalike: checked.some(each => each.lookalike) }
  const bar = at('done')
  let done = 0
  at('fault').replaceChildren()
  at('sign-all').disabled = true
  Object.assign(bar, { hidden: false, max: total, value: 0 })
  try {
    for (const [n, some] of all.entries()) {
      await record(some, permits, step => {
        at('part').textContent = `${texts.intake_part} ${n + 1} / ${all.length} (${done} / ${total}): ${texts[`step_${step}`] ?? ''}`
      })
      done += some.length
      bar.value = done
      leaveOut(new Set(some))
    }
    at('part').textContent = `${texts.intake_recorded} ${done}`
    at('sign-all').hidden = true
  } catch (error) {
    at('part').textContent = `${texts.intake_recorded} ${done} / ${total}. ${texts.intake_continue}`
    throw error
  } finally {
    at('sign-all').disabled = false
  }
}

// What is recorded is not signed a second time where the person continues.
function leaveOut (recorded) {
  for (const each of checked) each.drafts = each.drafts.filter(draft => !recorded.has(draft))
}

function fail (error) {
  at('fault').replaceChildren(...refusal(error, texts, ''), error.code ? ` ${error.code}` : '')
}
