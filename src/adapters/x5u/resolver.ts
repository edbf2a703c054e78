import { Resolver as NameServers } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { FETCH_LIMITS } from './limits.js';

/** Every address of a host, as text. Empty or rejected: there is none. */
export type Resolver = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

const HOSTS = '/etc/hosts';

/**
 * The machine's resolver: the hosts file, then the name servers of resolv.conf. Not getaddrinfo: that holds a thread of the pool until a dead
 * name server's time is up, and the pool is everybody's, so that one provider's name server would stall all fetches.
 */
export const systemResolver: Resolver = async (host, signal) => {
  const named = hostsEntries(await readFile(HOSTS, 'utf8').catch(() => ''), host);
  if (named.length > 0) return named;
  // A new one each time reads resolv.conf as it is now, and can be cancelled without ending another's question.
  const servers = new NameServers({ timeout: FETCH_LIMITS.nameServerMs, tries: FETCH_LIMITS.nameServerTries });
  const cancel = (): void => servers.cancel();
  signal.addEventListener('abort', cancel);
  try {
    const found = await Promise.allSettled([servers.resolve4(host), servers.resolve6(host)]);
    return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};

/** hosts(5): an address, then names. */
export const hostsEntries = (text: string, host: string): string[] =>
  text.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return address !== undefined && names.some((name) => name.toLowerCase() === host) ? [address] : [];
  });
