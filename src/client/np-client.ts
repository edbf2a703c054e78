import type { ClientOptions } from './ap-client.js';
import { AuditClient } from './audit-client.js';
import { Connection } from './connection.js';
import { checkAction } from './passport-action.js';
import { DEFAULT_PATIENCE, type Patience } from './retry.js';
import { submitPassport, type Submitted } from './submission.js';

/**
 * What a number provider (or, for its addresses, an e-mail provider) does with a gateway: release or port a number, and register or withdraw for it.
 * Errors and retries are those of `ApClient`.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { NpClient } from 'signpost/client';
 *
 * const gateway = new NpClient({
 *   url: 'https://localhost:8443',
 *   ca: readFileSync('pki/tls/ca.pem'),
 *   cert: readFileSync('pki/clients/np1.example.pem'),
 *   key: readFileSync('pki/clients/np1.example.key.pem'),
 * });
 * const { logIndex } = await gateway.release(readFileSync('release.passport', 'utf8').trim());
 * console.log('released, and in the log at', logIndex);
 * gateway.close();
 * ```
 */
export class NpClient {
  readonly #connection: Connection;
  readonly #patience: Patience;
  readonly #receiptVkey: string | undefined;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#connection = new Connection(options);
    this.#patience = options.patience ?? DEFAULT_PATIENCE;
    this.#receiptVkey = options.receiptVkey;
    this.#options = options;
  }

  /** Presents a PASSporT of any action that the NP may sign (DESIGN section 5). */
  submit(passport: string): Promise<Submitted> {
    return submitPassport(this.#connection, this.#patience, this.#receiptVkey, passport);
  }

  /** The number has left its holder: when this resolves no lookup finds it. @throws Refusal `bad-action` for another action. */
  async release(passport: string): Promise<Submitted> {
    checkAction(passport, 'release');
    return this.submit(passport);
  }

  /**
   * The number moves to another provider, from `effective` on: at once agreed where the other provider, or the numbering authority, has said the same;
   * else this word waits for theirs. @throws Refusal `bad-action` for another action.
   */
  async port(passport: string): Promise<Submitted> {
    checkAction(passport, 'port');
    return this.submit(passport);
  }

  /** A withdrawal of any AP's mapping, signed by the NP of record. @throws Refusal `bad-action` for another action. */
  async withdraw(passport: string): Promise<Submitted> {
    checkAction(passport, 'withdraw');
    return this.submit(passport);
  }

  /**
   * What is under the provider's name, and alarms: an `AuditClient` over the same connection's terms. Close it too.
   *
   * @example
   * ```ts
   * const { logVkey } = JSON.parse(readFileSync('data/keys/public.json', 'utf8'));
   * const log = gateway.auditing(logVkey);
   * for await (const alarm of log.alarms('709J')) console.log(alarm);
   * ```
   */
  auditing(logVkey: string): AuditClient {
    return new AuditClient({ ...this.#options, logVkey });
  }

  close(): void {
    this.#connection.close();
  }
}
