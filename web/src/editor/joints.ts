// The skeleton on the stage: bones and joints in OpenPose's manner, to be seen and grabbed.
import { KEYPOINT_NAMES } from '../figure'
import { BONES } from '../scene/posing'
import type { Point } from '../scene/strokes'
import type { Skeleton } from '../scene/value'
import { s } from './dom'

export class Joints {
  readonly group = s('g', { class: 'hd-joints' })

  /** Draws the skeleton; `held` is the joint under the pointer or in the hand. */
  show(skeleton: Skeleton | null, held: number | null): void {
    this.group.replaceChildren()
    if (!skeleton) return
    const { keypoints } = skeleton
    BONES.forEach(([a, b], index) => {
      if (keypoints[a][2] <= 0 || keypoints[b][2] <= 0) return
      const [x1, y1] = keypoints[a]
      const [x2, y2] = keypoints[b]
      for (const kind of ['hd-bone-rim', 'hd-bone']) {
        const line = s('line', { class: kind, x1, y1, x2, y2 })
        if (kind === 'hd-bone') line.style.stroke = `hsl(${index * 21} 90% 60%)`
        this.group.append(line)
      }
    })
    keypoints.forEach(([cx, cy, confidence], index) => {
      if (confidence <= 0) return
      const dot = s('circle', { class: index === held ? 'hd-joint hd-held' : 'hd-joint', cx, cy, 'data-joint': index })
      const title = s('title')
      title.textContent = KEYPOINT_NAMES[index]
      dot.append(title)
      this.group.append(dot)
    })
  }
}

/** The joint nearest to a place, within `reach` map pixels; of near ones the outer wins. */
export function jointAt(skeleton: Skeleton | null, at: Point, reach: number): number | null {
  let found: number | null = null
  let nearest = reach
  skeleton?.keypoints.forEach(([x, y, confidence], index) => {
    const distance = Math.hypot(x - at.x, y - at.y)
    if (confidence <= 0 || distance > nearest) return
    nearest = distance
    found = index
  })
  return found
}
