import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ConfigurationState } from '../ports/index.js';
import type { OffProfile } from '../reasons/index.js';
import type { InvalidationState } from '../gateway/index.js';
import { registerConfigurationMetrics } from './configuration-metrics.js';
import { registerInvalidationMetrics } from './invalidation-metrics.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

interface Child {
  inc(count: number): void;
}

/** What is read when somebody asks for the metrics. */
export interface Gauges {
  readonly inFlight: () => number;
  readonly logSize: () => number;
  readonly configuration: () => ConfigurationState;
  readonly invalidation: () => InvalidationState;
}

/**
 * Counters of this process. Labels take values from closed sets alone (routes, methods, statuses, reasons, findings, steps, actions, kinds):
 * nothing that a client wrote, no domain, nothing personal, so their number is bounded and the page may be shown.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status'>;
  readonly #seconds: Histogram<'route'>;
  readonly #problems: Counter<'reason'>;
  readonly #submissions: Counter<'outcome' | 'action'>;
  readonly #refusals: Counter<'step' | 'reason'>;
  readonly #findings: Counter<'code'>;
  readonly #lookups: Counter<'kind'>;
  readonly #lines: Counter<'status'>;
  readonly #connectionFaults: Counter<'kind'>;
  readonly #bound = new Map<string, Child>();
  readonly #timers = new Map<string, (seconds: number) => void>();

  constructor(gauges: Gauges) {
    const registers = [this.registry];
    this.#requests = new Counter({
      name: 'signpost_http_requests_total',
      help: 'Requests answered',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'signpost_http_request_seconds',
      help: 'Time from the header section to the end of the answer',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.#problems = new Counter({
      name: 'signpost_http_problems_total',
      help: 'Problem documents by reason',
      labelNames: ['reason'],
      registers,
    });
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
    this.#connectionFaults = new Counter({
      name: 'signpost_connection_faults_total',
      help: 'Handshakes and requests that could not be read',
      labelNames: ['kind'],
      registers,
    });
    this.registry.registerMetric(gauge('signpost_http_in_flight', 'Requests being answered', gauges.inFlight));
    this.registry.registerMetric(gauge('signpost_log_size', 'Entries in the log', gauges.logSize));
    registerConfigurationMetrics(this.registry, gauges.configuration);
    registerInvalidationMetrics(this.registry, gauges.invalidation);
  }

  request(route: string, method: string, status: number, seconds: number): void {
    const known = METHODS.has(method) ? method : 'other';
    this.#increment(`${route} ${known} ${status}`, () => this.#requests.labels({ route, method: known, status: String(status) }));
    let timer = this.#timers.get(route);
    if (timer === undefined) {
      const child = this.#seconds.labels({ route });
      timer = (value) => child.observe(value);
      this.#timers.set(route, timer);
    }
    timer(seconds);
  }

  problem(reason: string): void {
    this.#increment(`problem ${reason}`, () => this.#problems.labels({ reason }));
  }

  accepted(action: string, first: boolean): void {
    const outcome = first ? 'accepted' : 'repeated';
    this.#increment(`${outcome} ${action}`, () => this.#submissions.labels({ outcome, action }));
  }

  notAccepted(outcome: 'refused' | 'unavailable', step: string, reason: string): void {
    this.#increment(outcome, () => this.#submissions.labels({ outcome, action: '' }));
    this.#increment(`${step} ${reason}`, () => this.#refusals.labels({ step, reason }));
  }

  finding(code: OffProfile): void {
    this.#increment(`finding ${code}`, () => this.#findings.labels({ code }));
  }

  lookups(kind: string, count: number): void {
    this.#add(`lookups ${kind}`, count, () => this.#lookups.labels({ kind }));
  }

  line(status: number): void {
    this.#increment(`line ${status}`, () => this.#lines.labels({ status: String(status) }));
  }

  connectionFault(kind: 'tls' | 'request'): void {
    this.#connectionFaults.inc({ kind });
  }

  /** prom-client hashes labels with every call; a child bound once costs a tenth (standards: stack 4). */
  #add(key: string, count: number, bind: () => Child): void {
    let child = this.#bound.get(key);
    if (child === undefined) {
      child = bind();
      this.#bound.set(key, child);
    }
    child.inc(count);
  }

  #increment(key: string, bind: () => Child): void {
    this.#add(key, 1, bind);
  }
}

const gauge = (name: string, help: string, read: () => number): Gauge =>
  new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(read());
    },
  });
