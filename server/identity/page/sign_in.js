// Sign in with a passkey, register one, and see the passkeys of the person. Only text is ever put into the page.
'use strict'

const body = document.body.dataset
const at = id => document.getElementById(id)

const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0))
const text = buffer =>
  btoa(Array.from(new Uint8Array(buffer), b => String.fromCharCode(b)).join(''))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

class Problem extends Error {
  constructor (code) { super(code); this.code = code }
}

async function ask (path, content) {
  const request = { credentials: 'same-origin', cache: 'no-store' }
  if (content !== undefined) {
    Object.assign(request, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) })
  }
  const reply = await fetch(path, request)
  const answer = await reply.json()
  if (!reply.ok) throw new Problem(answer.code)
  return answer
}

function says (error) {
  if (!(error instanceof Problem)) return error instanceof DOMException ? body.givenUp : body.failed
  return { 'API-SIGN-IN': body.refused, 'API-SESSION': body.refused, 'API-WAIT': body.locked, 'API-RATE': body.locked }[error.code] ?? body.failed
}

async function attempt (act) {
  at('fault').textContent = ''
  at('status').textContent = body.wait
  try {
    await act()
    await show()
  } catch (error) {
    at('fault').textContent = says(error)
  } finally {
    at('status').textContent = ''
  }
}

function credential (made) {
  const { response } = made
  const shown = { clientDataJSON: text(response.clientDataJSON) }
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[name]) shown[name] = text(response[name])
  }
  return { id: made.id, rawId: text(made.rawId), type: made.type, response: shown, clientExtensionResults: {} }
}

async function signIn () {
  const { options } = await ask('/v1/sign-in/passkey/options', {})
  const made = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge) } })
  await ask('/v1/sign-in/passkey', { credential: credential(made) })
}

async function enrol () {
  const code = at('code').value
  const { options } = await ask('/v1/sign-in/enrolment/options', { code })
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(each => ({ ...each, id: bytes(each.id) }))
  }
  const made = await navigator.credentials.create({ publicKey })
  await ask('/v1/sign-in/enrolment', { code, credential: credential(made) })
  at('code').value = ''
}

function line (passkey) {
  const day = moment => moment.slice(0, 10)
  const item = document.createElement('li')
  const used = passkey.used ? `${body.used} ${day(passkey.used)}` : body.never
  item.append(`${passkey.id.slice(0, 8)}: ${body.made} ${day(passkey.made)}, ${used} `)
  const remove = document.createElement('button')
  remove.type = 'button'
  remove.textContent = body.remove
  remove.setAttribute('aria-label', `${body.remove} ${passkey.id.slice(0, 8)}`)
  remove.addEventListener('click', () => attempt(() => ask('/v1/account/passkeys/remove', { id: passkey.id })))
  item.append(remove)
  return item
}

// The page of this server from which a person was led here; it is kept while a provider signs them in.
function back () {
  const asked = new URLSearchParams(location.search).get('next')
  if (asked !== null) sessionStorage.setItem('next', asked)
  try {
    const place = new URL(sessionStorage.getItem('next') ?? '/sign-in', location.origin)
    if (place.origin === location.origin && place.pathname !== '/sign-in') return place
  } catch {}
  return null
}

async function show () {
  let account = null
  try {
    account = await ask('/v1/account')
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
  const changed = at('in').hidden !== (account === null)
  at('in').hidden = account === null
  at('out').hidden = account !== null
  const place = back()
  if (account === null) return
  if (place !== null) {
    sessionStorage.removeItem('next')
    location.replace(place)
  }
  at('person').textContent = `${account.name}, ${account.office}`
  at('passkeys').replaceChildren(...account.passkeys.map(line))
  if (changed) at('welcome').focus()
}

at('passkey').addEventListener('click', () => attempt(signIn))
at('enrol').addEventListener('submit', event => {
  event.preventDefault()
  attempt(enrol)
})
at('sign-out').addEventListener('click', () => attempt(() => ask('/v1/sign-out', {})))
at('everywhere').addEventListener('click', () => attempt(() => ask('/v1/account/sessions/end', {})))
if (!window.PublicKeyCredential) {
  at('passkey').disabled = true
  at('status').textContent = body.none
}
show().catch(() => {})
