import { expect } from '@jest/globals';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { foldLog, type Submission } from '../../src/gateway/index.js';
import type { IssuedCredential, RevocationReason } from '../../src/issuance/index.js';
import { parseLeaf, type LeafFields } from '../../src/log/index.js';
import type { Material } from '../../src/verification/index.js';
import { A, B, delegateFor, makeWorld, openAt, registration, type OpenOptions, type Opened, type Place } from './open-gateway.js';

/** A gateway whose trust changes under it, and what must be true of it whenever nothing is under way. */
export class SweptGateway {
  readonly place: Place;
  opened: Opened;

  private constructor(place: Place, opened: Opened) {
    this.place = place;
    this.opened = opened;
  }

  static async open(place: Place, options: OpenOptions = {}): Promise<SweptGateway> {
    return new SweptGateway(place, await openAt(place, options));
  }

  /** Ends this run and begins the next on the same data. */
  async restart(options: OpenOptions = {}): Promise<void> {
    await this.opened.close();
    this.opened = await openAt(this.place, options);
  }

  close(): Promise<void> {
    return this.opened.close();
  }

  get gateway(): Opened['gateway'] {
    return this.opened.gateway;
  }

  submit(passport: string, client = A): Promise<Submission> {
    return this.gateway.submit(passport, client);
  }

  /** Registers a number and gives the credential that did. */
  async register(tn: string, credential: IssuedCredential = delegateFor(this.place, 'a.example', tn)): Promise<IssuedCredential> {
    this.place.clock.advance(1);
    const submission = await this.submit(registration(this.place, tn, { credential }));
    if (submission.outcome !== 'accepted') throw new Error(`refused with ${submission.reason}`);
    return credential;
  }

  /** From the next world on the end-entity is on the CRL of its NP. */
  revoke({ path }: IssuedCredential, reason: RevocationReason, invalidSince?: number): void {
    const { hierarchy } = this.place.pki;
    const [endEntity = Buffer.alloc(0)] = path;
    hierarchy.revoke(endEntity, hierarchy.authority('np-709J'), reason, invalidSince);
  }

  /** Publishes CRLs and takes up whatever has changed, without waiting. */
  async reload(change?: (material: Material) => Material): Promise<void> {
    this.place.clock.advance(1);
    this.place.pki.publishRevocations();
    this.gateway.setWorld(await makeWorld(this.place, change));
  }

  /** The same, to its end. */
  async sweep(change?: (material: Material) => Material): Promise<void> {
    await this.reload(change);
    await this.gateway.swept();
    expect(this.gateway.invalidation).toMatchObject({ pending: false, problem: null });
  }

  /** Providers that a number resolves to. */
  async resolved(tn: string): Promise<string[]> {
    const [answer] = (await this.gateway.lookup([{ sii: `tel:+${tn}` }], B)).answers;
    return (answer?.mappings ?? []).map(({ provider }) => provider);
  }

  /** The `revoke` leaves of the log, in order. */
  async fell(): Promise<LeafFields[]> {
    const leaves: LeafFields[] = [];
    for await (const { record } of this.opened.data.wal.read(0)) leaves.push(parseLeaf(record.leaf));
    return leaves.filter(({ k }) => k === 'revoke');
  }

  async packed(): Promise<Map<string, string>> {
    const all = new Map<string, string>();
    for await (const [id, packed] of this.opened.store.entries()) all.set(id, Buffer.from(packed).toString('hex'));
    return all;
  }

  /** The store is the fold of the log, and an auditor finds nothing wrong with the data directory. */
  async expectWhole(): Promise<void> {
    const { wal, vault, keys } = this.opened.data;
    const folded = await foldLog({ wal, vault, pepper: keys.pepper });
    expect(await this.packed()).toEqual(new Map([...folded].map(([id, packed]) => [id, Buffer.from(packed).toString('hex')])));
    await this.opened.publisher.publish();
    expect((await fsckDirectory(this.place.dataDir, {})).problem).toBeNull();
  }
}
