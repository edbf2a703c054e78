import { z } from 'zod';
import { JsonError, parseStrictJson } from '../../encoding/index.js';
import type { KnownPrincipal, WebhookControl, WebhookTarget } from '../../gateway/index.js';
import { isDomain } from '../../identifiers/index.js';
import { nameInLeaf } from '../../log/index.js';
import { httpsUrlField } from '../../policy/index.js';
import { Refusal } from '../../reasons/index.js';
import type { PrincipalRecords } from './principal-directory.js';
import { ConfigurationProblems } from './problems.js';

const schema = z.strictObject({ domain: z.string().refine(isDomain), url: httpsUrlField.nullable() });

/** The webhooks of principals, one record a domain; nobody is sent anything who is not known, or suspended. */
export class WebhookDirectory implements WebhookControl {
  readonly #records: PrincipalRecords;
  readonly #urls: Map<string, string>;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(records: PrincipalRecords, urls: Map<string, string>) {
    this.#records = records;
    this.#urls = urls;
  }

  /** @throws ConfigurationProblems when a record cannot be read: its principal would wait for messages in vain */
  static async open(records: PrincipalRecords): Promise<WebhookDirectory> {
    const urls = new Map<string, string>();
    const problems: string[] = [];
    for (const { path, octets } of await records.load()) {
      const { data } = schema.safeParse(jsonOf(octets));
      if (data === undefined)
        problems.push(`${path}: is damaged: restore it; or remove it, and have its principal say again where its messages go`);
      else if (data.url !== null) urls.set(data.domain, data.url);
    }
    if (problems.length > 0) throw new ConfigurationProblems(problems);
    return new WebhookDirectory(records, urls);
  }

  urlOf(domain: string): string | null {
    return this.#urls.get(domain) ?? null;
  }

  async set(domain: string, url: string | null): Promise<void> {
    if (url !== null && !isOwnHost(url, domain)) throw new Refusal('malformed-request', 'url: not a host of your domain');
    const turn = this.#turn.then(() => this.#set(domain, url));
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #set(domain: string, url: string | null): Promise<void> {
    if (url === this.urlOf(domain)) return;
    await this.#records.save(domain, Buffer.from(`${JSON.stringify({ domain, url })}\n`));
    if (url === null) this.#urls.delete(domain);
    else this.#urls.set(domain, url);
  }

  /** Who is sent what it may read now, and where. */
  *targets(principalOf: (domain: string) => KnownPrincipal | undefined): Iterable<WebhookTarget> {
    for (const [domain, url] of this.#urls) {
      const principal = principalOf(domain);
      if (principal !== undefined && principal.isSuspended !== true) yield { domain, url, monitors: monitoredBy(principal) };
    }
  }
}

/** The name under which leaves have it. */
const monitoredBy = ({ kind, spc, domain }: KnownPrincipal): string | null => {
  if (kind === 'np') return spc;
  return kind === 'ep' ? nameInLeaf(domain) : null;
};

const isOwnHost = (url: string, domain: string): boolean => {
  const { hostname } = new URL(url);
  return hostname === domain || hostname.endsWith(`.${domain}`);
};

const jsonOf = (octets: Uint8Array): unknown => {
  try {
    return parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};
