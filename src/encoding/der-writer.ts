/** Writing DER (X.690 section 10) for the structures that the gateway itself encodes. */

export const encodeTlv = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const length: number[] = [];
  if (content.length < 0x80) length.push(content.length);
  else {
    for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest & 0xff);
    length.unshift(0x80 | length.length);
  }
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};

export const encodeInteger = (value: bigint): Buffer => {
  let octets = 1;
  while (value < -(1n << BigInt(8 * octets - 1)) || value >= 1n << BigInt(8 * octets - 1)) octets += 1;
  const hex = BigInt.asUintN(8 * octets, value)
    .toString(16)
    .padStart(octets * 2, '0');
  return encodeTlv(0x02, Buffer.from(hex, 'hex'));
};

export const encodeOid = (dotted: string): Buffer => {
  const arcs = dotted.split('.').map(BigInt);
  const [first = 0n, second = 0n, ...rest] = arcs;
  const octets: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const groups = [Number(arc & 0x7fn)];
    for (let more = arc >> 7n; more > 0n; more >>= 7n) groups.unshift(Number(more & 0x7fn) | 0x80);
    octets.push(...groups);
  }
  return encodeTlv(0x06, Buffer.from(octets));
};

export const encodeIa5 = (text: string): Buffer => encodeTlv(0x16, Buffer.from(text, 'latin1'));
export const encodeUtf8 = (text: string): Buffer => encodeTlv(0x0c, Buffer.from(text, 'utf8'));
export const encodeSequence = (...parts: Uint8Array[]): Buffer => encodeTlv(0x30, ...parts);
