// The parametric figure: what the Python library draws (humandiffusion/pose/figure.py), drawn by the page.
export type { Size } from './canvas'
export { drawFigure, sideOf, STANCE, type ArmLayer, type FigureOptions, type Stance } from './figure'
export { KEYPOINT_NAMES, type Keypoint } from './frame'
export { cuts, garment, garmentJson, garmentOf, MEASURES, type Garment, type Measure, type Overrides, type Shape } from './garments'
export { builds, FigureError, type BuildName, type CutName, type HairStyle } from './measures'
export { presetFigure, presets, type Figure, type PresetName } from './presets'
