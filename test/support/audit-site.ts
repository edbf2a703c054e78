import type { Gateway } from '../../src/gateway/index.js';
import { gatewayThat, startSite, TlsPki, type TestSite } from './http-site.js';
import { vkeyOf, testSigner } from './log-fixtures.js';
import { LOG_SIGNER, ORIGIN, builtPage, type LogFiles } from './published-log.js';
import { reasonsDocument } from '../../src/http/index.js';
import { PIPELINE, SEQUENCER_STEPS } from '../../src/verification/index.js';

export const RECEIPT_SIGNER = testSigner(`${ORIGIN}/receipt`);

export const WITNESS = testSigner('witness.example');

export const REASONS_DOCUMENT = reasonsDocument(
  [...PIPELINE, ...SEQUENCER_STEPS].map(({ name, clause, refuses }) => ({ step: name, clause, reasons: refuses })),
);

/** The page served by the real HTTP server, over a log that a test can change under it. */
export class AuditSite {
  log: LogFiles;
  readonly tls: TlsPki;
  readonly #site: TestSite;

  private constructor(site: TestSite, log: LogFiles, tls: TlsPki) {
    this.#site = site;
    this.tls = tls;
    this.log = log;
  }

  static async start(log: LogFiles, open?: Gateway['open']): Promise<AuditSite> {
    const tls = new TlsPki();
    const held: { site: AuditSite | null } = { site: null };
    const site = await startSite(tls, {
      auditPage: builtPage(),
      gateway: gatewayThat({ logFile: async (path) => held.site?.log.get(path) ?? null, ...(open === undefined ? {} : { open }) }),
      reasons: REASONS_DOCUMENT,
      discovery: {
        audience: 'dp.example',
        origin: ORIGIN,
        logVkey: vkeyOf(LOG_SIGNER),
        witnessVkeys: [vkeyOf(WITNESS, 4)],
        receiptVkey: vkeyOf(RECEIPT_SIGNER),
      },
    });
    return (held.site = new AuditSite(site, log, tls));
  }

  get url(): string {
    return `https://localhost:${this.#site.port}/audit/`;
  }

  async stop(): Promise<void> {
    await this.#site.server.drain();
  }
}
