import type { Clock, FetchOctets, Register, TrustListState } from '../../ports/index.js';
import { Refusal } from '../../reasons/index.js';
import {
  ROLLED_BACK,
  SEQUENCE_REUSED,
  readTrustList,
  type AnchorMaterial,
  type Material,
  type TrustList,
  type TrustListFloor,
} from '../../verification/index.js';
import { CrlSet, parseCertificate } from '../../x509/index.js';
import type { TrustListFiles } from './trust-files.js';
import { readRecord, writeRecord, type TrustListOctets, type TrustListRecord } from './trust-list-record.js';
import { fetchOffer, offerOf, type Offer } from './trust-list-source.js';

/** A host that does not answer is asked again after this, or after the refresh time if that is shorter. */
const RETRY_MS = 60_000;

type Fault = keyof TrustListState['refused'];

/** What happened to a list; for the operator's log. */
export type TrustListEvent =
  | {
      readonly kind: 'accepted';
      readonly list: string;
      readonly sequence: number;
      readonly anchors: number;
      readonly until: number;
      readonly leftOut: readonly string[];
    }
  | { readonly kind: 'refused'; readonly list: string; readonly fault: Fault; readonly detail: string };

export interface TrustListsParts {
  /** Where the last good list of a name is kept. */
  readonly registerOf: (name: string) => Register;
  readonly fetch: FetchOctets;
  readonly clock: Pick<Clock, 'now'>;
  readonly onEvent: (event: TrustListEvent) => void;
}

/** How a list stands in a generation. */
export interface TrustListStanding {
  readonly name: string;
  /** Null: none is in force, and it gives no anchor. */
  readonly list: TrustList | null;
  readonly anchors: readonly AnchorMaterial[];
  /** Why what its source offers now is not in force; null: it is, or nothing was offered yet. */
  readonly refused: string | null;
  /** Whether a list of this name was ever good here. */
  readonly isKnown: boolean;
}

/** What is remembered of a list beside its record. */
interface Memory {
  record: TrustListRecord | null;
  /** What the URL gave last. */
  fetched: Offer | null;
  /** A list from a file whose signer's path could not be had, ms since 1970. */
  failed: { readonly octets: Uint8Array; readonly offer: Offer; readonly until: number } | null;
  /** When to fetch again, ms since 1970. */
  due: number;
  isFetching: boolean;
  /** What the operator was told last: once for each fault. */
  told: string | null;
  readonly refused: Record<Fault, number>;
}

/**
 * The trust lists that trust.yaml names. A list is put in force once it holds and is kept durably; what does not hold changes nothing; the last good
 * one stays until it runs out, over restarts too; then there is none. Judging takes turns: the caller's to see to.
 */
export class TrustLists {
  readonly #parts: TrustListsParts;
  readonly #memories = new Map<string, Memory>();
  readonly #stop = new AbortController();
  #fetches: Promise<unknown> = Promise.resolve();
  #hasNews = false;

  constructor(parts: TrustListsParts) {
    this.#parts = parts;
  }

