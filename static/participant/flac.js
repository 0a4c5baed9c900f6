// A FLAC decoder (RFC 9639): bit-exact in every browser, and it goes by the lengths. (FFmpeg, and so Chromium, looks
// for frames by their sync code and may take a chance pattern inside one for the next; its floats for 16-bit samples
// are scaled by 32767 above 0.) It is fast from the first file on, before a browser has optimised it: whole 32-bit words
// are read, one look a sample, and a prediction takes four samples a turn. Pure.

const [CONSTANT, VERBATIM, FIXED, LPC] = [0, 1, 8, 32];
const FIXED_PREDICTORS = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];
const BLOCK_SIZES = { 1: () => 192, 6: (bits) => bits.read(8) + 1, 7: (bits) => bits.read(16) + 1 };
const [LEFT_SIDE, RIGHT_SIDE, MID_SIDE] = [8, 9, 10];
const BEYOND = 3; // words that may be looked at, though not read, past the end of a file
const TAPS = 4; // of a predictor, in one turn of its loop
const [INT32, DOUBLE] = [2 ** 31, 2 ** 53];

/**
 * Return {rate, depth, channels} of a FLAC `file` (ArrayBuffer): Int16Arrays of samples of up to 16 bits, which are then
 * in units of 1/32768, Float32Arrays of deeper ones; throws RangeError for anything else than a whole FLAC file.
 */
export function decodeFlac(file) {
  const bits = new Bits(file);
  const info = streamInfo(bits);
  const [Samples, scale] = info.depth > 16 ? [Float32Array, 2 ** (1 - info.depth)] : [Int16Array, 2 ** (16 - info.depth)];
  const channels = Array.from({ length: info.channels }, () => new Samples(info.total));
  for (let at = 0; at < info.total; ) {
    const block = frame(bits, info);
    if (at + block[0].length > info.total) throw new RangeError("a FLAC file is longer than it says");
    block.forEach((samples, c) => put(channels[c], at, samples, scale));
    at += block[0].length;
  }
  return { rate: info.rate, depth: info.depth, channels };
}

function put(channel, at, samples, scale) {
  if (scale === 1) channel.set(samples, at);
  else for (let n = 0; n < samples.length; n += 1) channel[at + n] = samples[n] * scale;
}

/** Read the metadata; only STREAMINFO, the first block, says anything we need. */
function streamInfo(bits) {
  if (bits.read(32) !== 0x664c6143) throw new RangeError("no FLAC file");
  let info = null;
  for (let last = 0; !last; ) {
    last = bits.read(1);
    const [type, length] = [bits.read(7), bits.read(24)];
    const end = bits.at + 8 * length;
    if (type === 0) {
      bits.at += 80;
      info = { rate: bits.read(20), channels: bits.read(3) + 1, depth: bits.read(5) + 1 };
      info.total = bits.read(4) * 2 ** 32 + bits.read(32);
    }
    bits.at = end;
  }
  if (!info?.total) throw new RangeError("a FLAC file that does not say how long it is");
  return info;
}

/** Return the next frame's samples, one Int32Array a channel. */
function frame(bits, info) {
  if (bits.read(15) !== 0x7ffc) throw new RangeError("a FLAC frame does not begin where it should");
  bits.at += 1;
  const [sizeCode, rateCode, layout] = [bits.read(4), bits.read(4), bits.read(4)];
  bits.at += 4;
  for (let byte = bits.read(8); (byte & 0xc0) === 0xc0; byte <<= 1) bits.at += 8; // the frame's number, like UTF-8
  const size = BLOCK_SIZES[sizeCode]?.(bits) ?? (sizeCode < 6 ? 576 << (sizeCode - 2) : 256 << (sizeCode - 8));
  bits.at += { 12: 8, 13: 16, 14: 16 }[rateCode] ?? 0;
  bits.at += 8; // CRC-8: the whole file has been checked against its digest
  const side = { [LEFT_SIDE]: 1, [RIGHT_SIDE]: 0, [MID_SIDE]: 1 }[layout];
  const block = Array.from({ length: info.channels }, (_, c) => subframe(bits, size, info.depth + (c === side ? 1 : 0)));
  bits.at = 8 * Math.ceil(bits.at / 8) + 16; // CRC-16
  if (bits.at > bits.end) throw new RangeError("a FLAC file ends too early");
  decorrelate(block, layout);
  return block;
}

/** Turn left or right and side, or mid and side, into left and right, where they stand. */
function decorrelate([a, b], layout) {
  if (layout === LEFT_SIDE) for (let n = 0; n < a.length; n += 1) b[n] = a[n] - b[n];
  if (layout === RIGHT_SIDE) for (let n = 0; n < a.length; n += 1) a[n] += b[n];
  if (layout !== MID_SIDE) return;
  for (let n = 0; n < a.length; n += 1) {
    const left = (2 * a[n] + (b[n] & 1) + b[n]) >> 1;
    b[n] = left - b[n];
    a[n] = left;
  }
}

function subframe(bits, size, depth) {
  bits.at += 1;
  const type = bits.read(6);
  const wasted = bits.read(1) ? bits.unary() + 1 : 0;
  const samples = new Int32Array(size);
  const width = depth - wasted;
  if (type === CONSTANT) samples.fill(bits.signed(width));
  else if (type === VERBATIM) for (let n = 0; n < size; n += 1) samples[n] = bits.signed(width);
  else if (type >= LPC) predicted(bits, samples, { width, order: type - LPC + 1, learned: true });
  else if (type - FIXED in FIXED_PREDICTORS) predicted(bits, samples, { width, order: type - FIXED });
  else throw new RangeError(`FLAC subframe type ${type} is reserved`);
  if (wasted) for (let n = 0; n < size; n += 1) samples[n] <<= wasted;
  return samples;
}

