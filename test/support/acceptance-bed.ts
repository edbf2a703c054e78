import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { ApiRefusal, type ApClient, type LookupAnswer, type Query } from '../../src/client/index.js';
import type { IssuedCredential } from '../../src/issuance/index.js';
import { parseLeaf, type LeafFields } from '../../src/log/index.js';
import { ask, type Ask, type Reply } from './http-site.js';
import { RedisServer, hasRedis } from './redis-server.js';
import { rejectionOf } from './scripted-gateway.js';
import { SPC, ServedGateway, registrationClaims, signed, type Claims } from './served-gateway.js';

export const STORES: readonly ('memory' | 'redis')[] = hasRedis ? ['memory', 'redis'] : ['memory'];

/** The AP without a network, two that NPs operate, a business cloud, and one that is onboarded by the API. */
export const [OTT, RCS, BIZ, EVIL] = ['a.example', 'b.example', 'biz.example', 'evil.example'];
export const OTHER_SPC = '505X';

type Terms = Record<string, unknown>;

export interface BedOptions {
  /** Changes the development PKI's gateway.yaml before the start. */
  readonly policy?: (policy: Terms) => Terms;
  /** Further rows of numbering.csv. */
  readonly numbering?: string;
}

/** The cast of the acceptance rows around one served gateway, all of them speaking HTTP. One bed serves every test of a file. */
export class AcceptanceBed {
  readonly served: ServedGateway;
  readonly #redis: RedisServer | null;
  readonly #clients = new Map<string, ApClient>();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #next = 12_025_551_000;

  private constructor(redis: RedisServer | null) {
    this.#redis = redis;
    this.served = new ServedGateway(redis === null ? [] : ['--store', redis.url]);
  }

  static async open(store: 'memory' | 'redis', { policy, numbering = '' }: BedOptions = {}): Promise<AcceptanceBed> {
    const bed = new AcceptanceBed(store === 'redis' ? await RedisServer.start() : null);
    if (policy !== undefined) bed.#write(policy);
    const file = join(bed.served.pki.directory, 'policies/numbering.csv');
    writeFileSync(file, readFileSync(file, 'utf8') + numbering);
    try {
      await bed.served.start();
    } catch (error) {
      await bed.close();
      throw error;
    }
    return bed;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    this.#agent.destroy();
    await this.served.remove();
    await this.#redis?.stop();
  }

  /** A number that NP1 holds and nobody used before. */
  fresh(): string {
    return String((this.#next += 1));
  }

  as(domain: string): ApClient {
    const client = this.#clients.get(domain) ?? this.served.ap(domain);
    this.#clients.set(domain, client);
    return client;
  }

  delegate(provider: string, tn: string, variation = {}, count = 1): IssuedCredential {
    return this.served.pki.hierarchy.delegate({ spc: SPC, provider, numbers: [{ start: tn, count }], ...variation });
  }

  /** A register PASSporT of Alice, by a credential of its own unless one is given. */
  registration(provider: string, tn: string, changes: Claims = {}, credential = this.delegate(provider, tn)): string {
    return signed(credential, registrationClaims(tn, `mimi://${provider}/u/alice`, changes));
  }

  register(provider: string, tn: string, changes: Claims = {}, credential?: IssuedCredential) {
    return this.as(provider).register(this.registration(provider, tn, changes, credential));
  }

  lookup(tn: string, as = RCS, how: Omit<Query, 'sii'> = {}): Promise<LookupAnswer> {
    return this.as(as).lookup(`tel:+${tn}`, how);
  }

  /** Providers that a number resolves to, the default with a star. */
  async found(tn: string, as = RCS, how: Omit<Query, 'sii'> = {}): Promise<string[]> {
    return (await this.lookup(tn, as, how)).mappings.map((one) => `${one.provider}${one.default ? ' *' : ''}`);
  }

  /** One request; as nobody where `as` is null. */
  call(as: string | null, method: string, path: string, body?: unknown, more: Partial<Ask> = {}): Promise<Reply> {
    const json = body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const { ca, ...client } = this.served.tls(as ?? 'nobody.example');
    const known = as === null ? {} : { client };
    return ask(this.port, ca, { method, path, ...json, ...known, agent: this.#agent, ...more });
  }

  get port(): number {
    return Number(new URL(this.served.running.url).port);
  }

  /** Until a second has begun; who says what in which second is part of some rules. */
  async until(second: number): Promise<void> {
    while (Date.now() < second * 1000) await wait(second * 1000 - Date.now());
  }

  async onboard(domain: string, terms: Terms): Promise<void> {
    const { status } = await this.call('operator.example', 'PUT', `/v1/admin/principals/${domain}`, terms);
    if (status !== 200 && status !== 201) throw new Error(`onboarding was answered ${status}`);
  }

  /** Puts what is on disk in force. */
  async reload(): Promise<void> {
    const { status, body } = await this.call('operator.example', 'POST', '/v1/admin/reload');
    if (status !== 200) throw new Error(`not reloaded: ${body.toString()}`);
  }

  /** Changes gateway.yaml while the gateway runs. */
  async govern(policy: (policy: Terms) => Terms): Promise<void> {
    this.#write(policy);
    await this.reload();
  }

  #write(policy: (policy: Terms) => Terms): void {
    const file = join(this.served.pki.directory, 'policies/gateway.yaml');
    writeFileSync(file, stringify(policy(parse(readFileSync(file, 'utf8')) as Terms)));
  }

  async leaf(index: number | null): Promise<LeafFields> {
    if (index === null) throw new Error('it was not logged');
    return parseLeaf((await this.served.auditor().entry(index)).leaf);
  }

  /** Verifies as an auditor that the log holds an entry, once a checkpoint covers it: one is published each second. */
  async prove(index: number): Promise<LeafFields> {
    const auditor = this.served.auditor();
    for (;;) {
      try {
        return parseLeaf((await auditor.proof(index)).leaf);
      } catch (error) {
        if (!(error instanceof ApiRefusal) || error.reason !== 'not-published') throw error;
        await wait(50);
      }
    }
  }
}

/** What the gateway said when it said no; anything else is thrown. */
export const refusalOf = async (work: Promise<unknown>): Promise<ApiRefusal> => {
  const error = await rejectionOf(work);
  if (error instanceof ApiRefusal) return error;
  throw error;
};

export const jsonOf = (reply: Reply): Record<string, unknown> => JSON.parse(reply.body.toString()) as Record<string, unknown>;
