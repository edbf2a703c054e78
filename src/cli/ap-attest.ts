import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { AttestationClient, type Attested, type Proof, type Wish } from '../client/index.js';
import { Usage, domainOf, tlsOf, type CallerOptions } from './ap-caller.js';
import { understandSii, understandSsi } from './ap-identifier.js';
import { circleOf } from './ap-passport.js';

/** What `ap attest` was asked. */
export interface AttestOptions extends CallerOptions {
  readonly country?: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind?: 'user' | 'service';
  readonly circle?: string;
  readonly providerUrl?: string;
  readonly providerCa?: string;
  readonly proof: Proof['by'];
  readonly evidence?: string;
  readonly out?: string;
}

/** The subscriber's wish, proven to their number or mail provider: asks for the code on the terminal where there is one. */
export const attested = async (options: AttestOptions, typedSii: string, typedUser: string): Promise<Attested> => {
  const { providerUrl: url, providerCa } = options;
  if (url === undefined) throw new Usage('attested by whom? give --provider-url');
  const wish = wishOf(options, typedSii, typedUser);
  const proof = proofOf(options);
  const tls = tlsOf(options);
  const client = new AttestationClient({ url, ...tls, ...(providerCa === undefined ? {} : { ca: readFileSync(providerCa, 'utf8') }) });
  try {
    const answer = proof.by === 'otp' ? await byCode(client, wish) : await client.attest(wish, proof);
    if (options.out !== undefined) writeFileSync(options.out, `${answer.passport}\n`);
    return answer;
  } finally {
    client.close();
  }
};

const wishOf = (options: AttestOptions, typedSii: string, typedUser: string): Wish => {
  const { purpose, kind, circle, audience } = options;
  return {
    sii: understandSii(typedSii, options.country),
    ssi: understandSsi(typedUser, domainOf(options)),
    purpose,
    ...(kind === undefined ? {} : { kind }),
    ...(circle === undefined ? {} : { circle: circleOf(circle) }),
    ...(audience === undefined ? {} : { audience }),
  };
};

const proofOf = ({ proof: by, evidence }: AttestOptions): Proof => {
  if (by === 'otp') return { by };
  if (evidence === undefined) throw new Usage(`${by} needs --evidence, a file`);
  const text = readFileSync(evidence, 'utf8').trim();
  return by === 'sim' ? { by, accessToken: text } : { by, statement: text };
};

/** The question goes to standard error: standard output is the answer's alone. */
const byCode = async (client: AttestationClient, wish: Wish): Promise<Attested> => {
  const { id, expires } = await client.beginCode(wish);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const abandoned = new Promise<never>((_resolve, reject) => terminal.once('close', () => reject(new Usage('no code was given'))));
  try {
    const code = await Promise.race([terminal.question(`A code was sent. It is good until ${expires}. Code: `), abandoned]);
    return await client.complete(id, code.trim());
  } finally {
    terminal.close();
    abandoned.catch(() => undefined);
  }
};
