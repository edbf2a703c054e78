import { lengthOf, nodesOf, replaced, tlvOf, type DerNode } from './der-tree.js';
import { mutateOctets } from './octets.js';
import type { Random } from './random.js';

/** Changes of DER that know its structure: lengths are put right again, so that what is wrong is found deep inside. */

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1c, 0x1e, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0xa0, 0xa1, 0xa3,
  0xa4,
];

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
/** Contents at the edges of integers, times, booleans, object identifiers and strings. */
const CONTENTS: readonly Buffer[] = [
  ...['', '00', '01', '7f', '80', 'ff', '0080', '00ff', '0000', 'ff80', '7fffffff', '80000000', '00ffffffff', '7fffffffffffffff'].map(hex),
  hex('00'.padEnd(42, 'f')),
  hex('01'.padEnd(600, '0')),
  ...['2a8648', '8001', '2a80', '2aff7f', '551d20', '551d2000', '551d13', '551d1e', '2b0601050507011a'].map(hex),
  hex(`2a${'ff'.repeat(40)}7f`),
  '700101000000Z',
  '991231235959Z',
  '500101000000Z',
  '260230000000Z',
  '20500101000000Z',
  '20491231235959Z',
  '00000101000000Z',
  '99991231235959Z',
  '2601010000Z',
  '260101000000+0000',
  '20260101000000.0Z',
  '*',
  '*.example',
  '.example',
  'a@b',
  'xn--',
  '12025550100',
  '٣',
  'a\0b',
  '\u{10ffff}',
].map((content) => Buffer.from(content as string));

type Edit = (node: DerNode, random: Random, donor: DerNode) => Buffer;

const withTag = (node: DerNode, tag: Buffer): Buffer => tlvOf(tag, node.content);
const repeated = (node: DerNode, times: number): Buffer => Buffer.concat(Array.from({ length: times }, () => node.raw));

/** A length that is not the content's, or not in its shortest form. */
const misLength: Edit = ({ tag, content }, random) => {
  const lengths: readonly Buffer[] = [
    Buffer.of(0x80),
    Buffer.of(0x81, content.length & 0xff),
    Buffer.concat([hex('84'), Buffer.from(content.length.toString(16).padStart(8, '0'), 'hex')]),
    hex('84ffffffff'),
    hex('8501ffffffff'),
    hex('ff'),
    lengthOf(content.length + 1),
    lengthOf(Math.max(0, content.length - 1)),
  ];
  return Buffer.concat([tag, random.pick(lengths), content]);
};

const swapped: Edit = (node, random) => {
  const { children } = node;
  if (children.length < 2) return node.raw;
  const [a, b] = [random.below(children.length), random.below(children.length)];
  const order = children.map((child, i) => (i === a ? children[b] : i === b ? children[a] : child)?.raw ?? Buffer.alloc(0));
  return tlvOf(node.tag, node.prefix, ...order);
};

const EDITS: readonly Edit[] = [
  (node) => repeated(node, 2),
  () => Buffer.alloc(0),
  swapped,
  swapped,
  (_, random, donor) => (random.once(4) ? tlvOf(donor.tag, donor.content) : donor.raw),
  (node, _, donor) => Buffer.concat([donor.raw, node.raw]),
  (node, random) => withTag(node, Buffer.of(random.pick(TAGS))),
  (node, random) => withTag(node, random.once(8) ? hex('1f8101') : Buffer.of((node.tag[0] ?? 0) ^ (1 << random.below(8)))),
  (node, random) => tlvOf(node.tag, random.pick(CONTENTS)),
  (node, random) => tlvOf(node.tag, random.pick(CONTENTS)),
  (node, random, donor) => tlvOf(node.tag, mutateOctets(node.content, random, donor.content)),
  (node, random, donor) => tlvOf(node.tag, mutateOctets(node.content, random, donor.content)),
  (node, random, donor) => tlvOf(node.tag, mutateOctets(node.content, random, donor.content)),
  (node, _, donor) => tlvOf(node.tag, donor.content),
  (node, random) => tlvOf(Buffer.of(random.pick([0x30, 0x31, 0xa0, 0xa1, 0x04, 0x24])), node.raw),
  (node) => (node.children.length === 0 ? node.raw : Buffer.concat(node.children.map((child) => child.raw))),
  (node, random) => repeated(node, 2 + random.below(random.once(8) ? 400 : 12)),
  (node, random) => tlvOf(node.tag, ...Array.from({ length: 1 + random.below(20) }, () => node.content)),
  misLength,
];

/** One change of a TLV or of one inside it, or at times a few; now and then of octets without regard to what they are. */
export const mutateDer = (octets: Buffer, random: Random, donor: Buffer): Buffer => {
  if (random.once(10)) return mutateOctets(octets, random, donor);
  const nodes = nodesOf(octets);
  if (nodes.length === 0) return mutateOctets(octets, random, donor);
  const others = random.once(3) ? nodes : nodesOf(donor);
  const node = random.pick(nodes);
  const changed = replaced(nodes, node, random.pick(EDITS)(node, random, random.pick(others.length === 0 ? nodes : others)));
  return random.once(4) ? mutateDer(changed, random, donor) : changed;
};