/** Fill `samples`: `order` warm-up samples, then prediction plus residual. */
function predicted(bits, samples, { width, order, learned = false }) {
  for (let n = 0; n < order; n += 1) samples[n] = bits.signed(width);
  let [weights, shift] = [FIXED_PREDICTORS[order], 0];
  if (learned) {
    const precision = bits.read(4) + 1;
    shift = bits.read(5);
    weights = Array.from({ length: order }, () => bits.signed(precision));
  }
  residual(bits, samples, order);
  const largest = weights.reduce((sum, weight) => sum + Math.abs(weight), 0) * 2 ** (width - 1);
  if (largest >= DOUBLE) throw new RangeError("a FLAC predictor beyond the format's bounds");
  (largest < INT32 ? add32 : add53)(samples, Int32Array.from(weights.reverse()), shift);
}

/** Add to each residual the prediction from the samples before it; every sum fits in 32 bits. */
function add32(samples, weights, shift) {
  const order = weights.length;
  const taps = TAPS * Math.ceil(order / TAPS);
  addFew(samples.subarray(0, taps), weights, shift);
  const padded = new Int32Array(taps);
  padded.set(weights, taps - order);
  for (let n = taps; n < samples.length; n += 1) {
    let sum = 0;
    for (let k = 0, m = n - taps; k < taps; k += TAPS, m += TAPS) {
      sum = (sum + Math.imul(padded[k], samples[m])) | 0;
      sum = (sum + Math.imul(padded[k + 1], samples[m + 1])) | 0;
      sum = (sum + Math.imul(padded[k + 2], samples[m + 2])) | 0;
      sum = (sum + Math.imul(padded[k + 3], samples[m + 3])) | 0;
    }
    samples[n] += sum >> shift;
  }
}

/** The same for the first few, which have not yet `TAPS` samples before them to take in one turn. */
function addFew(samples, weights, shift) {
  const order = weights.length;
  for (let n = order; n < samples.length; n += 1) {
    let sum = 0;
    for (let k = 0, m = n - order; k < order; k += 1, m += 1) sum = (sum + Math.imul(weights[k], samples[m])) | 0;
    samples[n] += sum >> shift;
  }
}

/** The same where sums need the 53 bits of a double. */
function add53(samples, weights, shift) {
  const [order, divisor] = [weights.length, 2 ** shift];
  for (let n = order; n < samples.length; n += 1) {
    let sum = 0;
    for (let k = 0, m = n - order; k < order; k += 1, m += 1) sum += weights[k] * samples[m];
    samples[n] += Math.floor(sum / divisor);
  }
}

/** Put the Rice-coded residual into `samples` from `order` on. */
function residual(bits, samples, order) {
  const width = bits.read(2) ? 5 : 4;
  const partitions = 1 << bits.read(4);
  const escape = (1 << width) - 1;
  for (let partition = 0, n = order; partition < partitions; partition += 1) {
    const end = ((partition + 1) * samples.length) / partitions;
    const parameter = bits.read(width);
    const raw = parameter === escape ? bits.read(5) : null;
    if (raw === null) bits.rice(samples, n, end, parameter);
    else for (let m = n; m < end; m += 1) samples[m] = bits.signed(raw);
    n = end;
  }
}

/** Big-endian bits of a file; `at` is the bit that is read next. */
class Bits {
  at = 0;
  #words;

  constructor(file) {
    const [view, whole] = [new DataView(file), file.byteLength >>> 2];
    this.#words = new Uint32Array(whole + BEYOND);
    for (let n = 0; n < whole; n += 1) this.#words[n] = view.getUint32(4 * n);
    for (let n = 4 * whole; n < file.byteLength; n += 1) this.#words[whole] |= view.getUint8(n) << (24 - 8 * (n % 4));
    this.end = 8 * file.byteLength;
  }

  /** Return the next `count` (0–32) bits as an unsigned number. */
  read(count) {
    if (this.at + count > this.end) throw new RangeError("a FLAC file ends too early");
    const value = count && look(this.#words, this.at) >>> (32 - count);
    this.at += count;
    return value;
  }

  signed(count) {
    const value = this.read(count);
    return value >= 2 ** (count - 1) && count ? value - 2 ** count : value;
  }

  /** Return the number of zeros before the next one, and pass it. */
  unary() {
    let zeros = 0;
    while (!this.read(1)) zeros += 1;
    return zeros;
  }

  /** Fill `samples` from `from` to `to` with Rice codes of `parameter`: zeros and a one, then the lower bits; signs folded. */
  rice(samples, from, to, parameter) {
    const [words, rest] = [this.#words, 31 - parameter];
    let at = this.at;
    for (let n = from; n < to; n += 1) {
      const [word, bit] = [at >>> 5, at & 31];
      const window = (words[word] << bit) | (words[word + 1] >>> 1 >>> (31 - bit));
      const zeros = Math.clz32(window);
      let folded = 0;
      if (zeros > rest) {
        this.at = at;
        folded = (this.unary() << parameter) | this.read(parameter);
        at = this.at;
      } else {
        folded = (zeros << parameter) | ((window << zeros << 1) >>> 1 >>> rest);
        at += zeros + 1 + parameter;
      }
      samples[n] = (folded >>> 1) ^ -(folded & 1);
    }
    if (at > this.end) throw new RangeError("a FLAC file ends too early");
    this.at = at;
  }
}

/** Return the 32 bits that begin at bit `at`. */
function look(words, at) {
  const [word, bit] = [at >>> 5, at & 31];
  return (words[word] << bit) | (words[word + 1] >>> 1 >>> (31 - bit));
}
