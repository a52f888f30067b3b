// News of an order: an entry of another person appears without a reload. A part in which the person is stays as it is
// until the person leaves it, and nothing that was typed is lost.

const ENTRIES = '#part-story li.moj-timeline__item' // the newest one first
const AGAIN = 20_000 // milliseconds between two looks where the server has no room for a listener

const at = id => document.getElementById(id)
const { order } = document.body.dataset
const texts = order ? JSON.parse(at('texts')?.textContent ?? '{}') : {}
const trusted = window.trustedTypes?.createPolicy('live', { createHTML: text => text }) ?? { createHTML: text => text }

let events = null
let timer = 0
let behind = false // a part has not been replaced yet

// Listen while the page is seen: a server has few listeners for each office.
function listen () {
  events?.close()
  clearTimeout(timer)
  events = null
  if (document.visibilityState !== 'visible') return
  events = new EventSource(`/v1/events?after=${document.body.dataset.head}`)
  events.addEventListener('entry', heard)
  events.addEventListener('error', () => {
    if (events?.readyState === EventSource.CLOSED) timer = setTimeout(look, AGAIN)
  })
}

// Without a listener, look whether the log has grown.
async function look () {
  try {
    const reply = await fetch('/v1/head', { credentials: 'same-origin', cache: 'no-store' })
    if (reply.ok && (await reply.json()).head.size > Number(document.body.dataset.head)) await refresh()
  } catch {} // the next look finds it
  listen()
}

function heard (event) {
  const line = JSON.parse(event.data).entry.entry
  if (!line) return
  const payload = JSON.parse(new TextDecoder().decode(
    Uint8Array.from(atob(JSON.parse(line).payload), c => c.charCodeAt(0))))
  if (payload.order === order) refresh(payload).catch(() => {})
}

// Fetch the page of now and take over its parts; `payload` is the entry that is new.
async function refresh (payload = null) {
  const reply = await fetch(location.pathname + location.search, { credentials: 'same-origin', cache: 'no-store' })
  if (!reply.ok || reply.redirected) return
  const page = new DOMParser().parseFromString(trusted.createHTML(await reply.text()), 'text/html')
  if (page.body.dataset.order !== order) return
  behind = false
  const known = document.querySelectorAll(ENTRIES).length
  const newer = page.querySelectorAll(ENTRIES).length > known ? page.querySelector(ENTRIES) : null
  for (const part of document.querySelectorAll('[data-live]')) {
    const fresh = page.getElementById(part.id)
    if (fresh === null || fresh.innerHTML === part.dataset.was) continue
    if (part.contains(document.activeElement)) {
      behind = true
      continue
    }
    const open = new Map([...part.querySelectorAll('details[id]')].map(each => [each.id, each.open]))
    const next = document.importNode(fresh, true)
    for (const each of next.querySelectorAll('details[id]')) each.open = open.get(each.id) ?? each.open
    next.dataset.was = fresh.innerHTML
    part.replaceWith(next)
  }
  document.body.dataset.head = page.body.dataset.head
  if (payload !== null || newer !== null) announce(page.getElementById(`entry-${payload?.seq}`) ?? newer, payload?.kind)
}

// Say in the live region which entry is new: its element in the page of now, else its kind.
function announce (entry, kind) {
  const words = ['h3', '.moj-timeline__byline'].map(name => entry?.querySelector(name)?.textContent.trim() ?? '')
  const says = texts.news_one.replace('{0}', words.filter(Boolean).join(', ') || kind)
  at('news').textContent = behind ? `${says} ${texts.news_held}` : says
}

if (order && at('news')) {
  listen()
  document.addEventListener('visibilitychange', listen)
  document.addEventListener('focusout', ({ target }) => {
    if (behind && target.closest?.('[data-live]')) setTimeout(() => refresh().catch(() => {}))
  })
  addEventListener('pagehide', () => events?.close())
}
