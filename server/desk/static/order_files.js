// Compare the files that a person drops with the files that the entries of an order state.

const answers = document.getElementById('answers')
const box = document.querySelector('comity-files')
const stated = [...document.querySelectorAll('tr.stated')]
const sealed = document.querySelectorAll('ul.sealed li').length

// Whether a row states the digest of a file: true, false for another digest, null if it has none by the same algorithm.
function states ({ dataset }, file) {
  const shared = ['sha256', 'sha512'].filter(name => dataset[name])
  return shared.length ? shared.every(name => dataset[name] === file[name]) : null
}

function make (name, ...children) {
  const element = document.createElement(name)
  element.append(...children)
  return element
}

function places (rows) {
  return make('ul', ...rows.map(row => {
    const link = make('a', row.querySelector('.says').textContent)
    link.href = `#${row.id}`
    return make('li', link)
  }))
}

function answer (file) {
  const equal = stated.filter(row => states(row, file))
  const other = stated.filter(row => row.dataset.name === file.name && states(row, file) === false)
  const { dataset } = answers
  const says = []
  if (equal.length) says.push(make('p', make('strong', dataset.equal)), places(equal))
  else says.push(make('p', make('strong', dataset.none)))
  if (other.length) says.push(make('p', dataset.other), places(other))
  if (!equal.length && sealed) {
    const link = make('a', dataset.open)
    link.href = '#sealed'
    says.push(make('p', link))
  }
  const section = make('section', make('h2', make('bdi', file.name)), ...says)
  section.className = equal.length ? 'same' : other.length ? 'other' : 'open'
  return section
}

box.addEventListener('change', () => answers.replaceChildren(...box.value.map(answer)))
