// A FLAC decoder (RFC 9639), for the files in which a browser's own loses its way: FFmpeg, and so Chromium, looks for
// frames by their sync code and may take a chance pattern inside one for the next. This one goes by the lengths. Pure.

const [CONSTANT, VERBATIM, FIXED, LPC] = [0, 1, 8, 32];
const FIXED_PREDICTORS = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];
const BLOCK_SIZES = { 1: () => 192, 6: (bits) => bits.read(8) + 1, 7: (bits) => bits.read(16) + 1 };
const [LEFT_SIDE, RIGHT_SIDE, MID_SIDE] = [8, 9, 10];

/** Return {rate, channels: Float32Array[]} of a FLAC `file` (ArrayBuffer); throws RangeError for anything else. */
export function decodeFlac(file) {
  const bits = new Bits(new Uint8Array(file));
  const info = streamInfo(bits);
  const channels = Array.from({ length: info.channels }, () => new Float32Array(info.total));
  const scale = 2 ** (1 - info.depth);
  for (let at = 0; at < info.total; ) {
    const block = frame(bits, info);
    block.forEach((samples, c) => samples.forEach((sample, n) => (channels[c][at + n] = sample * scale)));
    at += block[0].length;
  }
  return { rate: info.rate, channels };
}

/** Return what the FLAC `file` says of itself: {rate, channels, depth in bits, total samples a channel}. */
export function flacInfo(file) {
  return streamInfo(new Bits(new Uint8Array(file)));
}

/** Read the metadata; only STREAMINFO, the first block, says anything we need. */
function streamInfo(bits) {
  if (bits.read(32) !== 0x664c6143) throw new RangeError("no FLAC file");
  let info = null;
  for (let last = 0; !last; ) {
    last = bits.read(1);
    const [type, length] = [bits.read(7), bits.read(24)];
    const end = bits.byte + length;
    if (type === 0) {
      bits.skip(10);
      info = { rate: bits.read(20), channels: bits.read(3) + 1, depth: bits.read(5) + 1 };
      info.total = bits.read(4) * 2 ** 32 + bits.read(32);
    }
    bits.byte = end;
  }
  if (!info?.total) throw new RangeError("a FLAC file that does not say how long it is");
  return info;
}

/** Return the next frame's samples, one Int32Array a channel. */
function frame(bits, info) {
  if (bits.read(15) !== 0x7ffc) throw new RangeError("a FLAC frame does not begin where it should");
  bits.skip(0, 1);
  const [sizeCode, rateCode, layout] = [bits.read(4), bits.read(4), bits.read(4)];
  bits.skip(0, 4);
  bits.skip(1);
  while ((bits.peek() & 0xc0) === 0x80) bits.skip(1); // the rest of the frame's number, coded like UTF-8
  const size = BLOCK_SIZES[sizeCode]?.(bits) ?? (sizeCode < 6 ? 576 << (sizeCode - 2) : 256 << (sizeCode - 8));
  bits.skip({ 12: 1, 13: 2, 14: 2 }[rateCode] ?? 0);
  bits.skip(1); // CRC-8: the whole file has been checked against its digest
  const side = { [LEFT_SIDE]: 1, [RIGHT_SIDE]: 0, [MID_SIDE]: 1 }[layout];
  const block = Array.from({ length: info.channels }, (_, c) => subframe(bits, size, info.depth + (c === side ? 1 : 0)));
  bits.align();
  bits.skip(2); // CRC-16
  return decorrelated(block, layout);
}

function decorrelated([a, b], layout) {
  if (layout < LEFT_SIDE) return b ? [a, b] : [a];
  if (layout === LEFT_SIDE) return [a, b.map((side, n) => a[n] - side)];
  if (layout === RIGHT_SIDE) return [a.map((side, n) => side + b[n]), b];
  const left = a.map((mid, n) => (2 * mid + (b[n] & 1) + b[n]) >> 1);
  return [left, left.map((sample, n) => sample - b[n])];
}

function subframe(bits, size, depth) {
  bits.skip(0, 1);
  const type = bits.read(6);
  const wasted = bits.read(1) ? bits.unary() + 1 : 0;
  const samples = new Int32Array(size);
  const width = depth - wasted;
  if (type === CONSTANT) samples.fill(bits.signed(width));
  else if (type === VERBATIM) for (let n = 0; n < size; n += 1) samples[n] = bits.signed(width);
  else if (type >= LPC) predicted(bits, samples, { width, order: type - LPC + 1, learned: true });
  else if (type - FIXED in FIXED_PREDICTORS) predicted(bits, samples, { width, order: type - FIXED });
  else throw new RangeError(`FLAC subframe type ${type} is reserved`);
  return wasted ? samples.map((sample) => sample << wasted) : samples;
}

/** Fill `samples`: `order` warm-up samples, then prediction plus residual. Sums are exact: doubles hold 53 bits. */
function predicted(bits, samples, { width, order, learned = false }) {
  for (let n = 0; n < order; n += 1) samples[n] = bits.signed(width);
  let [weights, divisor] = [FIXED_PREDICTORS[order], 1];
  if (learned) {
    const precision = bits.read(4) + 1;
    divisor = 2 ** bits.read(5);
    weights = Array.from({ length: order }, () => bits.signed(precision));
  }
  residual(bits, samples, order);
  for (let n = order; n < samples.length; n += 1) {
    let sum = 0;
    for (let k = 0; k < order; k += 1) sum += weights[k] * samples[n - 1 - k];
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
    for (; n < end; n += 1) samples[n] = raw === null ? bits.rice(parameter) : bits.signed(raw);
  }
}

/** Big-endian bits of a byte array. */
class Bits {
  #bytes;
  #bit = 0;
  byte = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** The byte at the cursor, which must stand at its first bit. */
  peek() {
    return this.#bytes[this.byte];
  }

  /** Return the next `count` (0–32) bits as an unsigned number. */
  read(count) {
    let value = 0;
    for (let left = count; left > 0; ) {
      if (this.byte >= this.#bytes.length) throw new RangeError("a FLAC file ends too early");
      const take = Math.min(left, 8 - this.#bit);
      const part = (this.#bytes[this.byte] >> (8 - this.#bit - take)) & ((1 << take) - 1);
      value = value * 2 ** take + part;
      this.skip(0, take);
      left -= take;
    }
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

  rice(parameter) {
    const folded = this.unary() * 2 ** parameter + this.read(parameter);
    return folded % 2 ? -(folded + 1) / 2 : folded / 2;
  }

  skip(bytes, bits = 0) {
    this.#bit += bits;
    this.byte += bytes + (this.#bit >> 3);
    this.#bit &= 7;
  }

  align() {
    if (this.#bit) this.skip(0, 8 - this.#bit);
  }
}
