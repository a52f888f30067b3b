// Where the focus is after a page was loaded: what the page asks for, or what was done before it was loaded again.

const KEPT = 'comity-focus' // in the storage of this tab, until the page is there again

// Load the page again, with the focus on the element of an id: without one a person starts again at the top.
export function reloadAt (id) {
  try {
    sessionStorage.setItem(KEPT, id)
  } catch {} // a browser that keeps nothing
  location.reload()
}

// Give the focus to an element of the page, with the groups open that it is in.
export function focusOn (id) {
  const found = document.getElementById(id)
  for (let open = found?.closest('details'); open; open = open.parentElement.closest('details')) open.open = true
  if (found && found.tabIndex < 0 && !found.hasAttribute('tabindex')) found.tabIndex = -1
  found?.focus()
  found?.scrollIntoView({ block: 'nearest' })
}

// Do what buttons ask for while they are disabled. A browser takes the focus from a disabled button: it gets it back,
// unless the person is elsewhere.
export async function whileDisabled (buttons, act) {
  const before = document.activeElement
  for (const button of buttons) button.disabled = true
  try {
    return await act()
  } finally {
    for (const button of buttons) button.disabled = false
    if ([null, document.body].includes(document.activeElement)) before?.focus()
  }
}

function kept () {
  try {
    const id = sessionStorage.getItem(KEPT)
    sessionStorage.removeItem(KEPT)
    return id
  } catch {
    return null
  }
}

const wanted = kept() ?? document.body.dataset.focus
if (wanted) focusOn(wanted)