  /** Judges every list now, under the CRLs of the same configuration. @throws ConfigurationProblems when what is kept is damaged */
  async judge(lists: readonly TrustListFiles[], material: Material): Promise<TrustListStanding[]> {
    this.#hasNews = false;
    if (lists.length === 0) return [];
    const crls = crlsAtHand(material);
    const standings = [];
    for (const files of lists) standings.push(await this.#judgeOne(files, crls));
    return standings;
  }

  /** Begins the fetches that are due. True when the lists should be judged again: something came, or a list in force has run out. */
  turn(lists: readonly TrustListFiles[], standings: readonly TrustListStanding[]): boolean {
    const now = this.#parts.clock.now();
    for (const files of lists) this.#fetchIfDue(files, now);
    return this.#hasNews || standings.some(({ list }) => list !== null && list.until * 1000 <= now);
  }

  states(standings: readonly TrustListStanding[]): TrustListState[] {
    return standings.map(({ name, list }) => ({
      name,
      sequence: list?.sequence ?? null,
      until: list?.until ?? null,
      refused: { ...(this.#memories.get(name)?.refused ?? NO_FAULTS) },
    }));
  }

  /** Gives up what is being fetched. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#fetches;
  }

  async #judgeOne(files: TrustListFiles, crls: CrlSet): Promise<TrustListStanding> {
    const { name } = files.policy;
    const memory = await this.#memoryOf(name, files.policy.url === undefined ? Infinity : 0);
    const offer = await this.#offer(files, memory);
    if (offer === null) return standingOf(files, memory, await this.#lastGood(files, memory, crls), null);
    const fault =
      'unavailable' in offer
        ? { fault: 'unavailable' as const, detail: offer.unavailable }
        : await this.#accept(files, memory, offer, crls);
    if ('fault' in fault) {
      this.#tell(name, memory, fault);
      return standingOf(files, memory, await this.#lastGood(files, memory, crls), fault.detail);
    }
    return standingOf(files, memory, fault, null);
  }

  async #offer(files: TrustListFiles, memory: Memory): Promise<Offer | null> {
    if (files.policy.url !== undefined) return memory.fetched;
    const { octets } = files;
    if (octets === null) return { unavailable: 'its file cannot be read' };
    // A list that is kept already is not fetched for again.
    if (memory.record !== null && Buffer.compare(octets, memory.record.octets) === 0 && files.signer === null) return memory.record;
    // A host that did not answer is not waited for with every reload.
    const now = this.#parts.clock.now();
    const { failed } = memory;
    if (failed !== null && now < failed.until && Buffer.compare(octets, failed.octets) === 0) return failed.offer;
    const offer = await offerOf(files, octets, this.#parts.fetch, this.#stop.signal);
    const until = now + RETRY_MS;
    memory.failed = 'unavailable' in offer ? { octets, offer, until } : null;
    if (memory.failed !== null) memory.due = until;
    return offer;
  }

  async #accept(
    files: TrustListFiles,
    memory: Memory,
    offer: TrustListOctets,
    crls: CrlSet,
  ): Promise<TrustList | { readonly fault: Fault; readonly detail: string }> {
    const list = await this.#read(files, offer, memory.record, crls);
    if (typeof list === 'string') return { fault: list === ROLLED_BACK || list === SEQUENCE_REUSED ? 'rollback' : 'invalid', detail: list };
    memory.told = null;
    if (memory.record !== null && isSame(memory.record, offer)) return list;
    const record = { sequence: list.sequence, digest: list.digest, octets: offer.octets, chain: offer.chain };
    try {
      // Before it is in force: else a crash could let the one before it come back.
      await writeRecord(this.#parts.registerOf(files.policy.name), record);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { fault: 'unavailable', detail: `it cannot be kept: ${error.message}` };
    }
    memory.record = record;
    const { sequence, until, anchors, leftOut } = list;
    this.#parts.onEvent({ kind: 'accepted', list: files.policy.name, sequence, anchors: anchors.length, until, leftOut });
    return list;
  }

  /** The last good list, judged again: roots, CRLs and time may have moved on. */
  async #lastGood(files: TrustListFiles, { record }: Memory, crls: CrlSet): Promise<TrustList | null> {
    const list = record === null ? null : await this.#read(files, record, record, crls);
    return typeof list === 'string' ? null : list;
  }

  /** The list, or what is wrong with it. */
  async #read(
    files: TrustListFiles,
    { octets, chain }: TrustListOctets,
    floor: TrustListFloor | null,
    crls: CrlSet,
  ): Promise<TrustList | string> {
    try {
      const { hosts } = files.policy;
      return await readTrustList({ octets, chain, roots: files.roots, hosts, floor, crls, at: this.#parts.clock.now() });
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'trust-list-invalid') return error.detail ?? error.message;
      throw error;
    }
  }

  #fetchIfDue(files: TrustListFiles, now: number): void {
    const memory = this.#memories.get(files.policy.name);
    if (memory === undefined || memory.isFetching || now < memory.due) return;
    const { url, refreshMinutes } = files.policy;
    if (url === undefined) {
      // A file's own watch says when it changes; what is tried again here is its signer's path alone.
      memory.due = Infinity;
      this.#hasNews = true;
      return;
    }
    memory.isFetching = true;
    this.#fetches = Promise.all([this.#fetches, this.#fetch(files, memory, url, refreshMinutes * 60_000)]);
  }

  async #fetch(files: TrustListFiles, memory: Memory, url: string, refreshMs: number): Promise<void> {
    const offer = await fetchOffer(files, url, this.#parts.fetch, this.#stop.signal);
    memory.isFetching = false;
    memory.fetched = offer;
    memory.due = this.#parts.clock.now() + ('unavailable' in offer ? Math.min(RETRY_MS, refreshMs) : refreshMs);
    this.#hasNews = true;
  }

  #tell(list: string, memory: Memory, { fault, detail }: { readonly fault: Fault; readonly detail: string }): void {
    if (memory.told === detail) return;
    memory.told = detail;
    memory.refused[fault] += 1;
    this.#parts.onEvent({ kind: 'refused', list, fault, detail });
  }

  async #memoryOf(name: string, due: number): Promise<Memory> {
    const known = this.#memories.get(name);
    if (known !== undefined) return known;
    const record = await readRecord(this.#parts.registerOf(name), name);
    const memory = { record, fetched: null, failed: null, due, isFetching: false, told: null, refused: { ...NO_FAULTS } };
    this.#memories.set(name, memory);
    return memory;
  }
}

/** What says that who signed a list is revoked. */
export const crlsAtHand = ({ crls, crlSigners, offeredSigners = [], crlAnchors }: Material): CrlSet =>
  new CrlSet({
    crls,
    signers: crlSigners.map((der) => parseCertificate(der)),
    offered: offeredSigners.map((der) => parseCertificate(der)),
    anchors: crlAnchors.map((der) => parseCertificate(der)),
  });

const standingOf = ({ policy }: TrustListFiles, { record }: Memory, list: TrustList | null, refused: string | null): TrustListStanding => {
  const { name, profile, speaksFor } = policy;
  const anchors = (list?.anchors ?? []).map((certificate) => ({ profile, certificate, speaksFor }));
  return { name, list, anchors, refused, isKnown: record !== null };
};

/**
 * Lists of files that never were good here: a mistake of who named them, and to be mended before anything is put in force. One that was good once and
 * has run out is none: the gateway is not ready, and does what it can.
 */
export const unknownLists = (lists: readonly TrustListFiles[], standings: readonly TrustListStanding[]): string[] =>
  standings.flatMap(({ name, isKnown, refused }, i) =>
    isKnown || lists[i]?.policy.file === undefined ? [] : [`trust.yaml: the trust list ${name} cannot be put in force: ${refused ?? ''}`],
  );

const NO_FAULTS: Readonly<Record<Fault, number>> = { rollback: 0, invalid: 0, unavailable: 0 };

const isSame = (a: TrustListOctets, b: TrustListOctets): boolean =>
  Buffer.compare(a.octets, b.octets) === 0 && JSON.stringify(a.chain) === JSON.stringify(b.chain);
