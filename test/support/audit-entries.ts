import { encodeLeaf } from '../../src/log/index.js';
import { testLeaf } from './log-fixtures.js';

const REASONS = ['tn-out-of-scope', 'ap-mismatch', 'cert-revoked', 'expired-token', 'jti-replay'] as const;
const APS = ['a.example', 'b.example', 'c.example', 'ott.example'] as const;
const SPCS = ['709J', '505X', '123A'] as const;

const pick = <T>(values: readonly T[], n: number): T => values[n % values.length] as T;

/** Entries as a busy log has them: one in seven refused, by several clients and providers, twelve seconds apart. */
export const auditEntry = (n: number): Buffer => {
  const whole = testLeaf(n);
  const t = 1_795_500_000_000 + n * 12_000;
  const np = whole.np === null ? null : { ...whole.np, spc: pick(SPCS, n) };
  const isRefused = n % 7 === 3;
  const act = pick(['register', 'register', 'withdraw', 'prefer', 'release'] as const, n);
  return encodeLeaf({
    ...whole,
    t,
    act,
    ap: pick(APS, n * 3 + (n >> 3)),
    np,
    ...(isRefused ? { k: 'reject', why: pick(REASONS, n >> 2) } : {}),
  });
};

export function* auditEntries(count: number): Generator<Buffer> {
  for (let n = 0; n < count; n += 1) yield auditEntry(n);
}
