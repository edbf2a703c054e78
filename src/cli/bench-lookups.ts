import { median, type BenchOptions, type BenchResult } from './bench-figure.js';
import type { LoadResult } from './bench-load.js';
import { numberAt, passportAt, withPlace } from './bench-place.js';
import { Worker } from './bench-worker.js';

const CONNECTIONS = 64;
const REGISTERED = 2000;
const LOOKUPS = { path: '/v1/lookups', type: 'application/json', connections: CONNECTIONS };
const PASSPORTS = { path: '/v1/passports', type: 'application/passport', connections: CONNECTIONS };

/**
 * Lookups over HTTPS, one number a request, half of them of numbers that nobody registered. Beside it, in alternation: a bare node:https
 * server over the same store that parses, gets, and answers as many octets.
 */
export const measure = ({ quick }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const rounds = quick ? 1 : 5;
    const each = quick ? 200 : 10_000;
    const registered = quick ? 64 : REGISTERED;
    const now = Math.floor(Date.now() / 1000);
    const indices = Array.from({ length: registered }, (_, index) => index);
    const passports = place.write(
      'passports',
      indices.map((index) => passportAt(place.credential, index, now)),
    );
    const queries = Array.from({ length: each }, (_, i) => JSON.stringify({ sii: `tel:+${numberAt(i % (2 * registered))}` }));
    const lookups = place.write('lookups', queries);
    const [load, bare] = [new Worker('load'), new Worker('bare')];
    const gateway = await place.start();
    try {
      const { url } = await bare.ask<{ url: string }>({ ...place.serverTls, numbers: indices.map(numberAt) });
      await load.ask({ ...PASSPORTS, ...place.tls, url: gateway.url, bodies: passports, from: 0, count: registered });
      const send = (to: string, count = each): Promise<LoadResult> =>
        load.ask({ ...LOOKUPS, ...place.tls, url: to, bodies: lookups, from: 0, count });
      // Both servers are compiled by what they do often: neither may be measured cold.
      await send(gateway.url, Math.min(each, 2000));
      await send(url, Math.min(each, 2000));
      const own: LoadResult[] = [];
      const floor: LoadResult[] = [];
      for (let round = 0; round < rounds; round += 1) {
        own.push(await send(gateway.url));
        floor.push(await send(url));
      }
      return { figures: figuresOf(own, floor), leftOut: [] };
    } finally {
      await Promise.all([load.close(), bare.close(), gateway.stop()]);
    }
  });

const figuresOf = (own: readonly LoadResult[], floor: readonly LoadResult[]): BenchResult['figures'] => {
  const refused = own.flatMap((run) => Object.keys(run.statuses)).find((status) => status !== '200');
  if (refused !== undefined) throw new Error(`a lookup was answered ${refused}`);
  return [
    {
      bench: 'lookups',
      what: `lookups over HTTPS, ${CONNECTIONS} connections`,
      value: median(own.map((run) => run.perSecond)),
      unit: '/s',
      limit: { what: 'bare node:https over the same store', value: median(floor.map((run) => run.perSecond)) },
      bar: { of: 'ratio', sense: 'at least', bound: 0.5 },
    },
  ];
};
