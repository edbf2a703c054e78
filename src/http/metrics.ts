import { Counter } from 'prom-client';
import type { ConfigurationState } from '../ports/index.js';
import type { OffProfile } from '../reasons/index.js';
import type { HeldAnswersState, InvalidationState, MeteringState, RejectState } from '../gateway/index.js';
import { registerConfigurationMetrics } from './configuration-metrics.js';
import { registerHeldAnswersMetrics } from './held-answers-metrics.js';
import { registerInvalidationMetrics } from './invalidation-metrics.js';
import { registerMeteringMetrics } from './metering-metrics.js';
import { registerRejectMetrics } from './reject-metrics.js';
import type { StreamEnd } from './event-stream.js';
import { RequestMetrics, gauge } from './request-metrics.js';

/** What is read when somebody asks for the metrics. */
export interface Gauges {
  readonly inFlight: () => number;
  readonly logSize: () => number;
  readonly configuration: () => ConfigurationState;
  readonly invalidation: () => InvalidationState;
  readonly held: () => HeldAnswersState;
  readonly streams: () => number;
  readonly metering: () => MeteringState;
  readonly rejects: () => RejectState;
}

/** Counters of a gateway: those of its requests, and what became of PASSporTs and lookups. Labels are as closed as those of the requests. */
export class Metrics extends RequestMetrics {
  readonly #submissions: Counter<'outcome' | 'action'>;
  readonly #refusals: Counter<'step' | 'reason'>;
  readonly #findings: Counter<'code'>;
  readonly #lookups: Counter<'kind'>;
  readonly #lines: Counter<'status'>;
  readonly #pushed: Counter;
  readonly #streamEnds: Counter<'how'>;

  constructor(gauges: Gauges) {
    super(gauges.inFlight);
    const registers = [this.registry];
    this.#submissions = new Counter({
      name: 'signpost_submissions_total',
      help: 'PASSporTs by outcome',
      labelNames: ['outcome', 'action'],
      registers,
    });
    this.#refusals = new Counter({
      name: 'signpost_refusals_total',
      help: 'PASSporTs not accepted, by step',
      labelNames: ['step', 'reason'],
      registers,
    });
    this.#findings = new Counter({
      name: 'signpost_profile_findings_total',
      help: 'PASSporTs whose path is off its trust profile, by finding, whatever the verdict',
      labelNames: ['code'],
      registers,
    });
    this.#lookups = new Counter({
      name: 'signpost_lookups_total',
      help: 'SIIs looked up, by kind of client',
      labelNames: ['kind'],
      registers,
    });
    this.#lines = new Counter({ name: 'signpost_stream_lines_total', help: 'NDJSON lines answered', labelNames: ['status'], registers });
    this.#pushed = new Counter({
      name: 'signpost_invalidation_events_total',
      help: 'Events written to streams of invalidations',
      registers,
    });
    this.#streamEnds = new Counter({
      name: 'signpost_invalidation_stream_ends_total',
      help: 'Streams of invalidations that ended, by how',
      labelNames: ['how'],
      registers,
    });
    this.registry.registerMetric(gauge('signpost_log_size', 'Entries in the log', gauges.logSize));
    registerConfigurationMetrics(this.registry, gauges.configuration);
    registerInvalidationMetrics(this.registry, gauges.invalidation);
    registerHeldAnswersMetrics(this.registry, gauges.held, gauges.streams);
    registerMeteringMetrics(this.registry, gauges.metering);
    registerRejectMetrics(this.registry, gauges.rejects);
  }

  accepted(action: string, first: boolean): void {
    const outcome = first ? 'accepted' : 'repeated';
    this.increment(`${outcome} ${action}`, () => this.#submissions.labels({ outcome, action }));
  }

  notAccepted(outcome: 'refused' | 'unavailable', step: string, reason: string): void {
    this.increment(outcome, () => this.#submissions.labels({ outcome, action: '' }));
    this.increment(`${step} ${reason}`, () => this.#refusals.labels({ step, reason }));
  }

  finding(code: OffProfile): void {
    this.increment(`finding ${code}`, () => this.#findings.labels({ code }));
  }

  lookups(kind: string, count: number): void {
    this.addTo(`lookups ${kind}`, count, () => this.#lookups.labels({ kind }));
  }

  changesPushed(count: number): void {
    this.#pushed.inc(count);
  }

  streamEnded(how: StreamEnd): void {
    this.#streamEnds.labels({ how }).inc();
  }

  line(status: number): void {
    this.increment(`line ${status}`, () => this.#lines.labels({ status: String(status) }));
  }
}
