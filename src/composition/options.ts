import type { Logger } from 'pino';
import type { ConfigurationPlaces } from '../adapters/configuration/index.js';
import type { FetcherParts } from '../adapters/x5u/index.js';
import type { RunningGateway } from '../gateway/index.js';
import type { Clock, ConfigurationControl, RandomSource, Timer, Waker } from '../ports/index.js';

export interface GatewayOptions extends ConfigurationPlaces {
  readonly dataDir: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly host?: string;
  /** `memory`, or the URL of a Redis server. */
  readonly store?: string;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly timer?: Timer;
  readonly waker?: Waker;
  /** How outside hosts are reached; absent: by the machine's resolver, at public addresses alone. No configuration reaches it. */
  readonly outside?: Omit<FetcherParts, 'clock' | 'limits'>;
  readonly log: Logger;
}

export interface GatewayHandle {
  readonly url: string;
  readonly port: number;
  readonly logVkey: string;
  readonly receiptVkey: string;
  /** Of the witnesses that are asked for cosignatures. */
  readonly witnessVkeys: readonly string[];
  readonly gateway: RunningGateway;
  /** Swaps policies, trust, principals and TLS files together, or keeps all that were and says why. */
  readonly configuration: ConfigurationControl;
  /** Not ready at once; finishes what is in flight, publishes and saves it, gives up the data directory. */
  stop(): Promise<void>;
}
