import { Unavailable } from '../reasons/index.js';
import type { Tree } from '../log/index.js';
import type { MappingStore, SnapshotStorage, WriteAheadLog } from '../ports/index.js';
import type { Projection } from './projection.js';
import type { Sequencer } from './sequencer.js';
import { snapshotParts, type SnapshotSource } from './snapshot.js';

export interface SnapshotTakingParts extends Pick<SnapshotSource, 'spent' | 'book'> {
  readonly snapshots: SnapshotStorage;
  readonly store: MappingStore;
  readonly storeIsVolatile: boolean;
  readonly wal: Pick<WriteAheadLog, 'size'>;
  readonly tree: Tree;
  readonly projection: Pick<Projection, 'positions'>;
  readonly sequencer: Pick<Sequencer, 'exclusively' | 'time' | 'storeBehind' | 'lastErasure'>;
}

/** Saves snapshots, one at a time, and lets none live that holds what was erased. */
export class SnapshotTaking {
  readonly #parts: SnapshotTakingParts;
  #turn: Promise<unknown> = Promise.resolve();
  /** The last erasure that no snapshot is before. */
  #forgotten = -1;

  constructor(parts: SnapshotTakingParts) {
    this.#parts = parts;
  }

  /** Saves one at the present log size; none while the store is behind. */
  save(): Promise<void> {
    return this.#next(() => this.#save());
  }

  /** Resolves when no snapshot holds what was erased. @throws Unavailable `store-unavailable` */
  forget(): Promise<void> {
    return this.#next(async () => {
      if (this.isForgotten) return;
      await this.#save();
      if (!this.isForgotten) throw new Unavailable('store-unavailable');
    });
  }

  /** Whether no snapshot holds what was erased. */
  get isForgotten(): boolean {
    return this.#forgotten >= this.#parts.sequencer.lastErasure;
  }

  #next(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #save(): Promise<void> {
    const { snapshots, store, storeIsVolatile, wal, tree, spent, book, projection, sequencer } = this.#parts;
    // Between two commits everything is at one log size; the subjects may run ahead of it while they are written.
    const source = await sequencer.exclusively(async () => ({
      size: wal.size,
      tree: tree.serialise(),
      time: sequencer.time,
      positions: projection.positions.slice(),
      erasure: sequencer.lastErasure,
    }));
    if (sequencer.storeBehind) return;
    const subjects = storeIsVolatile ? (store.whole ?? null) : null;
    await snapshots.save(source.size, snapshotParts({ ...source, spent, book, subjects }), source.erasure);
    this.#forgotten = source.erasure;
  }
}
