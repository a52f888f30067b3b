// The page on which an office invites guests to an order: make a link, which is shown once, revoke one, end a guest.

import { Refused, refusal } from './signing.js'
import { api } from './recording.js'
import { reloadAt, whileDisabled } from './focus.js'

const at = id => document.getElementById(id)
const texts = JSON.parse(at('guest-texts').textContent)
const order = at('guests').dataset.order

async function attempt (element, act) {
  at('fault').textContent = ''
  try {
    await whileDisabled([element], act)
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error)
    at('fault').replaceChildren(...refusal(error, texts))
  }
}

at('invite')?.addEventListener('submit', event => {
  event.preventDefault()
  const { office, name, days } = event.target.elements
  attempt(event.submitter, async () => {
    const sent = { office: office.value, name: name.value.trim(), days: Number(days.value) }
    const { link, words } = await api(`/v1/orders/${order}/guests`, sent)
    at('link').value = link
    at('words').textContent = words
    const subject = encodeURIComponent(texts.guest_mail_subject)
    at('mail').href = `mailto:?subject=${subject}&body=${encodeURIComponent(`${texts.guest_mail_body}\n\n${link}\n`)}`
    at('copied').textContent = ''
    at('made').hidden = false
    at('made').focus()
    name.value = ''
  })
})

at('copy').addEventListener('click', () => attempt(at('copy'), async () => {
  at('link').select()
  await navigator.clipboard.writeText(at('link').value)
  at('copied').textContent = texts.guest_copied
}))

for (const button of document.querySelectorAll('.revoke')) {
  button.addEventListener('click', () => attempt(button, async () => {
    await api('/v1/guests/revoke', { id: button.closest('[data-invitation]').dataset.invitation })
    reloadAt('invitations')
  }))
}

for (const button of document.querySelectorAll('button.end')) {
  button.addEventListener('click', () => attempt(button, async () => {
    await api('/v1/guests/end', { account: button.closest('[data-account]').dataset.account })
    reloadAt('people')
  }))
}
