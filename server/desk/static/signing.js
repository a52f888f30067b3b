// Speak with the signing page: it has another origin, and the keys of this device.

const FORMAT = 'comity.signing/1'
const LOADS = 30_000 // milliseconds in which it has to load
const LOOK = 300 // milliseconds between two looks whether its window is still open

// An answer that is no success: of the signing page, or a problem of the server.
export class Refused extends Error {
  constructor (code, says = '', where = '', hint = '') {
    super(says || code)
    Object.assign(this, { code, says, where, hint })
  }
}

let page = null // the window of the signing page
let loaded = null // a promise of its message that it has loaded

const base = () => document.body.dataset.signing

// Open the signing page, or bring its window to the front. A browser opens a window from a click alone.
export function open () {
  if (!base()) throw new Refused('SIGN-NONE')
  if (page !== null && !page.closed) {
    page.focus()
    return
  }
  page = window.open(`${base()}/`, 'comity-signing')
  if (page === null) throw new Refused('SIGN-BLOCKED')
  loaded = answered(message => message.type === 'ready', LOADS)
  loaded.catch(() => {})
}

// Send a request, and return the answer of the same id; raises Refused.
export async function ask (request) {
  open()
  await loaded
  const id = crypto.randomUUID()
  const answer = answered(message => message.id === id)
  page.postMessage({ format: FORMAT, id, ...request }, base())
  const message = await answer
  if (message.type === 'refused') throw new Refused(message.code, message.says)
  return message
}

function answered (is, patience = Infinity) {
  const from = page
  return new Promise((resolve, reject) => {
    const until = Date.now() + patience
    const end = act => {
      removeEventListener('message', hear)
      clearInterval(timer)
      act()
    }
    const hear = event => {
      if (event.source !== from || event.origin !== base() || event.data?.format !== FORMAT || !is(event.data)) return
      end(() => resolve(event.data))
    }
    const timer = setInterval(() => {
      if (from.closed) end(() => reject(new Refused('SIGN-CLOSED')))
      else if (Date.now() > until) end(() => reject(new Refused('SIGN-SILENT')))
    }, LOOK)
    addEventListener('message', hear)
  })
}
