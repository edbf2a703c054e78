import { refuse } from '../reasons/index.js';

/** Appends octets, unsigned and signed variable-length integers (LEB128, zigzag) and short strings. */
export class OctetWriter {
  private octets = Buffer.allocUnsafe(160);
  private length = 0;

  private reserve(count: number): void {
    if (this.length + count <= this.octets.length) return;
    const larger = Buffer.allocUnsafe((this.length + count) * 2);
    this.octets.copy(larger, 0, 0, this.length);
    this.octets = larger;
  }

  octet(value: number): void {
    this.reserve(1);
    this.octets[this.length++] = value;
  }

  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not an unsigned safe integer');
    let rest = value;
    while (rest >= 0x80) {
      this.octet((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.octet(rest);
  }

  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  raw(octets: Uint8Array): void {
    this.reserve(octets.length);
    this.octets.set(octets, this.length);
    this.length += octets.length;
  }

  text(value: string): void {
    const count = Buffer.byteLength(value);
    this.unsigned(count);
    this.reserve(count);
    this.length += this.octets.write(value, this.length, 'utf8');
  }

  finish(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.octets, 0, this.length);
  }
}

const corrupt = (detail: string): never => refuse('store-unavailable', `a stored subject is corrupt: ${detail}`);

/** The inverse of OctetWriter. @throws Unavailable `store-unavailable` on anything that OctetWriter does not write. */
export class OctetReader {
  private readonly octets: Buffer;
  private at = 0;

  constructor(octets: Uint8Array) {
    this.octets = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  octet(): number {
    return this.octets[this.at++] ?? corrupt('it ends early');
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const octet = this.octet();
      value += (octet & 0x7f) * scale;
      if (!Number.isSafeInteger(value)) corrupt('an integer is too large');
      if (octet >= 0x80) continue;
      // One value, one encoding: a longer form than needed was not written by us.
      if (octet === 0 && scale > 1) corrupt('an integer is not in its shortest form');
      return value;
    }
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  raw(count: number): Buffer {
    return this.octets.subarray(this.skip(count), this.at);
  }

  text(): string {
    const count = this.unsigned();
    return this.octets.toString('utf8', this.skip(count), this.at);
  }

  /** Lower-case hex of so many octets. */
  hex(count: number): string {
    return this.octets.toString('hex', this.skip(count), this.at);
  }

  /** Leaves so many octets unread. */
  pass(count: number): void {
    this.skip(count);
  }

  /** Where so many octets begin, which are then behind. */
  private skip(count: number): number {
    const start = this.at;
    if (start + count > this.octets.length) corrupt('it ends early');
    this.at += count;
    return start;
  }

  finish(): void {
    if (this.at !== this.octets.length) corrupt('octets follow its end');
  }
}
