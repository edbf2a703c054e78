import { FetchedCredentials } from '../adapters/x5u/index.js';
import { systemClock, systemRandom } from '../adapters/system/index.js';
import { encodePem } from '../encoding/index.js';
import { judgeAcquiring } from '../gateway/acquire.js';
import { InTurn } from '../gateway/in-turn.js';
import { OcspBook } from '../gateway/ocsp-book.js';
import type { IssuedCredential } from '../issuance/index.js';
import { importP256 } from '../passport/index.js';
import { Verifier } from '../verification/index.js';
import { median, type BenchOptions, type BenchResult, type Figure } from './bench-figure.js';
import { BLOCK, NO_STATUS, generationOf, numberAt, passportAt, PROVIDER, SPC, withPlace } from './bench-place.js';
import { measureSlowHosts } from './bench-slow-hosts.js';
import { collected, materialOf, verifyRaw, type Sample } from './bench-verdict.js';

/** Samples of one batch, and batches before the first that counts: code that has run a few thousand times is compiled. */
const SIZE = 40;
const COMPILED = 60;

/** A PASSporT with x5u: what its verdict costs once its path is at hand, and what the slow hosts of one client cost the others. */
export const measure = async (options: BenchOptions): Promise<BenchResult> => {
  const figures = [await measureVerdict(options), ...(await measureSlowHosts(options))];
  return { figures, leftOut: [] };
};

/**
 * Cold: the end-entity was never seen, and comes from what was fetched before. In CPU time, beside node:crypto verifying the same octets, batch by
 * batch in turns.
 */
const measureVerdict = ({ quick, tell }: BenchOptions): Promise<Figure> =>
  withPlace(async (place) => {
    const batches = (quick ? 2 : 24) + (quick ? 1 : COMPILED);
    const settled = quick ? 1 : COMPILED;
    const authority = place.pki.hierarchy.delegateCa(SPC, 'Bench', [{ start: numberAt(0), count: BLOCK }]);
    const pem = new Map<string, Buffer>();
    const credentials = new FetchedCredentials({
      fetcher: {
        fetch: (url) =>
          Promise.resolve({
            status: 200,
            headers: { 'cache-control': 'max-age=3600' },
            octets: pem.get(url) ?? Buffer.alloc(0),
            elapsedMs: 0,
          }),
      },
      clock: systemClock,
      hosts: () => ['sti.example'],
    });
    tell(`  issuing ${batches * SIZE} credentials`);
    const samples: Sample[] = [];
    for (let index = 0; index < batches * SIZE; index += 1) {
      const numbers = [{ start: numberAt(0), count: BLOCK }];
      const credential = place.pki.hierarchy.delegate({ spc: SPC, provider: PROVIDER, numbers, issuer: authority });
      const url = `https://cert.sti.example/${index}.pem`;
      pem.set(url, Buffer.from(credential.path.map((der) => encodePem('CERTIFICATE', der)).join('')));
      samples.push(sampleOf(credential, url, index));
      // Each of a client of its own: the budget is not what is measured.
      await credentials.chain(url, `${index}.example`);
    }
    // The CRL of the CA that was made here is not in the files.
    const world = { ...(await generationOf(place)).world, verifier: new Verifier(materialOf(place.pki)) };
    const ocsp = new OcspBook({ status: NO_STATUS, clock: systemClock, random: systemRandom, maxSeconds: () => 3600 });
    const judge = async ({ passport }: Sample): Promise<void> => {
      const { verdict } = await judgeAcquiring(
        { world: () => world, clock: systemClock, credentials, status: NO_STATUS, ocsp, turns: new InTurn() },
        passport,
        PROVIDER,
        null,
      );
      if (!verdict.accepted) throw new Error(`a PASSporT of the benchmark was refused: ${verdict.reason}`);
    };
    await collected();
    const costs: number[] = [];
    const raw: number[] = [];
    for (let from = 0; from < samples.length; from += SIZE) {
      const batch = samples.slice(from, from + SIZE);
      costs.push(await costOf(batch, judge));
      raw.push(await costOf(batch, (sample) => Promise.resolve(verifyRaw(sample))));
    }
    return {
      bench: 'x5u',
      unit: 'us of CPU',
      what: 'PASSporT to verdict, cold end-entity, x5u of 3, fetched before',
      value: median(costs.slice(settled)),
      limit: { what: 'node:crypto on the same octets', value: median(raw.slice(settled)) },
      bar: { of: 'value', sense: 'at most', bound: 400 },
    };
  });

const sampleOf = (credential: IssuedCredential, x5u: string, index: number): Sample => {
  const passport = passportAt(credential, index, Math.floor(Date.now() / 1000), x5u);
  const cut = passport.lastIndexOf('.');
  const signed = Buffer.from(passport.slice(0, cut));
  return { passport, signed, signature: Buffer.from(passport.slice(cut + 1), 'base64url'), key: importP256(credential.key.spki) };
};

const costOf = async (batch: readonly Sample[], work: (sample: Sample) => Promise<void>): Promise<number> => {
  const before = process.cpuUsage();
  for (const sample of batch) await work(sample);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / batch.length;
};
