import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { REASONS } from '../src/reasons/index.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SRC = join(ROOT, 'src');

/** DESIGN section 4: a folder imports only from folders above it in this list. */
const FOLDERS = [
  'reasons',
  'encoding',
  'identifiers',
  'x509',
  'passport',
  'numbering',
  'policy',
  'verification',
  'registry',
  'log',
  'privacy',
  'ports',
  'gateway',
  'issuance',
  'adapters',
  'http',
  'client',
  'cli',
  'audit-ui',
];
const PURE = FOLDERS.slice(0, FOLDERS.indexOf('privacy') + 1);
const APART = ['adapters', 'http', 'client'];
/** docs/adr/0001: the verbs that start a gateway reach the composition root, by a lazy import. */
const MAY_REACH_MAIN = new Set(['cli/serve.ts', 'cli/demo.ts', 'cli/bench.ts']);
/** docs/adr/0010 and 0019: one for the gateway, one for a provider's server, one for a witness; none knows another. */
const ROOTS = ['main.ts', 'provider.ts', 'witness.ts'];
const ROOT_VERBS: Readonly<Record<string, string>> = { 'provider.ts': 'cli/np-serve.ts', 'witness.ts': 'cli/witness.ts' };
/** docs/adr/0001: the parts of main.ts, which is the only one that may ask for them. */
const COMPOSITION = 'composition';

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g;

const imports = (file: string): Import[] =>
  [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => ({ from: relative(SRC, file), to: match[1] as string }));

const ours = (item: Import): string | null =>
  item.to.startsWith('.')
    ? relative(SRC, join(SRC, dirname(item.from), item.to))
        .replaceAll(sep, '/')
        .replace(/\.js(x?)$/, '.ts$1')
    : null;

/** A file without its comments. */
const codeOf = (file: string): string => readFileSync(file, 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '');

const top = (path: string): string => path.split('/')[0] as string;

const all = files(SRC).flatMap(imports);

const mayReachRoot = (from: string, root: string): boolean =>
  Object.hasOwn(ROOT_VERBS, root)
    ? from === ROOT_VERBS[root]
    : MAY_REACH_MAIN.has(from) || from.startsWith('cli/bench-') || from.startsWith('cli/demo-');

const isAllowed = (from: string, to: string): boolean => {
  const [source, target] = [top(from), top(to)];
  if (source === COMPOSITION) return !ROOTS.includes(target);
  if (target === COMPOSITION) return from === 'main.ts';
  if (ROOTS.includes(target)) return mayReachRoot(from, target);
  if (ROOTS.includes(source) || source === target) return true;
  if (target === 'index.ts') return false;
  // The library's index re-exports the pure core.
  if (source === 'index.ts') return PURE.includes(target);
  if (APART.includes(source) && APART.includes(target)) return false;
  if (source === 'client' && target === 'gateway') return false;
  // It runs in a browser, and verifies by itself.
  if (source === 'audit-ui') return false;
  return FOLDERS.indexOf(target) >= 0 && FOLDERS.indexOf(target) < FOLDERS.indexOf(source);
};

