// The one envelope for every start, stop, switch, seek and loop edge: 5 ms raised cosine down, then 5 ms up.
// ITU-R BS.1534-3, 5.3: "At no time during any test should a cross-fade be used."

export const FADE_SECONDS = 0.005;

/** Return the gains from silence (first) to full (last, exactly 1): one a sample, `rate` in Hz. */
export function raisedCosine(rate) {
  const length = Math.max(1, Math.round(FADE_SECONDS * rate));
  return Float64Array.from({ length: length + 1 }, (_, k) => (1 - Math.cos((Math.PI * k) / length)) / 2);
}
