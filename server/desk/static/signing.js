// Speak with the signing page: it has another origin, and the keys of this device. Say in the page what was refused, by it
// or by the server.

const FORMAT = 'comity.signing/1'
const LOADS = 30_000 // milliseconds in which it has to load
const LOOK = 300 // milliseconds between two looks whether its window is still open

// An answer that is no success: of the signing page, or a problem of the server.
export class Refused extends Error {
  constructor (code, says = '', where = '', hint = '', english = '') {
    super(says || code)
    Object.assign(this, { code, says, where, hint, english })
  }
}

// The header by which the server answers in the language of the page.
export const inLanguage = () => ({ 'accept-language': document.documentElement.lang })

// Return the error of a problem of the server.
export const refusedBy = problem => new Refused(problem.code, problem.detail, problem.where, problem.hint, problem.english)

// Return the words of an error as nodes. `texts` has the texts of the page; one of them that has the code of the error
// is said alone, any other error behind `before`.
export function refusal (error, texts, before = texts.refused_says) {
  if (texts[error.code]) return [texts[error.code]]
  if (error instanceof Refused) {
    const says = [before, error.says, error.hint].filter(Boolean).join(' ')
    return error.english ? [`${says} `, english(error.english)] : [says]
  }
  // of the connection, or an answer that no server of ours gives
  if (error instanceof TypeError || error instanceof SyntaxError) return [texts.refused_says_unreached]
  return [`${before} `, english(String(error))]
}

// Return a text that is marked as English.
export function english (text) {
  const made = document.createElement('span')
  Object.assign(made, { lang: 'en', className: 'soft small', textContent: text })
  return made
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
  // Firefox may return the window of the empty page before: the window is the one that says it is ready.
  loaded = heard((event, message) => message.type === 'ready', LOADS).then(event => { page = event.source })
  loaded.catch(() => {})
}

// Send a request, and return the answer of the same id; raises Refused.
export async function ask (request) {
  open()
  await loaded
  const id = crypto.randomUUID()
  const from = page
  const answer = heard((event, message) => event.source === from && message.id === id)
  from.postMessage({ format: FORMAT, id, ...request }, base())
  const message = (await answer).data
  if (message.type === 'refused') throw new Refused(message.code, message.says)
  return message
}

// Return the first message of the signing page that fits, as its event.
function heard (fits, patience = Infinity) {
  return new Promise((resolve, reject) => {
    const until = Date.now() + patience
    const end = act => {
      removeEventListener('message', hear)
      clearInterval(timer)
      act()
    }
    const hear = event => {
      if (event.origin === base() && event.data?.format === FORMAT && fits(event, event.data)) end(() => resolve(event))
    }
    const timer = setInterval(() => {
      if (page.closed) end(() => reject(new Refused('SIGN-CLOSED')))
      else if (Date.now() > until) end(() => reject(new Refused('SIGN-SILENT')))
    }, LOOK)
    addEventListener('message', hear)
  })
}
