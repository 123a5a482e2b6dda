// The skeleton on the stage: bones and joints in OpenPose's manner, and the garments' handles, to be seen and grabbed.
import { KEYPOINT_NAMES } from '../figure'
import { BONES, handlesOf, type Grip } from '../scene/posing'
import type { Size } from '../scene/rect'
import type { Skeleton } from '../scene/value'
import { s } from './dom'

export class Joints {
  readonly group = s('g', { class: 'hd-joints' })

  /** Draws the skeleton; `held` is what is under the pointer or in the hand. */
  show(skeleton: Skeleton | null, size: Size, looked: number | null, held: Grip | null): void {
    this.group.replaceChildren()
    if (!skeleton) return
    this.drawBones(skeleton)
    const joint = held && 'joint' in held ? held.joint : null
    const handle = held && 'handle' in held ? held.handle : null
    for (const one of handlesOf(skeleton, size, looked)) {
      const same = handle?.garment === one.garment && handle.measure === one.measure && handle.side === one.side
      this.group.append(s('rect', { class: `hd-handle${one.fine ? ' hd-fine' : ''}${same ? ' hd-held' : ''}`, x: one.at[0], y: one.at[1], 'data-handle': one.title }))
      if (same) this.label(one.title, ...one.at)
    }
    skeleton.keypoints.forEach(([cx, cy, confidence], index) => {
      if (confidence <= 0) return
      this.group.append(s('circle', { class: index === joint ? 'hd-joint hd-held' : 'hd-joint', cx, cy, 'data-joint': index }))
      if (index === joint) this.label(KEYPOINT_NAMES[index], cx, cy)
    })
  }

  private drawBones({ keypoints }: Skeleton): void {
    BONES.forEach(([a, b], index) => {
      if (keypoints[a][2] <= 0 || keypoints[b][2] <= 0) return
      const [[x1, y1], [x2, y2]] = [keypoints[a], keypoints[b]]
      const line = s('line', { class: 'hd-bone', x1, y1, x2, y2 })
      line.style.stroke = `hsl(${index * 21} 90% 60%)`
      this.group.append(s('line', { class: 'hd-bone-rim', x1, y1, x2, y2 }), line)
    })
  }

  private label(text: string, x: number, y: number): void {
    const label = s('text', { class: 'hd-label', x, y })
    label.textContent = text
    this.group.append(label)
  }
}
