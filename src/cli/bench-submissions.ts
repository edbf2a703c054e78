import { median, type BenchOptions, type BenchResult } from './bench-figure.js';
import type { LoadResult } from './bench-load.js';
import { passportAt, withPlace, type BenchPlace } from './bench-place.js';
import { Worker } from './bench-worker.js';

const CONNECTIONS = 64;
const PATH = { path: '/v1/passports', type: 'application/passport', connections: CONNECTIONS };

/**
 * Registrations end to end: HTTPS with client certificates, each answered once its leaf is durable, each of another number. Beside it, in
 * alternation: the same client, the same octets, to a bare node:https server that reads them and answers at once.
 */
export const measure = ({ quick, tell }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const rounds = quick ? 1 : 4;
    const each = quick ? 64 : 5000;
    tell(`  signing ${rounds * each + CONNECTIONS} PASSporTs`);
    const file = writePassports(place, rounds * each + CONNECTIONS);
    const [load, bare] = [new Worker('load'), new Worker('bare')];
    const gateway = await place.start();
    try {
      const { url } = await bare.ask<{ url: string }>({ ...place.serverTls, numbers: [] });
      const send = (to: string, from: number, count: number): Promise<LoadResult> =>
        load.ask({ ...PATH, ...place.tls, url: to, bodies: file, from, count });
      await send(gateway.url, 0, CONNECTIONS);
      const own: LoadResult[] = [];
      const floor: LoadResult[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const from = CONNECTIONS + round * each;
        own.push(await send(gateway.url, from, each));
        floor.push(await send(url, from, each));
      }
      return { figures: figuresOf(own, floor), leftOut: [] };
    } finally {
      await Promise.all([load.close(), bare.close(), gateway.stop()]);
    }
  });

const writePassports = (place: BenchPlace, count: number): string => {
  const now = Math.floor(Date.now() / 1000);
  return place.write(
    'passports',
    Array.from({ length: count }, (_, index) => passportAt(place.credential, index, now)),
  );
};

const figuresOf = (own: readonly LoadResult[], floor: readonly LoadResult[]): BenchResult['figures'] => {
  const refused = own.flatMap((run) => Object.keys(run.statuses)).find((status) => status !== '201');
  if (refused !== undefined) throw new Error(`a registration was answered ${refused}`);
  const limit = { what: 'bare node:https' };
  return [
    {
      bench: 'submissions',
      what: `registrations over HTTPS, durable, ${CONNECTIONS} connections`,
      value: median(own.map((run) => run.perSecond)),
      unit: '/s',
      limit: { ...limit, value: median(floor.map((run) => run.perSecond)) },
      bar: { of: 'value', sense: 'at least', bound: 1500 },
    },
    {
      bench: 'submissions',
      what: 'registration, p99',
      value: median(own.map((run) => run.p99)),
      unit: 'ms',
      limit: { ...limit, value: median(floor.map((run) => run.p99)) },
      bar: null,
    },
  ];
};
