import { verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DevPki } from '../adapters/desk/index.js';
import type { Authority, IssuedCredential } from '../issuance/index.js';
import { NumberingPlan, parseNumberingCsv } from '../numbering/index.js';
import { importP256 } from '../passport/index.js';
import { parsePolicySet, POLICY_FILES, type PolicyFile } from '../policy/index.js';
import { Verifier, type Material } from '../verification/index.js';
import { median, type BenchOptions, type BenchResult, type Figure } from './bench-figure.js';
import { opensslVerifies } from './bench-openssl.js';
import { BLOCK, numberAt, passportAt, PROVIDER, SPC, withPlace, type BenchPlace } from './bench-place.js';

/** One PASSporT, and the same octets for a raw verification. */
export interface Sample {
  readonly passport: string;
  readonly signed: Buffer;
  readonly signature: Buffer;
  readonly key: KeyObject;
}

/** Cold batches before the first that counts: code that has run a few thousand times is compiled, and a gateway's has. */
const COMPILED = 100;

/**
 * A PASSporT with a path of three certificates in x5c, to its verdict; in CPU time, so that other work on the machine counts little.
 * Warm: its path was judged before. Cold: its end-entity was never seen, the CAs were. Beside both, batch by batch: node:crypto verifying
 * the same octets under an imported key, which is all that cannot be left out.
 */
export const measure = ({ quick, tell }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const batches = quick ? 2 : 24;
    const size = quick ? 20 : 250;
    const settling = quick ? 1 : COMPILED;
    const authority = place.pki.hierarchy.delegateCa(SPC, 'Bench', [{ start: numberAt(0), count: BLOCK }]);
    const credential = delegateOf(place, authority);
    const key = importP256(credential.key.spki);
    const verifier = new Verifier(materialOf(place.pki));
    tell(`  signing ${batches * size} PASSporTs`);
    const warm = Array.from({ length: batches * size }, (_, index) => sampleOf(credential, key, index));
    const judge = judgeWith(verifier, Date.now());
    for (const sample of warm) judge(sample);
    await collected();
    const warmCosts = alternate(warm, size, judge, 0);
    tell(`  issuing ${(batches + settling) * 40} credentials`);
    const cold = Array.from({ length: (batches + settling) * 40 }, (_, index) => {
      const unseen = delegateOf(place, authority);
      return sampleOf(unseen, importP256(unseen.key.spki), index);
    });
    await collected();
    const coldCosts = alternate(cold, 40, judgeWith(verifier, Date.now()), settling);
    const openssl = opensslVerifies(quick ? 1 : 3);
    return {
      figures: figuresOf(warmCosts, coldCosts, openssl),
      leftOut: openssl === null ? ['the ratio to openssl speed: there is no openssl on this machine'] : [],
    };
  });

/** The garbage of making the samples is collected in the background, on CPU time that would be counted. */
export const collected = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500));

const delegateOf = (place: BenchPlace, issuer: Authority): IssuedCredential =>
  place.pki.hierarchy.delegate({ spc: SPC, provider: PROVIDER, numbers: [{ start: numberAt(0), count: BLOCK }], issuer });

const sampleOf = (credential: IssuedCredential, key: KeyObject, index: number): Sample => {
  const passport = passportAt(credential, index, Math.floor(Date.now() / 1000));
  const cut = passport.lastIndexOf('.');
  return {
    passport,
    signed: Buffer.from(passport.slice(0, cut)),
    signature: Buffer.from(passport.slice(cut + 1), 'base64url'),
    key,
  };
};

type Judge = (sample: Sample | undefined) => void;

const judgeWith =
  (verifier: Verifier, at: number): Judge =>
  (sample) => {
    const verdict = verifier.verify({ passport: sample?.passport, client: { domain: PROVIDER }, at });
    if (!verdict.accepted) throw new Error(`a PASSporT of the benchmark was refused: ${verdict.reason}`);
  };

export const verifyRaw: Judge = (sample) => {
  if (sample === undefined) return;
  const { key, signed, signature } = sample;
  if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)) throw new Error('a signature of the benchmark is bad');
};

interface Costs {
  /** Microseconds of CPU for one, median of the batches. */
  readonly verdict: number;
  readonly raw: number;
  /** raw / verdict of each pair of batches, median: what slows the machine down for a while slows both. */
  readonly ratio: number;
}

/** Batch by batch, in turns: what slows one down slows the other down too. */
const alternate = (samples: readonly Sample[], size: number, judge: Judge, settled: number): Costs => {
  const verdict: number[] = [];
  const raw: number[] = [];
  for (let from = 0; from < samples.length; from += size) {
    const batch = samples.slice(from, from + size);
    verdict.push(costOf(batch, judge));
    raw.push(costOf(batch, verifyRaw));
  }
  const ratios = verdict.map((cost, i) => (raw[i] ?? Number.NaN) / cost);
  return { verdict: median(verdict.slice(settled)), raw: median(raw.slice(settled)), ratio: median(ratios.slice(settled)) };
};

const costOf = (batch: readonly Sample[], judge: Judge): number => {
  const before = process.cpuUsage();
  for (const sample of batch) judge(sample);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / batch.length;
};

const figuresOf = (warm: Costs, cold: Costs, openssl: number | null): Figure[] => {
  const raw = 'node:crypto on the same octets';
  const perSecond = (microseconds: number): number => 1e6 / microseconds;
  const rate = { bench: 'verdict', unit: '/s of CPU' } as const;
  return [
    {
      ...rate,
      what: 'PASSporT to verdict, warm',
      value: perSecond(warm.verdict),
      limit: { what: raw, value: perSecond(warm.raw) },
      ratio: warm.ratio,
      bar: { of: 'ratio', sense: 'at least', bound: 0.75 },
    },
    ...(openssl === null
      ? []
      : [
          {
            ...rate,
            what: 'PASSporT to verdict, warm',
            value: perSecond(warm.verdict),
            limit: { what: 'openssl speed ecdsap256', value: openssl },
            bar: null,
          },
        ]),
    {
      bench: 'verdict',
      unit: 'us of CPU',
      what: 'PASSporT to verdict, cold end-entity, x5c of 3',
      value: cold.verdict,
      limit: { what: raw, value: cold.raw },
      ratio: 1 / cold.ratio,
      bar: { of: 'value', sense: 'at most', bound: 320 },
    },
  ];
};

/** What a gateway of this PKI judges under. */
export const materialOf = (pki: DevPki): Material => {
  const texts = Object.fromEntries(POLICY_FILES.map((file) => [file, readPolicy(pki, file)])) as Record<PolicyFile, string>;
  const parsed = parsePolicySet({ ...texts, 'numbering.csv': parseNumberingCsv(Buffer.from(texts['numbering.csv'])) });
  if (!parsed.ok) throw new Error(parsed.problems.join('; '));
  const { gateway, numbering, authorizer } = parsed.value;
  return {
    anchors: pki.hierarchy.anchors().delegate.map((certificate) => ({ profile: 'delegate', certificate, speaksFor: ['1'] })),
    crlAnchors: [],
    crls: [...pki.hierarchy.crls().values()],
    crlSigners: [],
    numbering: new NumberingPlan([numbering]),
    policy: gateway,
    authorizer,
  };
};

const readPolicy = (pki: DevPki, file: PolicyFile): string => readFileSync(join(pki.directory, 'policies', file), 'utf8');
