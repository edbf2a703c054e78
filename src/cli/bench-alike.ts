import { randomBytes, randomInt } from 'node:crypto';
import { Agent, request } from 'node:https';
import { signStatement } from '../issuance/index.js';
import type { BenchOptions, BenchResult } from './bench-figure.js';
import type { LoadResult } from './bench-load.js';
import { numberAt, passportAt, SPC, withPlace, type BenchPlace } from './bench-place.js';
import { areaUnderCurve, smirnov, trimmed } from './bench-samples.js';
import { Worker } from './bench-worker.js';
import { tlsFor } from './demo-cast.js';

/** One that has a mapping, one that was released, one that nobody ever registered. */
const KINDS = ['live', 'released', 'unknown'] as const;
type Kind = (typeof KINDS)[number];

const ASKER = 'b.example';
const NP = 'np1.example';

/**
 * Whether an AP can tell by time if a number has a mapping: 5,000 lookups of each kind over one connection, in random order, each waiting for its
 * answer; compared pair by pair without the slowest hundredth. Up to three rounds, of which one that tells nothing is enough: a machine that does
 * other work makes differences of its own, and only a difference that is always there is the gateway's.
 */
export const measure = ({ quick, tell }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const numbers = quick ? 16 : 1000;
    const each = quick ? 50 : 5000;
    const gateway = await place.start();
    try {
      tell(`  registering ${2 * numbers} numbers, releasing half of them`);
      await fill(place, gateway.url, numbers);
      const { ca, cert, key } = tlsOf(place, ASKER);
      const agent = new Agent({ keepAlive: true, maxSockets: 1, minVersion: 'TLSv1.3', ca, cert, key });
      try {
        const look = (number: string): Promise<Timed> => lookUp(agent, gateway.url, number);
        await times(look, numbers, Math.ceil(each / 5));
        let best: Difference | null = null;
        for (let round = 0; round < 3 && !isAlike(best); round += 1) {
          const found = differenceOf(await times(look, numbers, each));
          tell(`  told apart by time: ${found.area.toFixed(4)} of guesses right, p ${found.p.toPrecision(2)}`);
          if (best === null || isAlike(found) || found.area < best.area) best = found;
        }
        return { figures: figuresOf(best as Difference, each), leftOut: [] };
      } finally {
        agent.destroy();
      }
    } finally {
      await gateway.stop();
    }
  });

const tlsOf = ({ pki }: BenchPlace, domain: string) => {
  const { ca, cert, key } = tlsFor(pki, domain);
  return { ca: String(ca), cert: String(cert), key: String(key) };
};

/** Numbers in a row: live ones, released ones, unknown ones. */
const indexOf = (kind: Kind, i: number, numbers: number): number => KINDS.indexOf(kind) * numbers + i;

const fill = async (place: BenchPlace, url: string, numbers: number): Promise<void> => {
  // Before the time that its PASSporTs are of: a credential is not good before it was made.
  const np = place.pki.hierarchy.npCredential(SPC);
  const now = Math.floor(Date.now() / 1000);
  const passports = Array.from({ length: 2 * numbers }, (_, i) => passportAt(place.credential, i, now));
  const releases = Array.from({ length: numbers }, (_, i) => {
    const sii = `tel:+${numberAt(indexOf('released', i, numbers))}`;
    return signStatement({ action: 'release', audience: 'dp.example', sii, lifetime: 600 }, np, now + 1, randomBytes);
  });
  const load = new Worker('load');
  try {
    const send = async (tls: object, bodies: string, count: number): Promise<void> => {
      const target = { path: '/v1/passports', type: 'application/passport', connections: 16, url, bodies, from: 0, count };
      const { statuses } = await load.ask<LoadResult>({ ...target, ...tls });
      if (statuses['201'] !== count) throw new Error(`was answered ${JSON.stringify(statuses)}`);
    };
    await send(place.tls, place.write('passports', passports), 2 * numbers);
    await send(tlsOf(place, NP), place.write('releases', releases), numbers);
  } finally {
    await load.close();
  }
};

interface Timed {
  /** ms from the request's last octet to the answer's. */
  readonly ms: number;
  readonly octets: number;
}

const lookUp = (agent: Agent, url: string, number: string): Promise<Timed> =>
  new Promise((resolve, reject) => {
    const body = `{"sii":"tel:+${number}"}`;
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    const since = performance.now();
    request(`${url}/v1/lookups`, { agent, method: 'POST', headers }, (response) => {
      let octets = 0;
      response.on('data', (part: Buffer) => (octets += part.length));
      response.on('error', reject);
      response.on('end', () => {
        const ms = performance.now() - since;
        if (response.statusCode === 200) resolve({ ms, octets });
        else reject(new Error(`a lookup was answered ${response.statusCode}`));
      });
    })
      .on('error', reject)
      .end(body);
  });

type Times = Readonly<Record<Kind, number[]>>;

/** The three kinds in random order, one each of them a turn: what slows the machine down meets all alike. @throws Error where lengths differ */
const times = async (look: (number: string) => Promise<Timed>, numbers: number, each: number): Promise<Times> => {
  const found: Times = { live: [], released: [], unknown: [] };
  const lengths = new Set<number>();
  for (let i = 0; i < each; i += 1) {
    for (const kind of shuffled(KINDS)) {
      const { ms, octets } = await look(numberAt(indexOf(kind, i % numbers, numbers)));
      found[kind].push(ms);
      lengths.add(octets);
    }
  }
  if (lengths.size !== 1) throw new Error(`answers of ${[...lengths].join(' and ')} octets`);
  return found;
};

const shuffled = <T>(values: readonly T[]): T[] => {
  const left = [...values];
  return values.map(() => left.splice(randomInt(left.length), 1)[0] as T);
};

interface Difference {
  readonly area: number;
  readonly p: number;
}

/** Of the pair that differs most. */
const differenceOf = (found: Times): Difference => {
  const [live, released, unknown] = KINDS.map((kind) => trimmed(found[kind])) as [number[], number[], number[]];
  const pairs = [
    [live, unknown],
    [live, released],
    [released, unknown],
  ] as const;
  return {
    area: Math.max(...pairs.map(([a, b]) => areaUnderCurve(a, b))),
    p: Math.min(...pairs.map(([a, b]) => smirnov(a, b))),
  };
};

const AREA = 0.52;
const P = 0.01;
const isAlike = (found: Difference | null): boolean => found !== null && found.area <= AREA && found.p >= P;

const figuresOf = ({ area, p }: Difference, each: number): BenchResult['figures'] => {
  const what = `${each} lookups each of live, released and unknown numbers`;
  const limit = { what: 'a coin', value: 0.5 };
  return [
    {
      bench: 'alike',
      what: `${what}: guesses by time that are right`,
      value: area,
      unit: '',
      limit,
      bar: { of: 'value', sense: 'at most', bound: AREA },
    },
    {
      bench: 'alike',
      what: 'the same: Kolmogorov-Smirnov p',
      value: p,
      unit: '',
      limit: null,
      bar: { of: 'value', sense: 'at least', bound: P },
    },
  ];
};
