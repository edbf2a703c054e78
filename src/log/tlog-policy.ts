import { refuse } from '../reasons/index.js';
import { KEY_TYPE, asCosigner, toKey, type VerificationKey } from './vkey.js';

export interface PolicyWitness {
  /** In the policy alone. */
  readonly name: string;
  readonly key: VerificationKey;
  readonly url: string | null;
}

/** C2SP tlog-policy: whose checkpoints count, and which cosignatures they need. */
export interface TlogPolicy {
  readonly logs: readonly VerificationKey[];
  readonly witnesses: readonly PolicyWitness[];
  /** Whether these keys together, each having cosigned, are a quorum. */
  isQuorum(cosigners: Iterable<VerificationKey>): boolean;
}

/** Of one name: whether it has witnessed what the keys have cosigned. */
type Rule = (cosigned: ReadonlySet<string>) => boolean;

/** C2SP tlog-policy asks for at least 32 of each; caps bound the work that a stranger's file can cause. */
const MAX_LINES = 1024;
const MAX_OCTETS = 256 * 1024;

const malformed = (line: number, what: string): never => refuse('malformed-policy', `line ${line}: ${what}`);

const octetsOf = (key: VerificationKey): string => Buffer.from(key.publicKey).toString('hex');

class PolicyReader {
  readonly #logs: VerificationKey[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #rules = new Map<string, Rule>();
  readonly #used = new Set<string>();
  #quorum: Rule | null = null;

  take(line: number, [keyword, ...items]: readonly string[]): void {
    if (keyword === 'log') this.#log(line, items);
    else if (keyword === 'witness') this.#witness(line, items);
    else if (keyword === 'group') this.#group(line, items);
    else if (keyword === 'quorum') this.#setQuorum(line, items);
    else malformed(line, 'neither log, witness, group nor quorum');
  }

  end(line: number): TlogPolicy {
    const quorum = this.#quorum ?? malformed(line, 'no quorum');
    return {
      logs: this.#logs,
      witnesses: this.#witnesses,
      isQuorum: (cosigners) => quorum(new Set([...cosigners].map(octetsOf))),
    };
  }

  #log(line: number, [vkey, url, ...rest]: readonly string[]): void {
    if (vkey === undefined || rest.length > 0) return malformed(line, 'not log VKEY [URL]');
    checkUrl(line, url);
    const key = keyOf(line, vkey);
    if (key.type !== KEY_TYPE.ed25519) return malformed(line, 'the key of a cosigner');
    if (this.#logs.some((other) => octetsOf(other) === octetsOf(key))) return malformed(line, 'a key that stands above');
    this.#logs.push(key);
  }

  #witness(line: number, [name, vkey, url, ...rest]: readonly string[]): void {
    if (name === undefined || vkey === undefined || rest.length > 0) return malformed(line, 'not witness NAME VKEY [URL]');
    checkUrl(line, url);
    const key = asCosigner(keyOf(line, vkey));
    if (this.#witnesses.some((other) => octetsOf(other.key) === octetsOf(key))) return malformed(line, 'a key that stands above');
    this.#define(line, name, (cosigned) => cosigned.has(octetsOf(key)));
    this.#witnesses.push({ name: fromOctets(name), key, url: url ?? null });
  }

  #group(line: number, [name, threshold, ...members]: readonly string[]): void {
    if (name === undefined || threshold === undefined || members.length === 0) return malformed(line, 'not group NAME K MEMBER...');
    if (new Set(members).size < members.length) return malformed(line, 'a member twice');
    const needed = thresholdOf(threshold, members.length) ?? malformed(line, 'the threshold');
    const rules = members.map((member) => this.#rules.get(member) ?? malformed(line, 'a member that is not defined above'));
    for (const member of members) this.#use(line, member);
    this.#define(line, name, (cosigned) => rules.filter((rule) => rule(cosigned)).length >= needed);
  }

  #setQuorum(line: number, [name, ...rest]: readonly string[]): void {
    if (name === undefined || rest.length > 0) return malformed(line, 'not quorum NAME');
    if (this.#quorum !== null) return malformed(line, 'a second quorum');
    this.#quorum = name === 'none' ? () => true : (this.#rules.get(name) ?? malformed(line, 'a name that is not defined above'));
  }

  /** "Each defined name can be listed as a group member at most once": a witness counts in one way alone. */
  #use(line: number, name: string): void {
    if (this.#used.has(name)) malformed(line, 'a member of another group');
    this.#used.add(name);
  }

  #define(line: number, name: string, rule: Rule): void {
    if (name === 'none') return malformed(line, 'the name none');
    if (this.#rules.has(name)) return malformed(line, 'a name that stands above');
    this.#rules.set(name, rule);
  }
}

/** Octets are kept apart as they came; a key's name is UTF-8. */
const fromOctets = (octets: string): string => Buffer.from(octets, 'latin1').toString('utf8');

const keyOf = (line: number, vkey: string): VerificationKey => {
  try {
    return toKey(fromOctets(vkey));
  } catch {
    return malformed(line, 'the verifier key');
  }
};

const checkUrl = (line: number, url: string | undefined): void => {
  if (url !== undefined && !URL.canParse(fromOctets(url))) malformed(line, 'the URL');
};

const thresholdOf = (text: string, members: number): number | null => {
  if (text === 'any') return 1;
  if (text === 'all') return members;
  const value = /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= members ? value : null;
};

/**
 * Reads a C2SP tlog-policy file. A policy says how a checkpoint is judged, and nothing about what the log must hold.
 * @throws Refusal `malformed-policy` naming the line
 */
export const parseTlogPolicy = (file: string | Uint8Array): TlogPolicy => {
  const octets = typeof file === 'string' ? Buffer.from(file) : Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const text = octets.toString('latin1');
  if (text.length > MAX_OCTETS) return refuse('malformed-policy', 'size');
  if (!text.endsWith('\n')) return refuse('malformed-policy', 'the last line does not end');
  const lines = text.slice(0, -1).split('\n');
  if (lines.length > MAX_LINES) return refuse('malformed-policy', 'number of lines');
  const reader = new PolicyReader();
  for (const [i, line] of lines.entries()) {
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) malformed(i + 1, 'a control character');
    const items = line.split(/[ \t]+/).filter((item) => item !== '');
    if (items.length > 0 && items[0]?.startsWith('#') !== true) reader.take(i + 1, items);
  }
  return reader.end(lines.length);
};

/** The same of a log's key, keys of witnesses, and how many of them: one key under two names is one witness, and counts once. */
export const policyOf = (
  log: string | VerificationKey,
  witnesses: ReadonlyArray<string | VerificationKey>,
  quorum?: number,
): TlogPolicy => {
  const logs = [toKey(log)];
  const keys = [...new Map(witnesses.map((witness) => [octetsOf(toKey(witness)), asCosigner(toKey(witness))])).values()];
  const needed = quorum ?? keys.length;
  if (!Number.isSafeInteger(needed) || needed < 0 || needed > keys.length) return refuse('quorum-missing', 'quorum');
  return {
    logs,
    witnesses: keys.map((key) => ({ name: key.name, key, url: null })),
    isQuorum: (cosigners) => {
      const given = new Set([...cosigners].map(octetsOf));
      return keys.filter((key) => given.has(octetsOf(key))).length >= needed;
    },
  };
};
