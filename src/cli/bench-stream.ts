import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createInterface } from 'node:readline';

/** PASSporTs to be sent as the lines of one request. */
export interface StreamTask {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** File with one PASSporT a line. */
  readonly bodies: string;
  readonly from: number;
  readonly count: number;
}

export interface StreamResult {
  readonly perSecond: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** The importing client: as thin as there can be, and with a process of its own. */
export const work = (task: unknown): Promise<StreamResult> => {
  const { url, ca, cert, key, bodies, from, count } = task as StreamTask;
  const lines = readFileSync(bodies, 'utf8')
    .split('\n')
    .slice(from, from + count)
    .map((passport) => `{"passport":"${passport}"}\n`);
  const headers = { 'Content-Type': 'application/x-ndjson' };
  return new Promise((resolve, reject) => {
    const since = performance.now();
    const sent = request(`${url}/v1/passports`, { method: 'POST', minVersion: 'TLSv1.3', ca, cert, key, headers }, (response) => {
      const statuses: Record<string, number> = {};
      createInterface({ input: response }).on('line', (line) => {
        const status = /^\{"line":\d+,(?:.*?,)?"status":(\d+)/.exec(line)?.[1] ?? 'none';
        statuses[status] = (statuses[status] ?? 0) + 1;
      });
      response.on('end', () => resolve({ perSecond: (count * 1000) / (performance.now() - since), statuses }));
    });
    sent.on('error', reject);
    void write(sent, lines).catch(reject);
  });
};

/** Blocks of lines, as a file would be read; waits while the gateway does. */
const write = async (sent: ReturnType<typeof request>, lines: readonly string[]): Promise<void> => {
  for (let at = 0; at < lines.length; at += 32)
    if (!sent.write(lines.slice(at, at + 32).join(''))) await new Promise<void>((go) => sent.once('drain', go));
  sent.end();
};
