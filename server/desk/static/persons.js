// The command that finds a person, made in this page: what is typed here is sent to no server and kept nowhere.

const at = id => document.getElementById(id)
const parts = ['value', 'purpose', 'because', 'person']

// Quote a word for a POSIX shell.
const quoted = word => /^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`

function show () {
  const [value, purpose, because, person] = parts.map(name => at(name).value.trim())
  const words = ['comity', 'subject', 'find', '--purpose', quoted(purpose || 'CODE'), '--because', quoted(because || 'REASON')]
  if (person) words.push('--person', quoted(person))
  words.push('--as', quoted(at('command').dataset.office), '--', quoted(value || 'IDENTIFIER'))
  at('command').textContent = words.join(' ')
  at('copy').disabled = !(value && because && purpose)
}

at('persons').addEventListener('input', show)
at('persons').addEventListener('submit', event => event.preventDefault())
at('copy').hidden = false
at('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(at('command').textContent)
  at('copied').textContent = at('copied').dataset.says
})
show()
