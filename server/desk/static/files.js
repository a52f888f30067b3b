// Compute digests of files that a person chooses or drops. Nothing here sends a file: kept_files.js does.

const WORKER = '/desk/hashing.js'
const policy = globalThis.trustedTypes?.createPolicy('files', { createScriptURL: () => WORKER })

let worker = null
let queue = Promise.resolve() // one file after the other: a disk is read fastest that way

// A file that could not be read; `code` is the name of the browser's error.
export class Unreadable extends Error {
  constructor (code) { super(code); this.code = code }
}

// Return {sha256, sha512} of a file, in hex; `onRead` is called with the number of bytes read so far.
// `signal` ends it: then AbortError is raised. Raises Unreadable.
export function digestsOf (file, onRead = () => {}, signal = undefined) {
  const done = queue.then(() => hashed(file, onRead, signal))
  queue = done.catch(() => {})
  return done
}

function hashed (file, onRead, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    worker ??= new Worker(policy?.createScriptURL('') ?? WORKER)
    const own = worker
    const end = act => {
      signal?.removeEventListener('abort', stop)
      own.onmessage = own.onerror = null
      act()
    }
    const drop = reason => end(() => {
      own.terminate()
      worker = null
      reject(reason)
    })
    const stop = () => drop(signal.reason)
    signal?.addEventListener('abort', stop)
    own.onerror = () => drop(new Unreadable('WorkerError'))
    own.onmessage = ({ data }) => {
      if (data.read !== undefined) return onRead(data.read)
      end(() => data.failed === undefined ? resolve(data) : reject(new Unreadable(data.failed)))
    }
    own.postMessage(file)
  })
}

const number = n => new Intl.NumberFormat(document.documentElement.lang).format(n)

function make (name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children)
  return element
}

// Lets a person choose or drop files, and shows the digests as they are computed.
//
// `value` is a list of {name, size, media, sha256, sha512}, or one of them, or null, where the attribute `shape` is not
// `manifest`. The event `change` says that it has changed. The texts are attributes: files/box.html.j2.
export class FilesBox extends HTMLElement {
  #rows = new Map() // row -> file with digests, null as long as they are computed
  #ends = new Map() // row -> AbortController
  #files = new Map() // row -> the file of the browser

  connectedCallback () {
    if (this.#input) return
    this.#input = make('input', { type: 'file', multiple: this.many, id: `${this.getAttribute('for')}-files` })
    this.#input.className = 'govuk-file-upload'
    this.#list = make('ul', { className: 'govuk-list files' })
    this.#status = make('p', { className: 'files-status' })
    this.#status.setAttribute('role', 'status')
    const label = make('label', { className: 'govuk-label', htmlFor: this.#input.id }, this.dataset.label)
    const hint = make('p', { className: 'govuk-hint', id: `${this.#input.id}-hint` }, this.dataset.hint)
    this.#input.setAttribute('aria-describedby', hint.id)
    this.append(label, hint, this.#input, this.#list, this.#status)
    this.hidden = false
    this.#input.addEventListener('change', () => {
      this.add(this.#input.files)
      this.#input.value = ''
    })
    this.addEventListener('dragover', event => {
      event.preventDefault()
      this.classList.add('over')
    })
    this.addEventListener('dragleave', () => this.classList.remove('over'))
    this.addEventListener('drop', event => {
      event.preventDefault()
      this.classList.remove('over')
      this.add(event.dataTransfer.files)
    })
  }

  #input = null
  #list = null
  #status = null

  // Return the file of the browser with a SHA-256; undefined if it is not in the box.
  fileOf (sha256) {
    const row = [...this.#rows.keys()].find(each => this.#rows.get(each)?.sha256 === sha256)
    return this.#files.get(row)
  }

  get many () { return this.getAttribute('shape') === 'manifest' }

  // Whether digests of a file are being computed.
  get busy () { return this.#ends.size > 0 }

  get value () {
    const ready = [...this.#rows.values()].filter(each => each !== null)
    return this.many ? ready : ready[0] ?? null
  }

  // Add files, each under a name that no other has.
  add (files) {
    const given = this.many ? [...files] : [...files].slice(0, 1)
    if (!this.many && given.length) this.#clear()
    this.#status.textContent = ''
    for (const file of given) {
      if ([...this.#list.children].some(row => row.dataset.name === file.name)) {
        this.#status.textContent = this.dataset.twice.replace('{name}', file.name)
      } else this.#start(file)
    }
  }

  #clear () {
    for (const end of this.#ends.values()) end.abort()
    this.#rows.clear()
    this.#files.clear()
    this.#list.replaceChildren()
  }

  async #start (file) {
    const end = new AbortController()
    const bar = make('progress', { max: Math.max(file.size, 1), value: 0 })
    bar.setAttribute('aria-label', file.name)
    const state = make('span', { className: 'files-state' })
    const remove = make('button', { type: 'button', className: 'govuk-button govuk-button--secondary' }, this.dataset.remove)
    remove.setAttribute('aria-label', `${this.dataset.remove} ${file.name}`)
    const row = make('li', {}, make('bdi', {}, file.name), ` (${number(file.size)} ${this.dataset.bytes}) `, bar, state, remove)
    row.dataset.name = file.name
    remove.addEventListener('click', () => {
      end.abort()
      this.#rows.delete(row)
      this.#files.delete(row)
      row.remove()
      this.#changed()
    })
    this.#rows.set(row, null)
    this.#files.set(row, file)
    this.#ends.set(row, end)
    this.#list.append(row)
    try {
      const digests = await digestsOf(file, read => { bar.value = read }, end.signal)
      this.#rows.set(row, { name: file.name, size: file.size, media: file.type || 'application/octet-stream', ...digests })
      state.replaceChildren('SHA-256 ', make('code', { className: 'digest' }, digests.sha256))
      this.#status.textContent = this.dataset.done.replace('{name}', file.name)
    } catch (error) {
      if (end.signal.aborted) return
      this.#rows.delete(row)
      state.textContent = error.code === 'WorkerError' ? this.dataset.unbuilt : this.dataset.failed
      row.classList.add('failed')
    } finally {
      bar.remove()
      this.#ends.delete(row)
      this.#changed()
    }
  }

  #changed () {
    this.dispatchEvent(new Event('change', { bubbles: true }))
  }
}

customElements.define('comity-files', FilesBox)
