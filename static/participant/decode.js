// FLAC by the browser's own decoder, made exact: its floats are turned back into the whole numbers that were stored.
// What comes out is proved by the store's checksum (sound.js), so whatever a browser does to the samples is noticed.

const STREAMINFO_END = 42; // “fLaC”, a block's header, and STREAMINFO (RFC 9639, 8.2)
const FULL_SCALES = Object.freeze([[32768, 32768], [32767, 32768], [32767, 32767]].map(Object.freeze));
const MAX_SAMPLE_16 = 32767; // 1.0 is this, whatever else has been stored
const ROUNDING_TOLERANCE = 0.01; // a float32 of a 16-bit sample is this near to a whole number, and nearer, times its full scale

/** Return {rate, depth, count} of a FLAC file (Uint8Array): Hz, bits a sample, channels; RangeError if it is none. */
export function shape(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.byteLength < STREAMINFO_END || view.getUint32(0) !== 0x664c6143) throw new RangeError("no FLAC file");
  const bits = view.getUint32(18);
  return { rate: bits >>> 12, count: ((bits >>> 9) & 7) + 1, depth: ((bits >>> 4) & 31) + 1 };
}

/** On a page: return the channels of a FLAC file (ArrayBuffer, which is used up) as floats; null if it cannot be decoded. */
export async function decode(file, { rate, count }) {
  try {
    const buffer = await new OfflineAudioContext(count, 1, rate).decodeAudioData(file);
    return Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c));
  } catch (error) {
    if (error.name === "EncodingError") return null;
    throw error;
  }
}

/**
 * Return the stored samples behind `floats`: Int16Arrays of up to 16 bits, whichever number a browser divides them by
 * (32768, or 32767 above 0, or always); deeper ones as they are. Null where they are no such samples.
 */
export function exact(floats, depth) {
  if (depth > 16) return floats;
  for (const [above, below] of FULL_SCALES) {
    const channels = floats.map((channel) => whole(channel, above, below));
    if (channels.every(Boolean)) return channels;
  }
  return null;
}

function whole(floats, above, below) {
  const samples = new Int16Array(floats.length);
  for (let n = 0; n < floats.length; n += 1) {
    const scaled = floats[n] * (floats[n] > 0 ? above : below);
    const nearest = Math.round(scaled);
    if (!(Math.abs(scaled - nearest) < ROUNDING_TOLERANCE) || nearest > MAX_SAMPLE_16) return null;
    samples[n] = nearest;
  }
  return samples;
}
