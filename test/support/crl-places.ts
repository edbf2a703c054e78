import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCrlArchive, nodeFileSystem, type FileSystem } from '../../src/adapters/files/index.js';
import { CrlKeeper, FetchedStatus, type CrlPolicy, type CrlReport, type Fetcher } from '../../src/adapters/status/index.js';
import { FetchBudget } from '../../src/adapters/x5u/index.js';
import { encodeOid, encodeSequence } from '../../src/encoding/index.js';
import { STIR_RULES, parseCertificate, type Certificate } from '../../src/x509/index.js';
import { AT, extension, uri, type Issued } from './raw-certificate.js';
import { fetcherTo, openOrigin, serverIdentity, type Answering } from './tls-origin.js';

export const HOST = 'crl.sti.example';
export const OTHER_HOST = 'crl.other.example';
export const SLOW_HOSTS = ['crl-1.sti.example', 'crl-2.sti.example', 'crl-3.sti.example'];
export const PLACE = `https://${HOST}/a.crl`;
export const BOTH: CrlPolicy = { crlSources: [], crlHosts: [HOST, OTHER_HOST] };
export const SOURCE: CrlPolicy = { crlSources: [{ url: PLACE, everyMinutes: 60 }], crlHosts: [] };

/** A clock that stands still at AT until the test moves it. */
export class StillClock {
  ms = AT;
  now(): number {
    return this.ms;
  }
  monotonic(): number {
    return this.ms;
  }
}

/** authorityInfoAccess of a CRL: where its signer's certificates are. */
export const signersAt = (...urls: string[]): Buffer =>
  extension('1.3.6.1.5.5.7.1.1', encodeSequence(...urls.map((url) => encodeSequence(encodeOid('1.3.6.1.5.5.7.48.2'), uri(url)))));

export const certificateOf = ({ der }: Issued): Certificate => parseCertificate(der);

/** What stands behind a path of the hosts: octets, or whatever the test answers with. */
export type Content = Uint8Array | ((response: ServerResponse) => void);

export interface KeeperOptions {
  readonly policy?: CrlPolicy;
  readonly trusted?: readonly Issued[];
  readonly anchors?: readonly Issued[];
  readonly fs?: FileSystem;
  /** ms that a fetch may take. */
  readonly patience?: number;
  readonly ocspHosts?: readonly string[];
  /** 0 to 255: every octet that the keeper draws. */
  readonly chance?: number;
}

/** Hosts with CRLs behind real sockets, a directory to keep them in, and keepers opened on it one after the other. */
export class CrlPlaces {
  readonly clock = new StillClock();
  readonly directory = mkdtempSync(join(tmpdir(), 'signpost-crls-'));
  readonly content = new Map<string, Content>();
  readonly asked: string[] = [];
  readonly reports: CrlReport[] = [];
  changes = 0;
  #port = 0;
  #closers: (() => Promise<void>)[] = [];

  async open(): Promise<this> {
    const answering: Answering = (request, response) => {
      this.asked.push(request.url ?? '');
      const content = this.content.get(request.url ?? '');
      if (content === undefined) return void response.writeHead(404).end();
      return content instanceof Uint8Array ? void response.end(content) : content(response);
    };
    const origin = await openOrigin(answering, serverIdentity([HOST, OTHER_HOST, ...SLOW_HOSTS]));
    this.#port = origin.port;
    this.#closers.push(() => origin.close());
    return this;
  }

  fetcher(patience = 2_000): Fetcher {
    return fetcherTo(this.#port, { limits: { timeoutMs: patience } });
  }

  archive(fs: FileSystem = nodeFileSystem): FileCrlArchive {
    return new FileCrlArchive(join(this.directory, 'crls'), fs);
  }

  async keeper({ policy = SOURCE, trusted = [], anchors = [], fs, patience, chance = 0 }: KeeperOptions = {}): Promise<CrlKeeper> {
    const keeper = await CrlKeeper.open(
      {
        fetcher: this.fetcher(patience),
        archive: this.archive(fs),
        clock: this.clock,
        random: (octets) => Buffer.alloc(octets, chance),
        vouchers: () => ({ trusted: trusted.map(certificateOf), anchors: anchors.map(certificateOf), rules: STIR_RULES }),
        changed: () => {
          this.changes += 1;
          return Promise.resolve();
        },
        report: (report) => this.reports.push(report),
      },
      policy,
    );
    this.#closers.push(() => keeper.close());
    return keeper;
  }

  status(keeper: CrlKeeper, { ocspHosts = [], patience }: KeeperOptions = {}): FetchedStatus {
    const budget = new FetchBudget(this.clock);
    return new FetchedStatus({ keeper, fetcher: this.fetcher(patience), clock: this.clock, budget, ocspHosts: () => ocspHosts });
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
