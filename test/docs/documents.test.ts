import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { commitCase, commitList, commitMapping, commitSii, leafHash, parseLeaf, rootOfRecords, checkRecord } from '../../src/log/index.js';
import { FINDINGS, OFF_PROFILE, REASONS, problemType } from '../../src/reasons/index.js';
import { REMARK_FINDINGS } from '../../src/reasons/remark-findings.js';
import { PIPELINE, SEQUENCER_STEPS } from '../../src/verification/index.js';
import { A, B, makePlace, openAt, registration } from '../support/open-gateway.js';

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

  test('shows a leaf of what fell, with the commitment to the list that it spells out', () => {
    const { fell } = parseLeaf(Buffer.from(block(text, 'fallen'), 'latin1'));
    const list = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 12]), Buffer.alloc(16, 9)]);
    expect(fell?.list).toBe(commitList(Buffer.alloc(32, 7), createHash('sha256').update(list).digest()));
  });

  test('shows leaves of what was opened and erased, with the commitments to the case that it names', () => {
    const committed = commitCase(Buffer.alloc(32, 7), 'POL-2026/17');
    expect(parseLeaf(Buffer.from(block(text, 'opened'), 'latin1'))).toMatchObject({ k: 'open', opened: { ref: '12', case: committed } });
    expect(parseLeaf(Buffer.from(block(text, 'erased'), 'latin1'))).toMatchObject({ k: 'erase', erased: { case: committed } });
  });

  test('shows a batch of refusals, with the root over the record that it shows', () => {
    const leaf = parseLeaf(Buffer.from(block(text, 'batch'), 'latin1'));
    const record = Buffer.from(block(text, 'record'), 'latin1');
    expect(leaf.batch?.root).toBe(Buffer.from(rootOfRecords([record])).toString('base64url'));
    expect(checkRecord(record, leaf)).toMatchObject({ k: 'reject', why: leaf.why });
  });

  test('describes every member of a leaf', () => {
    const examples = ['fallen', 'opened', 'erased', 'principal', 'batch'].map((name) =>
      parseLeaf(Buffer.from(block(text, name), 'latin1')),
    );
    const own = examples.flatMap(({ fell, opened, erased, who, batch }) => Object.keys(fell ?? opened ?? erased ?? who ?? batch ?? {}));
    const members = [...examples.flatMap((leaf) => Object.keys(leaf)), ...own];
    expect(members).toEqual(expect.arrayContaining(Object.keys(parseLeaf(octets))));
    for (const member of members) expect(text).toContain(`\`${member}\``);
  });
});

describe('docs/findings.md', () => {
  test('lists the findings as the table has them', () => {
    const rows = Object.entries(OFF_PROFILE).map(
      ([code, { severity, profiles, roles, clause, title, advice }]) =>
        `| \`${code}\` | ${severity} | ${profiles.length === 4 ? 'every' : profiles.join(', ')} | ${roles.length === 3 ? 'every' : roles.join(', ')} | ${clause} | ${title} | ${advice} |`,
    );
    const remarks = Object.entries(REMARK_FINDINGS).map(
      ([code, { severity, of, clause, title, advice }]) => `| \`${code}\` | ${severity} | ${of} | ${clause} | ${title} | ${advice} |`,
    );
    for (const table of [rows, remarks]) expect(read('docs/findings.md')).toContain(table.join('\n'));
  });

  test('has no finding that no table has', () => {
    const named = [...read('docs/findings.md').matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map((match) => match[1] as string);
    expect(named.toSorted()).toEqual(Object.keys(FINDINGS).toSorted());
  });
});

describe('README.md', () => {
  const text = read('README.md');

  test('lists the steps as the pipeline has them', () => {
    const rows = [...PIPELINE, ...SEQUENCER_STEPS].map(({ name, clause, asks }, i) => `| ${i + 1} | \`${name}\` | ${clause} | ${asks} |`);
    expect(text).toContain(rows.join('\n'));
  });

  test('shows an answer and a refusal with the members and words that the gateway gives', async () => {
    const place = await makePlace();
    const opened = await openAt(place);
    const passport = registration(place, '12025550123');
    const accepted = await opened.gateway.submit(passport, A);
    const refused = await opened.gateway.submit(passport, B);
    await opened.close();
    const answer = JSON.parse(block(text, 'json answer')) as Record<string, unknown>;
    expect(accepted).toMatchObject({ outcome: 'accepted', answer: { action: answer['action'], mapping: expect.anything() } });
    if (accepted.outcome !== 'accepted') throw new Error('refused');
    expect(Object.keys(answer)).toEqual(Object.keys(accepted.answer));
    expect(Object.keys(answer['mapping'] as object)).toEqual(Object.keys(accepted.answer.mapping ?? {}));
    const problem = JSON.parse(block(text, 'json refusal')) as Record<string, unknown>;
    expect(refused).toMatchObject({ outcome: 'refused', reason: problem['reason'], step: problem['step'], clause: problem['clause'] });
    const { http, title } = REASONS['ap-mismatch'];
    expect(problem).toMatchObject({ status: http, title, type: problemType('ap-mismatch'), logIndex: 3 });
    if (refused.outcome !== 'accepted') expect(problem['detail']).toBe(refused.detail);
  });

  test('names only files that are there', () => {
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] as string);
    expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
  });
});
