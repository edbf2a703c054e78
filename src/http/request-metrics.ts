import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

interface Child {
  inc(count: number): void;
}

/**
 * Counters of the requests of one server. Labels take values from closed sets alone (routes, methods, statuses, reasons): nothing that a client
 * wrote, no domain, nothing personal, so their number is bounded and the page may be shown.
 */
export class RequestMetrics {
  readonly registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status'>;
  readonly #seconds: Histogram<'route'>;
  readonly #problems: Counter<'reason'>;
  readonly #connectionFaults: Counter<'kind'>;
  readonly #bound = new Map<string, Child>();
  readonly #timers = new Map<string, (seconds: number) => void>();

  constructor(inFlight: () => number) {
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
    this.#connectionFaults = new Counter({
      name: 'signpost_connection_faults_total',
      help: 'Handshakes and requests that could not be read',
      labelNames: ['kind'],
      registers,
    });
    this.registry.registerMetric(gauge('signpost_http_in_flight', 'Requests being answered', inFlight));
  }

  request(route: string, method: string, status: number, seconds: number): void {
    const known = METHODS.has(method) ? method : 'other';
    this.increment(`${route} ${known} ${status}`, () => this.#requests.labels({ route, method: known, status: String(status) }));
    let timer = this.#timers.get(route);
    if (timer === undefined) {
      const child = this.#seconds.labels({ route });
      timer = (value) => child.observe(value);
      this.#timers.set(route, timer);
    }
    timer(seconds);
  }

  problem(reason: string): void {
    this.increment(`problem ${reason}`, () => this.#problems.labels({ reason }));
  }

  connectionFault(kind: 'tls' | 'request'): void {
    this.#connectionFaults.inc({ kind });
  }

  /** prom-client hashes labels with every call; a child bound once costs a tenth (standards: stack 4). */
  protected addTo(key: string, count: number, bind: () => Child): void {
    let child = this.#bound.get(key);
    if (child === undefined) {
      child = bind();
      this.#bound.set(key, child);
    }
    child.inc(count);
  }

  protected increment(key: string, bind: () => Child): void {
    this.addTo(key, 1, bind);
  }
}

export const gauge = (name: string, help: string, read: () => number): Gauge =>
  new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(read());
    },
  });
