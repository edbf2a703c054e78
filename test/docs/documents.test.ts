import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { commitMapping, commitSii, leafHash, parseLeaf } from '../../src/log/index.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The content of the first fenced block with this label. */
const block = (text: string, label: string): string => {
  const match = new RegExp(`\`\`\`${label}\\n([^]*?)\\n\`\`\``).exec(text);
  if (match === null) throw new Error(`no block ${label}`);
  return match[1] as string;
};

describe('docs/log-format.md', () => {
  const text = read('docs/log-format.md');
  const octets = Buffer.from(block(text, 'leaf'), 'latin1');

  test('shows a leaf that parses, with the commitments and the hash that it names', () => {
    const leaf = parseLeaf(octets);
    const opening = Buffer.alloc(32, 7);
    expect(leaf.sii).toBe(commitSii(opening, 'tel:+12025550100'));
    expect(leaf.map).toBe(commitMapping(opening, 'mimi://a.example/u/alice', 'a.example'));
    expect(leafHash(octets).toString('hex')).toBe(block(text, 'hash'));
  });

  test('describes every member of a leaf', () => {
    for (const member of Object.keys(parseLeaf(octets))) expect(text).toContain(`\`${member}\``);
  });
});
