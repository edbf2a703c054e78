import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { Principal } from '../../src/gateway/index.js';
import { createProviderServer, type HttpServer } from '../../src/http/index.js';
import { AcmePlace } from './acme-place.js';
import { TlsPki } from './http-site.js';

const apOf = (domain: string): Principal => ({ domain, kind: 'ap', class: 'consumer', spc: null });

/** A place behind a real HTTPS server. */
export class AcmeHost {
  readonly tls = new TlsPki();
  readonly place = new AcmePlace();
  #server: HttpServer | null = null;

  async open(): Promise<this> {
    await this.place.open();
    this.#server = createProviderServer({
      principalOf: (domain) => (domain === 'np.example' ? { domain, kind: 'np', class: null, spc: '505X' } : apOf(domain)),
      problems: () => [],
      acme: this.place.server,
      publications: () => Promise.resolve([]),
      attestation: null,
      credentials: { ...this.tls.server, clientAuthorities: this.tls.ca },
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      random: randomBytes,
      log: pino({ level: 'silent' }),
    });
    this.place.origin = `https://localhost:${await this.#server.listen(0, 'localhost')}`;
    return this;
  }

  async close(): Promise<void> {
    await this.#server?.drain();
  }
}
