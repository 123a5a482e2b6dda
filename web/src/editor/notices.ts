// Lines at the foot of the stage: what the artist should know, with what can be done about it.
import { h } from './dom'

export type Action = readonly [label: string, run: () => void]

export class Notices {
  readonly element = h('div', { class: 'hd-notices', 'aria-live': 'polite' })

  /** Says something; what was said about the same subject before goes. */
  tell(subject: string, text: string, actions: readonly Action[] = []): void {
    this.forget(subject)
    const notice = h('div', { class: 'hd-notice', role: 'status', 'data-subject': subject }, h('span', {}, text))
    for (const [label, run] of [...actions, ['Dismiss', () => undefined] as Action]) {
      const button = h('button', { type: 'button', class: 'hd-action' }, label)
      button.addEventListener('click', () => {
        notice.remove()
        run()
      })
      notice.append(button)
    }
    this.element.append(notice)
  }

  forget(subject: string): void {
    this.element.querySelector(`[data-subject="${subject}"]`)?.remove()
  }

  clear(): void {
    this.element.replaceChildren()
  }
}
