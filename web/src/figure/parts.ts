// The parts that the figure paints or orders by.
import { PARTS } from '../scene/parts'

const index = (name: string) => PARTS.findIndex((part) => part.name === name)

export const FACE = index('face')
export const LEGGINGS = index('leggings')
export const OUTER = index('outer')
export const PANTS = index('pants')
export const ROMPERS = index('rompers')
export const SKIN = index('skin')
export const TOP = index('top')
