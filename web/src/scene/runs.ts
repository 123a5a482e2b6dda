// Run-length text of a layer: row by row a letter for the value and the run's length in base 36 (docs/editor_value.md).
import type { Rect, Size } from './rect'

const LETTER_A = 65
const LETTER_Z = 90
// A letter, then at most five digits. As what must not be found: a pattern of the whole text needs more stack than there is.
const DAMAGE = /[^A-X0-9a-z]|^[0-9a-z]|[0-9a-z]{6}/

export function encodeRuns(values: Uint8Array, size: Size): string {
  const rows: string[] = []
  for (let y = 0; y < size.height; y++) rows.push(encodeRow(values, y * size.width, size.width))
  return rows.join('')
}

/** The inverse; a message in an Error if the text does not fill the map with values below `classes`. */
export function decodeRuns(text: string, size: Size, classes: number, name: string): Uint8Array {
  if (DAMAGE.test(text)) throw new Error(`${name}: the run-length text is damaged`)
  const values = new Uint8Array(size.width * size.height)
  let filled = 0
  for (let k = 0; k < text.length; ) {
    const value = text.charCodeAt(k++) - LETTER_A
    if (value >= classes) throw new Error(`${name}: got part ${value}, wanted 0 to ${classes - 1}`)
    const digits = k
    let count = 0
    for (; k < text.length && !isLetter(text.charCodeAt(k)); k++) count = count * 36 + digit(text.charCodeAt(k))
    const end = filled + (k > digits ? count : 1)
    values.fill(value, filled, end)
    filled = end
  }
  if (filled !== values.length) throw new Error(`${name}: got ${filled} pixels, wanted ${values.length}`)
  return values
}

function isLetter(code: number): boolean {
  return code >= LETTER_A && code <= LETTER_Z
}

function digit(code: number): number {
  return code < LETTER_A ? code - 48 : code - 87
}

/** Keeps the text of each row, so that after a stroke only the rows it touched are read again. */
export class RunText {
  private rows: (string | undefined)[] = []
  private size: Size = { width: 0, height: 0 }

  touch(rect: Rect): void {
    this.rows.fill(undefined, rect.y0, rect.y1)
  }

  text(values: Uint8Array, size: Size): string {
    if (size.width !== this.size.width || size.height !== this.size.height) {
      this.rows = new Array<string | undefined>(size.height).fill(undefined)
      this.size = { width: size.width, height: size.height }
    }
    for (let y = 0; y < size.height; y++) this.rows[y] ??= encodeRow(values, y * size.width, size.width)
    return this.rows.join('')
  }
}

function encodeRow(values: Uint8Array, start: number, width: number): string {
  let text = ''
  for (let i = start; i < start + width; ) {
    const value = values[i]
    const from = i
    do i++
    while (i < start + width && values[i] === value)
    text += String.fromCharCode(LETTER_A + value)
    if (i - from > 1) text += (i - from).toString(36)
  }
  return text
}
