// The page of a link: read the secret behind the # of the address, say who has invited whom, and make a passkey.
// The secret is taken out of the address at once, and is sent to this server alone.

import { whileDisabled } from './focus.js'
import { Refused, inLanguage, refusal, refusedBy } from './signing.js'

const at = id => document.getElementById(id)
const texts = JSON.parse(at('guest-texts').textContent)
const secret = location.hash.slice(1)
for (const link of document.querySelectorAll('.keeps-secret')) link.hash = secret
history.replaceState(null, '', location.pathname + location.search)
addEventListener('hashchange', () => location.reload()) // another link, opened in the same tab

const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0))
const base64url = buffer =>
  btoa(Array.from(new Uint8Array(buffer), b => String.fromCharCode(b)).join(''))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

async function ask (path, content) {
  const reply = await fetch(path, {
    method: 'POST',
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { ...inLanguage(), 'content-type': 'application/json' },
    body: JSON.stringify(content)
  })
  const answer = await reply.json()
  if (!reply.ok) throw refusedBy(answer)
  return answer
}

function says (error) {
  if (error instanceof DOMException) return [texts.guest_given_up]
  const known = { 'API-SIGN-IN': 'guest_broken', 'API-REQUEST': 'guest_broken', 'API-WAIT': 'guest_wait', 'API-RATE': 'guest_wait' }
  return known[error.code] ? [texts[known[error.code]]] : refusal(error, texts, error.code ? texts.refused_says : '')
}

async function attempt (act) {
  at('fault').textContent = ''
  try {
    await act()
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof DOMException)) console.error(error)
    at('fault').replaceChildren(...says(error))
  }
}

async function read () {
  const said = await ask('/v1/guest/link', { secret })
  at('name').textContent = said.name
  at('office').textContent = said.office
  at('by').textContent = `${said.by_name}, ${said.by_office}`
  at('until').textContent = new Date(said.until).toLocaleString(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'short' })
  at('origin').textContent = said.origin
  at('invited').hidden = false
  at('invited-title').focus()
}

async function enrol () {
  const { options } = await ask('/v1/guest/passkey/options', { secret })
  const publicKey = { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) } }
  delete publicKey.excludeCredentials
  const made = await navigator.credentials.create({ publicKey })
  const response = {
    clientDataJSON: base64url(made.response.clientDataJSON),
    attestationObject: base64url(made.response.attestationObject)
  }
  const credential = { id: made.id, rawId: base64url(made.rawId), type: made.type, response, clientExtensionResults: {} }
  await ask('/v1/guest/passkey', { secret, credential })
  location.assign(`/keys?lang=${document.documentElement.lang}`)
}

at('passkey').addEventListener('click', () => whileDisabled([at('passkey')], () => attempt(enrol)))

attempt(async () => {
  if (!secret) throw new Refused('API-SIGN-IN')
  if (!window.PublicKeyCredential) throw new Refused('', texts.guest_no_passkeys)
  await read()
}).finally(() => { at('step').textContent = '' })
