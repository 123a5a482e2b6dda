// Sine and cosine of our own, as in humandiffusion/pose/drawing/angles.py: those of the libraries differ in the last digit.

// Of the Taylor series, from the last to the first; exact to float64 between -pi/4 and pi/4.
const SINE = [-1 / 1307674368000, 1 / 6227020800, -1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6]
const COSINE = [1 / 20922789888000, -1 / 87178291200, 1 / 479001600, -1 / 3628800, 1 / 40320, -1 / 720, 1 / 24, -1 / 2]
const QUARTER = Math.PI / 2

/** Of an angle in radians. */
export function sineCosine(angle: number): readonly [sine: number, cosine: number] {
  const quarters = Math.floor(angle / QUARTER + 0.5)
  const rest = angle - quarters * QUARTER
  const square = rest * rest
  let sine = 0
  let cosine = 0
  for (const factor of SINE) sine = (sine + factor) * square
  for (const factor of COSINE) cosine = (cosine + factor) * square
  sine = rest + rest * sine
  cosine = 1 + cosine
  switch (((quarters % 4) + 4) % 4) {
    case 0:
      return [sine, cosine]
    case 1:
      return [cosine, -sine]
    case 2:
      return [-sine, -cosine]
    default:
      return [-cosine, sine]
  }
}

export function sineCosineOfDegrees(degrees: number): readonly [sine: number, cosine: number] {
  return sineCosine(degrees * (Math.PI / 180))
}
