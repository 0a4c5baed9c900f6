// A sound's parcel, as listening/participant/parcel.py seals it: opened, and what was decoded of it held against the
// store's checksum. Pure, but for `open`, which writes the words it is given over.

const HEADER_BYTES = 8;
const [FNV_OFFSET, FNV_PRIME] = [0x811c9dc5, 0x01000193];
const GOLDEN = 0x9e3779b9;
const [MURMUR_1, MURMUR_2] = [0x85ebca6b, 0xc2b2ae35];
const CRC_POLYNOMIAL = 0xedb88320;
const TABLES = crcTables(); // written here, and nowhere else

/** Return {file, crc32}: the FLAC file in `parcel` (ArrayBuffer), unmasked where it lies, and its samples' checksum. */
export function open(parcel, token) {
  if (parcel.byteLength < HEADER_BYTES || parcel.byteLength % 4) throw new RangeError("no parcel of a sound");
  const words = new Int32Array(parcel); // little-endian, like every machine that a browser runs on today
  unmask(words, token);
  const [length, crc32] = new Uint32Array(parcel, 0, 2);
  if (length > parcel.byteLength - HEADER_BYTES) throw new RangeError("a parcel holds less than it says");
  return { file: new Uint8Array(parcel, HEADER_BYTES, length), crc32 };
}

/** Return the CRC-32 of `channels`, one after another (Int16Arrays or Float32Arrays), as listening/stimuli/proof.py does. */
export function checksum(channels) {
  return ~channels.reduce((crc, { buffer, byteOffset, byteLength }) => add(crc, buffer, byteOffset, byteLength), -1) >>> 0;
}

/** Words are counted up from the token's hash, mixed as MurmurHash3 ends, and taken off again by exclusive or. */
function unmask(words, token) {
  let count = hash(token);
  for (let n = 0; n < words.length; n += 1) {
    count = (count + GOLDEN) | 0;
    let mask = Math.imul(count ^ (count >>> 16), MURMUR_1);
    mask = Math.imul(mask ^ (mask >>> 13), MURMUR_2);
    words[n] ^= mask ^ (mask >>> 16);
  }
}

/** Return the FNV-1a hash of an ASCII text. */
function hash(text) {
  return Array.from(text).reduce((value, letter) => Math.imul(value ^ letter.charCodeAt(0), FNV_PRIME), FNV_OFFSET | 0);
}

/** Go on with `crc` over bytes, eight at a time (slicing-by-8, Kounavis and Berry 2005), the last ones by one. */
function add(crc, buffer, offset, length) {
  const whole = offset % 4 ? 0 : length >>> 3;
  const words = new Int32Array(buffer, offset - (offset % 4), 2 * whole);
  const T = TABLES;
  for (let n = 0; n < words.length; n += 2) {
    const [a, b] = [crc ^ words[n], words[n + 1]];
    crc =
      T[0x700 | (a & 255)] ^ T[0x600 | ((a >>> 8) & 255)] ^ T[0x500 | ((a >>> 16) & 255)] ^ T[0x400 | (a >>> 24)] ^
      T[0x300 | (b & 255)] ^ T[0x200 | ((b >>> 8) & 255)] ^ T[0x100 | ((b >>> 16) & 255)] ^ T[b >>> 24];
  }
  for (const byte of new Uint8Array(buffer, offset + 8 * whole, length - 8 * whole)) crc = T[(crc ^ byte) & 255] ^ (crc >>> 8);
  return crc;
}

/** Return eight tables of 256: the k-th tells what a byte becomes when k more bytes have gone by. */
function crcTables() {
  const tables = new Int32Array(8 * 256);
  for (let n = 0; n < 256; n += 1) {
    let crc = n;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
    tables[n] = crc;
  }
  for (let n = 256; n < tables.length; n += 1) tables[n] = tables[tables[n - 256] & 255] ^ (tables[n - 256] >>> 8);
  return tables;
}
