import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

/** What is to be sent: every body once, over kept-alive connections, each connection waiting for its answer. */
export interface LoadTask {
  readonly url: string;
  readonly path: string;
  readonly type: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly connections: number;
  /** File with one body a line. */
  readonly bodies: string;
  readonly from: number;
  readonly count: number;
}

export interface LoadResult {
  readonly perSecond: number;
  /** ms */
  readonly p50: number;
  readonly p99: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** The load client: connections are opened and warm before the clock starts. */
export const work = async (task: unknown): Promise<LoadResult> => {
  const { bodies: file, from, count, connections, ...place } = task as LoadTask;
  const bodies = readFileSync(file, 'utf8')
    .split('\n')
    .slice(from, from + count);
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connections,
    minVersion: 'TLSv1.3',
    ca: place.ca,
    cert: place.cert,
    key: place.key,
  });
  try {
    await Promise.all(Array.from({ length: connections }, () => send(agent, place, null)));
    return await sendAll(agent, place, bodies, connections);
  } finally {
    agent.destroy();
  }
};

type Place = Omit<LoadTask, 'bodies' | 'from' | 'count' | 'connections'>;

const sendAll = async (agent: Agent, place: Place, bodies: readonly string[], connections: number): Promise<LoadResult> => {
  const statuses: Record<string, number> = {};
  const waits: number[] = [];
  let next = 0;
  const start = performance.now();
  const connection = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const since = performance.now();
      const status = await send(agent, place, body);
      waits.push(performance.now() - since);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - start) / 1000;
  waits.sort((a, b) => a - b);
  const at = (part: number): number => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? 0;
  return { perSecond: bodies.length / seconds, p50: at(0.5), p99: at(0.99), statuses };
};

/** One request; null asks for the health of the place, to warm the connection. */
const send = (agent: Agent, { url, path, type }: Place, body: string | null): Promise<number> =>
  new Promise((resolve, reject) => {
    const options =
      body === null
        ? { agent, method: 'GET' }
        : { agent, method: 'POST', headers: { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) } };
    request(`${url}${body === null ? '/healthz' : path}`, options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    })
      .on('error', reject)
      .end(body ?? undefined);
  });
