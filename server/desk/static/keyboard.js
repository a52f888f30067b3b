// Single keys, listed by `?`: they work outside of text fields, and each device can switch them off (WCAG 2.1.4).

const OFF = 'comity-keys-off' // in the storage of this browser
const PLACES = { d: ['/'], o: ['/orders', '/guest/orders'], e: ['/record'] }
const PARTS = { n: 'next', f: 'findings', t: 'story', w: 'work' } // headings of the page of an order
const ROWS = 'main .list .go, main li.moj-timeline__item'

const at = id => document.getElementById(id)
const list = at('shortcuts')

function off () {
  try {
    return localStorage.getItem(OFF) === '1'
  } catch {
    return false // a browser that keeps nothing
  }
}

function show () {
  at('keys-on').checked = !off()
  for (const term of list.querySelectorAll('dt')) {
    const hidden = !works(term.textContent)
    term.hidden = hidden
    term.nextElementSibling.hidden = hidden
  }
  list.showModal()
}

function step (by) {
  const rows = [...document.querySelectorAll(ROWS)].filter(row => row.checkVisibility?.() ?? true)
  const here = rows.findIndex(row => row.contains(document.activeElement))
  const row = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by]
  row?.focus()
  row?.scrollIntoView({ block: 'nearest' })
}

function pressed (event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || list.open) return
  if (event.target.closest?.('input, select, textarea, [contenteditable]')) return
  if (event.key === '?') return act(event, show)
  if (off()) return
  if (event.key === '/' && at('find')) return act(event, () => at('find').focus())
  if (event.key === 'j' || event.key === 'k') return act(event, () => step(event.key === 'j' ? 1 : -1))
  const part = at(PARTS[event.key])
  if (part) return act(event, () => part.focus())
  const place = placeOf(event.key)
  if (place) act(event, () => location.assign(place.href))
}

// The link of the navigation to which a key leads: a guest has other places than an office.
function placeOf (key) {
  const [found] = (PLACES[key] ?? []).map(href => document.querySelector(`#places a[href="${href}"]`)).filter(Boolean)
  return found
}

// Whether a key does something on this page.
function works (key) {
  if (key === '/') return at('find') !== null
  if (key === 'j' || key === 'k') return document.querySelector(ROWS) !== null
  return key === '?' || Boolean(at(PARTS[key]) ?? placeOf(key))
}

function act (event, does) {
  event.preventDefault()
  does()
}

at('keyboard').hidden = false
at('keyboard').addEventListener('click', show)
at('keys-on').addEventListener('change', ({ target }) => {
  try {
    localStorage.setItem(OFF, target.checked ? '0' : '1')
  } catch {} // a browser that keeps nothing
})
addEventListener('keydown', pressed)
