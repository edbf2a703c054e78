import type { Logger } from 'pino';
import { ConfigurationProblems } from '../adapters/configuration/index.js';
import { HttpsWitness } from '../adapters/witness/index.js';
import { isPublicAddress } from '../adapters/x5u/index.js';
import { Witnessing, type WitnessEntry, type WitnessEvent } from '../gateway/witnessing.js';
import { asCosigner, formatVkey, parseVkey, type VerificationKey } from '../log/index.js';
import type { GatewayPolicy } from '../policy/index.js';
import type { Clock } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';

type WitnessPolicy = GatewayPolicy['witnesses'];

/** The witnesses that policy names. Replaced at a reload only where policy says something else: who stays keeps what it knows. */
export class PolicyWitnesses {
  readonly witnessing: Witnessing;
  #inForce: string | null = null;

  constructor(clock: Clock, log: Logger) {
    this.witnessing = new Witnessing(clock, (event) => report(log, event));
  }

  /** @throws ConfigurationProblems for a key that is none, or stands for two; nothing has changed then */
  use(policy: WitnessPolicy): void {
    const said = JSON.stringify(policy);
    if (said === this.#inForce) return;
    this.witnessing.use(entriesOf(policy), policy.quorum);
    this.#inForce = said;
  }

  /** Of type 0x04, as C2SP tlog-cosignature writes them. */
  vkeys(): readonly string[] {
    return this.witnessing.vkeys().map(({ name, publicKey, type }) => formatVkey(name, publicKey, type));
  }
}

const entriesOf = ({ members }: WitnessPolicy): WitnessEntry[] => {
  const problems: string[] = [];
  const keys = members.map(({ vkey }, i) => keyOf(vkey, `gateway.yaml: witnesses.members.${i}.vkey`, problems));
  const distinct = new Set(keys.map((key) => (key === null ? null : Buffer.from(key.publicKey).toString('hex'))));
  // One key under two names is one witness, and would count twice.
  if (problems.length === 0 && distinct.size < keys.length) problems.push('gateway.yaml: witnesses.members: a key stands there twice');
  if (problems.length > 0) throw new ConfigurationProblems(problems);
  return members.flatMap(({ url, ca, internal }, i) => {
    const key = keys[i] ?? null;
    return key === null ? [] : [{ key, link: new HttpsWitness({ url, ca, isAllowed: internal ? () => true : isPublicAddress }) }];
  });
};

const keyOf = (vkey: string, place: string, problems: string[]): VerificationKey | null => {
  try {
    return asCosigner(parseVkey(vkey));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    problems.push(`${place}: is no verifier key (${error.detail ?? error.reason}): copy it whole from the witness`);
    return null;
  }
};

const SAID: Readonly<Record<WitnessEvent['event'], string>> = {
  fork: 'a witness knows another history of this log: find out which before anything else; keep its checkpoint and ours',
  unwitnessed: 'checkpoints lack the cosignatures of the quorum',
  witnessed: 'checkpoints have the cosignatures of the quorum again',
  trouble: 'a witness does not cosign',
  well: 'a witness cosigns again',
};

const LEVEL = { fork: 'error', unwitnessed: 'error', trouble: 'warn', witnessed: 'info', well: 'info' } as const;

const report = (log: Logger, event: WitnessEvent): void => log[LEVEL[event.event]](event, SAID[event.event]);