describe('the import table of DESIGN section 4', () => {
  test('knows every folder below src', () => {
    const folders = readdirSync(SRC, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(folders.filter((folder) => !FOLDERS.includes(folder) && folder !== COMPOSITION)).toEqual([]);
  });

  test('lets a folder import only from folders above it', () => {
    const wrong = all.flatMap((item) => {
      const to = ours(item);
      return to === null || isAllowed(item.from, to) ? [] : [`${item.from} -> ${to}`];
    });
    expect(wrong).toEqual([]);
  });

  test('refuses an import from below, so that the rule can fail', () => {
    expect(isAllowed('reasons/reasons.ts', 'gateway/index.ts')).toBe(false);
    expect(isAllowed('client/index.ts', 'http/server.ts')).toBe(false);
    expect(isAllowed('http/server.ts', 'gateway/index.ts')).toBe(true);
    expect(isAllowed('provider.ts', 'main.ts')).toBe(false);
    expect(isAllowed('audit-ui/main.tsx', 'log/index.ts')).toBe(false);
    expect(isAllowed('audit-ui/main.tsx', 'audit-ui/proof/note.ts')).toBe(true);
    expect(isAllowed('http/server.ts', 'composition/parts.ts')).toBe(false);
    expect(isAllowed('composition/parts.ts', 'main.ts')).toBe(false);
    expect(isAllowed('witness.ts', 'main.ts')).toBe(false);
  });

  test('keeps adapters of different technologies apart', () => {
    const wrong = all.filter((item) => {
      const to = ours(item);
      return to !== null && top(item.from) === 'adapters' && top(to) === 'adapters' && item.from.split('/')[1] !== to.split('/')[1];
    });
    expect(wrong).toEqual([]);
  });
});

describe('the pure core', () => {
  const pure = files(SRC).filter((file) => PURE.includes(top(relative(SRC, file))));

  test('imports no file, socket, clock or logger', () => {
    const banned = /^node:(fs|http|https|net|tls|dns|child_process|worker_threads|perf_hooks|timers)|^(pino|redis|express|prom-client)$/;
    expect(pure.flatMap(imports).filter((item) => banned.test(item.to))).toEqual([]);
  });

  test('reads no clock, environment or randomness', () => {
    const ambient = /Date\.now\(|new Date\(\)|process\.|Math\.random|performance\.now|randomBytes|randomUUID|console\./;
    const wrong = pure.filter((file) => ambient.test(codeOf(file)));
    expect(wrong.map((file) => relative(SRC, file))).toEqual([]);
  });
});

describe('the table of reasons', () => {
  const texts = (folder: string): string =>
    files(folder)
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');

  test('has no code that nothing refuses with, and none that no test asks for', () => {
    const sources = files(SRC)
      .filter((file) => !relative(SRC, file).startsWith('reasons'))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const tests = texts(join(ROOT, 'test'));
    const codes = Object.keys(REASONS);
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
    expect(codes.filter((code) => !new RegExp(`[^a-z-]${code}[^a-z-]`).test(tests))).toEqual([]);
  });
});

describe('the house', () => {
  test('bans the library parts that DESIGN section 10 bans', () => {
    const banned = /forge\.(pki|rsa|ed25519|ssh|tls)\b|CertificateChainValidationEngine/;
    expect(files(SRC).filter((file) => banned.test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  test('has no file over 400 lines and a median under 110', () => {
    const lengths = files(SRC).map((file) => ({ file: relative(SRC, file), lines: readFileSync(file, 'utf8').split('\n').length }));
    expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
    const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(110);
  });

  test('names no file or folder by what it is not', () => {
    const vague = /(^|[/-])(utils?|helpers?|common|misc|manager|service)(\.|\/|-|$)/;
    expect(
      files(SRC)
        .map((file) => relative(SRC, file))
        .filter((file) => vague.test(file)),
    ).toEqual([]);
  });

  test('switches off no type check and leaves nothing unfinished', () => {
    const casts = /\bas any\b|: any\b(?!\.)|as unknown as/;
    const marks = /@ts-(ignore|expect-error|nocheck)|\bTODO\b|\bFIXME\b|oxlint-disable|eslint-disable/;
    const wrong = files(SRC).filter((file) => marks.test(readFileSync(file, 'utf8')) || casts.test(codeOf(file)));
    expect(wrong.map((file) => relative(SRC, file))).toEqual([]);
  });

  test('locks every optional package that a dependency names, so that npm ci does not find the lock out of step', () => {
    type Entry = { optionalDependencies?: Record<string, string> };
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Entry> };
    const locked = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1)));
    const named = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !locked.has(name))).toEqual([]);
  });

  test('holds no private key', () => {
    const places = ['src', 'test', 'certs', 'policies', 'docs'].map((folder) => join(ROOT, folder));
    const holding = places.flatMap((place) =>
      readdirSync(place, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && !join(entry.parentPath, entry.name).includes(`${sep}certs${sep}dev${sep}`))
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((file) => /-----BEGIN (EC |RSA |ENCRYPTED )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}/.test(readFileSync(file, 'utf8'))),
    );
    expect(holding.map((file) => relative(ROOT, file))).toEqual([]);
  });
});
