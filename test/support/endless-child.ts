import { FetchedCredentials, GuardedFetcher } from '../../src/adapters/x5u/index.js';
import { Refusal } from '../../src/reasons/index.js';
import { outsideAt } from './tls-origin.js';

/**
 * Fetches many paths at once and tells what that did to the memory of the process: node --expose-gc endless-child.js PORT TRUST URL...
 * Writes one line of JSON: the reasons of all, and by how many octets the resident set grew at most meanwhile, and to stay.
 */
const [port = '', trust = '', ...urls] = process.argv.slice(2);
const clock = { now: () => Date.now(), monotonic: () => performance.now() };
// Memory is measured here, not time: a busy machine shakes hands slowly.
const fetcher = new GuardedFetcher({ ...outsideAt(Number(port), trust), clock, limits: { timeoutMs: 30_000 } });
const source = new FetchedCredentials({ fetcher, clock, hosts: () => ['sti.example'] });

const collect = (globalThis as { readonly gc?: () => void }).gc;
if (collect === undefined) throw new Error('run with --expose-gc');
const rest = (): number => {
  collect();
  return process.memoryUsage.rss();
};
const outcomeOf = async (url: string, client: string): Promise<string> => {
  try {
    await source.chain(url, client);
    return 'fetched';
  } catch (error) {
    if (error instanceof Refusal) return `${error.reason} ${error.detail ?? ''}`;
    throw error;
  }
};

// What a first fetch loads and compiles is no cost of a hundred.
await Promise.all(urls.slice(0, 4).map((url, i) => outcomeOf(`${url}/first`, `first-${i}.example`)));
const before = rest();
let peak = before;
const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
const outcomes = await Promise.all(urls.map((url, i) => outcomeOf(url, `client-${i}.example`)));
clearInterval(sampler);
process.stdout.write(`${JSON.stringify({ outcomes, peak: peak - before, rest: rest() - before })}\n`);
