import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { enrollCommand } from '../../src/cli/ap-enroll.js';
import { serveCommand } from '../../src/cli/np-serve-command.js';
import { ACME_LIMITS, ACME_RESOURCES } from '../../src/issuance/acme/index.js';
import { errorTypeOf, statusOf } from '../../src/issuance/acme/problem.js';
import { ACME_REASONS } from '../../src/reasons/acme-reasons.js';
import { REASONS, isReason } from '../../src/reasons/index.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const text = readFileSync(join(ROOT, 'docs/provider-acme.md'), 'utf8');

describe('docs/provider-acme.md', () => {
  test('lists the resources as the server has them', () => {
    const rows = Object.values(ACME_RESOURCES).map(({ method, path, signedBy }) => `| ${method} | \`${path}\` | ${signedBy} |`);
    expect(text).toContain(rows.join('\n'));
  });

  test('lists the reasons as the table has them', () => {
    const rows = Object.keys(ACME_REASONS).map((code) => {
      if (!isReason(code)) throw new Error(code);
      const { clause, title } = REASONS[code];
      return `| \`${code}\` | ${statusOf(code)} | ${errorTypeOf(code).replace(/^.*:/, '')} | ${clause} | ${title} |`;
    });
    expect(text).toContain(rows.join('\n'));
  });

  test('names no reason that is not there', () => {
    const codes = [...text.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)+)`/g)].map((match) => match[1] ?? '');
    const known = new Set(['start-date', 'lifetime-adjust', 'csr-template', 'enrol-key']);
    expect(codes.filter((code) => !isReason(code) && !known.has(code))).toEqual([]);
  });

  test('shows options that the commands take', () => {
    const shown = (verb: string): string[] => {
      const line = text.split('\n').find((candidate) => candidate.startsWith(`signpost ${verb} `)) ?? '';
      return [...line.matchAll(/--[a-z-]+/g)].map(([option]) => option);
    };
    const taken = (command: Command): string[] => command.options.map(({ long }) => long ?? '');
    for (const [verb, command] of [
      ['np serve', serveCommand('np')],
      ['ap enroll', enrollCommand(new Command())],
    ] as const) {
      expect(shown(verb).length).toBeGreaterThanOrEqual(3);
      expect(taken(command)).toEqual(expect.arrayContaining(shown(verb)));
    }
  });

  test('tells the limits that hold', () => {
    const { ordersPerHour, pendingOrders, failedChallengesPerHour, accountsPerHour } = ACME_LIMITS;
    for (const limit of [ordersPerHour, pendingOrders, failedChallengesPerHour, accountsPerHour]) expect(text).toContain(`, ${limit}`);
  });
});
