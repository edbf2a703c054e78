/** A reading of DER that takes what it can get: what it cannot read is content. Shares nothing with the reader under test. */

export interface DerNode {
  readonly tag: Buffer;
  /** The whole TLV as it stands. */
  readonly raw: Buffer;
  /** The unused-bits octet where children are read inside a BIT STRING. */
  readonly prefix: Buffer;
  readonly content: Buffer;
  readonly children: readonly DerNode[];
  readonly parent: DerNode | null;
}

const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
/** Deeper is content. */
const MAX_DEPTH = 24;

export interface Header {
  readonly tagEnd: number;
  readonly content: number;
  readonly end: number;
}

export const readHeader = (octets: Buffer, at: number): Header | null => {
  const first = octets[at];
  if (first === undefined) return null;
  let tagEnd = at + 1;
  if ((first & 0x1f) === 0x1f) {
    while (((octets[tagEnd] ?? 0) & 0x80) !== 0) tagEnd += 1;
    tagEnd += 1;
  }
  const length = octets[tagEnd];
  if (length === undefined) return null;
  if (length < 0x80) return { tagEnd, content: tagEnd + 1, end: tagEnd + 1 + length };
  const count = length & 0x7f;
  if (count === 0 || count > 4 || tagEnd + 1 + count > octets.length) return null;
  const content = tagEnd + 1 + count;
  return { tagEnd, content, end: content + octets.readUIntBE(tagEnd + 1, count) };
};

interface Growing extends DerNode {
  children: readonly DerNode[];
  prefix: Buffer;
}

const readAll = (octets: Buffer, parent: DerNode | null, depth: number): DerNode[] | null => {
  const nodes: DerNode[] = [];
  for (let at = 0; at < octets.length;) {
    const header = readHeader(octets, at);
    if (header === null || header.end > octets.length) return null;
    const node: Growing = {
      tag: octets.subarray(at, header.tagEnd),
      raw: octets.subarray(at, header.end),
      prefix: Buffer.alloc(0),
      content: octets.subarray(header.content, header.end),
      children: [],
      parent,
    };
    grow(node, depth);
    nodes.push(node);
    at = header.end;
  }
  return nodes;
};

const grow = (node: Growing, depth: number): void => {
  if (depth >= MAX_DEPTH) return;
  const first = node.tag[0] ?? 0;
  const skipped = first === BIT_STRING ? 1 : 0;
  const isOpaque = (first & 0x20) === 0 && first !== OCTET_STRING && first !== BIT_STRING;
  if (isOpaque || node.content.length <= skipped) return;
  const children = readAll(node.content.subarray(skipped), node, depth + 1);
  if (children === null) return;
  node.children = children;
  node.prefix = node.content.subarray(0, skipped);
};

const flatten = (nodes: readonly DerNode[], into: DerNode[]): DerNode[] => {
  for (const node of nodes) {
    into.push(node);
    flatten(node.children, into);
  }
  return into;
};

const trees = new WeakMap<Buffer, readonly DerNode[]>();

/** Every node, parents before children; none where the octets are no TLVs. Kept per buffer: seeds come again. */
export const nodesOf = (octets: Buffer): readonly DerNode[] => {
  const known = trees.get(octets);
  if (known !== undefined) return known;
  const nodes = flatten(readAll(octets, null, 0) ?? [], []);
  trees.set(octets, nodes);
  return nodes;
};

export const lengthOf = (length: number): Buffer => {
  if (length < 0x80) return Buffer.of(length);
  const octets = length < 0x100 ? Buffer.of(length) : length < 0x10000 ? Buffer.alloc(2) : Buffer.alloc(4);
  if (octets.length > 1) octets.writeUIntBE(length, 0, octets.length);
  const shortest = octets.length === 4 ? octets.subarray(octets[0] === 0 ? 1 : 0) : octets;
  return Buffer.concat([Buffer.of(0x80 | shortest.length), shortest]);
};

export const tlvOf = (tag: Uint8Array, ...content: Uint8Array[]): Buffer =>
  Buffer.concat([tag, lengthOf(content.reduce((sum, part) => sum + part.length, 0)), ...content]);

/** The octets with another encoding in place of a node: the lengths around it are right again. */
export const replaced = (whole: readonly DerNode[], node: DerNode, encoding: Buffer): Buffer => {
  let [inner, at] = [encoding, node];
  for (let parent = at.parent; parent !== null; parent = parent.parent) {
    const put = inner;
    const child = at;
    inner = tlvOf(parent.tag, parent.prefix, ...parent.children.map((one) => (one === child ? put : one.raw)));
    at = parent;
  }
  const roots = whole.filter((one) => one.parent === null);
  return Buffer.concat(roots.map((one) => (one === at ? inner : one.raw)));
};
