import { Resolver as NameServers } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { FETCH_LIMITS } from './limits.js';

/** Every address of a host, as text. Empty or rejected: there is none. */
export type Resolver = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

export interface ResolverParts {
  /** File in the form of hosts(5). */
  readonly hosts: string;
  /** Addresses of name servers; absent: those of resolv.conf. */
  readonly servers?: readonly string[];
}

/**
 * A hosts file, then name servers. Not getaddrinfo: that holds a thread of the pool until a dead name server's time is up, and the pool is
 * everybody's, so that one provider's name server would stall all fetches. Names are absolute: no search list is tried.
 */
export const resolverOf =
  ({ hosts, servers }: ResolverParts): Resolver =>
  async (host, signal) => {
    const named = hostsEntries(await readFile(hosts, 'utf8').catch(() => ''), host);
    if (named.length > 0) return named;
    // A new one each time reads resolv.conf as it is now, and can be cancelled without ending another's question.
    const asked = new NameServers({ timeout: FETCH_LIMITS.nameServerMs, tries: FETCH_LIMITS.nameServerTries });
    if (servers !== undefined) asked.setServers(servers);
    const cancel = (): void => asked.cancel();
    signal.addEventListener('abort', cancel);
    try {
      // Either kind may fail alone: name servers that know no IPv6 answer with an error.
      const found = await Promise.allSettled([asked.resolve4(host), asked.resolve6(host)]);
      return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };

/** The machine's own. */
export const systemResolver: Resolver = resolverOf({ hosts: '/etc/hosts' });

/** hosts(5): an address, then names. */
const hostsEntries = (text: string, host: string): string[] =>
  text.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return address !== undefined && names.some((name) => name.toLowerCase() === host) ? [address] : [];
  });
