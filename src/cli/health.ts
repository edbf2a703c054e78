import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';

interface Options {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly timeout: string;
  readonly json?: true;
}

interface Health {
  readonly ready: boolean;
  readonly reason: string | null;
  /** Told to operators and auditors alone. */
  readonly problems: readonly string[];
}

const MAX_ANSWER = 64 * 1024;

const ask = (url: URL, options: Options): Promise<Health> =>
  new Promise((resolve, reject) => {
    const pem = (file: string | undefined): Buffer | undefined => (file === undefined ? undefined : readFileSync(file));
    const call = request(
      new URL('/readyz', url),
      { ca: pem(options.ca), cert: pem(options.cert), key: pem(options.key), minVersion: 'TLSv1.3', agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          if (text.length > MAX_ANSWER) call.destroy(new Error('the answer is too large'));
        });
        response.on('error', reject);
        response.on('end', () => {
          const health = readHealth(response.statusCode ?? 0, text);
          if (health === null) reject(new Error('the answer is not one of a gateway'));
          else resolve(health);
        });
      },
    );
    call.setTimeout(Number(options.timeout), () => call.destroy(new Error('no answer in time')));
    call.on('error', reject);
    call.end();
  });

const answer = z.object({ ready: z.boolean(), reason: z.string().optional(), problems: z.array(z.string()).default([]) });

const readHealth = (status: number, text: string): Health | null => {
  try {
    const { ready, reason, problems } = answer.parse(JSON.parse(text));
    return { ready: ready && status === 200, reason: reason ?? null, problems };
  } catch {
    return null;
  }
};

/** `signpost health`: 0 ready, 1 not ready, 2 could not be asked. */
export const run = async (argv: string[]): Promise<number> => {
  const command = new Command('signpost health')
    .description('Ask a running gateway whether it can keep every promise.')
    .argument('[url]', 'the gateway', 'https://localhost:8443')
    .option('--ca <file>', "PEM of the gateway's TLS authority")
    .option('--cert <file>', "PEM of an operator's certificate: the answer then says what is wrong")
    .option('--key <file>', 'PEM of its key')
    .option('--timeout <ms>', 'how long to wait', '5000')
    .option('--json', 'answer as one JSON object')
    .exitOverride();
  try {
    command.parse(argv, { from: 'user' });
    const options = command.opts<Options>();
    const health = await ask(new URL(command.processedArgs[0] as string), options);
    const words = health.ready ? 'ready' : ['not ready', ...(health.reason === null ? [] : [health.reason]), ...health.problems].join(': ');
    process.stdout.write(`${options.json === true ? JSON.stringify(health) : words}\n`);
    return health.ready ? 0 : 1;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`${error instanceof Error ? error.message : 'could not be asked'}\n`);
    return 2;
  }
};
