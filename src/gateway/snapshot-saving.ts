import type { RunningGateway } from './gateway.js';

/** A start replays what the newest snapshot lacks, some 50 us a record: so many records may be missing, so few are worth a snapshot at a stop. */
const WORTHWHILE = 50_000;
const WORTHWHILE_AT_STOP = 1_000;

export interface SnapshotReports {
  readonly saved: (entries: number) => void;
  /** Not a promise broken: the write-ahead log holds everything. */
  readonly failed: (error: unknown) => void;
}

/** Saves a snapshot when enough has been written since the last. */
export class SnapshotSaving {
  readonly #gateway: Pick<RunningGateway, 'logSize' | 'snapshot'>;
  readonly #reports: SnapshotReports;
  #size = 0;

  constructor(gateway: Pick<RunningGateway, 'logSize' | 'snapshot'>, reports: SnapshotReports) {
    this.#gateway = gateway;
    this.#reports = reports;
  }

  turn(): Promise<void> {
    return this.#save(WORTHWHILE);
  }

  stop(): Promise<void> {
    return this.#save(WORTHWHILE_AT_STOP);
  }

  /** Never rejects. */
  async #save(worthwhile: number): Promise<void> {
    const size = this.#gateway.logSize;
    if (size - this.#size < worthwhile) return;
    try {
      await this.#gateway.snapshot();
      this.#size = size;
      this.#reports.saved(size);
    } catch (error) {
      this.#reports.failed(error);
    }
  }
}
