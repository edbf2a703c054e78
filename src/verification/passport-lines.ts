import { createHash } from 'node:crypto';
import { NumberingPlan, parseInstant, type NumberingRow } from '../numbering/index.js';
import { HeaderCache } from '../passport/index.js';
import { REVOCATION_MODES, type Authorizer, type GatewayPolicy } from '../policy/index.js';
import { Refusal, refuse, type Reason } from '../reasons/index.js';
import { CertificateCache } from '../x509/index.js';
import { asObject, memberOf, parseLineObject, readDerList, readOneOf, readText, type LineObject } from './line-shape.js';
import type { AnchorMaterial, Material, Scope } from './material.js';
import { TRUST_PROFILES, type StepEvidence, type TrustProfile } from './verdict.js';
import { Verifier } from './verifier.js';

/** The answer to one line of `verify passport`; `steps` with the refusing step last, absent where the line itself was at fault (profiles, Lines). */
export interface PassportAnswer {
  readonly id: string | null;
  readonly accepted: boolean;
  readonly reason: Reason | null;
  readonly steps?: readonly StepEvidence[];
}

/** What a line does not name. */
export interface LinePolicies {
  readonly policy: GatewayPolicy;
  readonly authorizer: Authorizer;
}

/** Lines of one file mostly name one material. */
const MAX_VERIFIERS = 4;
const ANCHOR_LISTS: readonly string[] = [...TRUST_PROFILES, 'crl'];
/** Members of a line that make its material. */
const MATERIAL = ['anchors', 'crls', 'crlSigners', 'numbering', 'scopes', 'audience', 'revocation'];

/**
 * Judges PASSporTs offline as CONTRACT section 3 describes it; DER is base64 text or octets. Keeps what one line taught for the next.
 */
export class PassportLines {
  readonly #policies: LinePolicies;
  readonly #caches = { headers: new HeaderCache(512), certificates: new CertificateCache(500) };
  readonly #verifiers = new Map<string, Verifier>();

  constructor(policies: LinePolicies) {
    this.#policies = policies;
  }

  /** Never throws: what is wrong with the line is in the answer. */
  verify(line: unknown): PassportAnswer {
    let id: string | null = null;
    try {
      const object = asObject(line);
      const given = memberOf(object, 'id');
      id = typeof given === 'string' ? given : null;
      if (id === null) return { id, accepted: false, reason: 'malformed-request' };
      return this.#judge(id, object);
    } catch (error) {
      // DESIGN section 6: a fault of ours is no verdict, and yet each line has its answer.
      return { id, accepted: false, reason: error instanceof Refusal ? error.reason : 'internal-error' };
    }
  }

  /** Answers the octets of one line, or null for one over 1 MiB. Never throws. */
  answer(octets: Uint8Array | null): PassportAnswer {
    if (octets === null) return { id: null, accepted: false, reason: 'too-large' };
    try {
      return this.verify(parseLineObject(octets));
    } catch (error) {
      return { id: null, accepted: false, reason: error instanceof Refusal ? error.reason : 'internal-error' };
    }
  }

  #judge(id: string, line: LineObject): PassportAnswer {
    const passport = readText(line, 'passport');
    const client = { domain: readText(line, 'client') };
    const at = parseInstant(readText(line, 'at')) ?? refuse('malformed-request', 'at');
    // CONTRACT section 3: null is the absence of a path, here alone.
    const chain = (memberOf(line, 'chain') ?? null) === null ? null : readDerList(line, 'chain');
    const ocsp = readDerList(line, 'ocsp', []);
    const { accepted, reason, steps } = this.#verifierFor(line).verify({ ocsp, passport, client, at, chain });
    return { id, accepted, reason, steps };
  }

  #verifierFor(line: LineObject): Verifier {
    checkSize(line);
    const key = keyOf(line);
    const known = this.#verifiers.get(key);
    if (known !== undefined) return known;
    const verifier = new Verifier(this.#materialOf(line), this.#caches);
    const [oldest] = this.#verifiers.keys();
    if (oldest !== undefined && this.#verifiers.size >= MAX_VERIFIERS) this.#verifiers.delete(oldest);
    this.#verifiers.set(key, verifier);
    return verifier;
  }

  #materialOf(line: LineObject): Material {
    const lists = asObject(memberOf(line, 'anchors'));
    for (const name of Object.keys(lists)) if (!ANCHOR_LISTS.includes(name)) refuse('malformed-request', 'anchors');
    const scopes = readScopes(line);
    return {
      anchors: TRUST_PROFILES.flatMap((profile) => anchorsOf(profile, lists, scopes)),
      crlAnchors: this.#usable(readDerList(lists, 'crl', [])),
      crls: readDerList(line, 'crls', []),
      crlSigners: this.#usable(readDerList(line, 'crlSigners', [])),
      numbering: NumberingPlan.of(readRows(memberOf(line, 'numbering'))),
      policy: policyOf(line, this.#policies.policy),
      authorizer: this.#policies.authorizer,
    };
  }

  /** A certificate that does not parse signs no CRL that counts. */
  #usable(ders: readonly Uint8Array[]): Uint8Array[] {
    return ders.filter((der) => {
      try {
        this.#caches.certificates.parse(der);
        return true;
      } catch (error) {
        if (error instanceof Refusal) return false;
        throw error;
      }
    });
  }
}

/** A line has room for 26,000 rows, each of which costs ten microseconds to read, digest and put in order. */
const MAX_ROWS = 10_000;

const checkSize = (line: LineObject): void => {
  const rows = memberOf(line, 'numbering');
  if (Array.isArray(rows) && rows.length > MAX_ROWS) refuse('malformed-request', 'number of numbering rows');
};

/** Absent members are left out and null stays, so that a line of the wrong shape never finds the material of a good one. */
const keyOf = (line: LineObject): string => {
  const material = Object.fromEntries(MATERIAL.map((name) => [name, memberOf(line, name)]));
  const text = JSON.stringify(material, (_, value: unknown) => (value instanceof Uint8Array ? { octets: [...value] } : value));
  return createHash('sha256').update(text).digest('base64');
};

const anchorsOf = (profile: TrustProfile, lists: LineObject, scopes: LineObject): AnchorMaterial[] => {
  const speaksFor = scopeOf(memberOf(scopes, profile));
  return readDerList(lists, profile, []).map((certificate) => ({ profile, certificate, speaksFor }));
};

const readScopes = (line: LineObject): LineObject => {
  const value = memberOf(line, 'scopes');
  if (value === undefined) return {};
  const scopes = asObject(value);
  for (const name of Object.keys(scopes)) if (!TRUST_PROFILES.some((profile) => profile === name)) refuse('malformed-request', 'scopes');
  return scopes;
};

const scopeOf = (value: unknown): Scope => {
  if (value === undefined) return 'any';
  if (!Array.isArray(value)) return refuse('malformed-request', 'scopes');
  return value.map((name: unknown) => (typeof name === 'string' ? name : refuse('malformed-request', 'scopes')));
};

const readRows = (value: unknown): NumberingRow[] =>
  Array.isArray(value) ? value.map((row: unknown) => readRow(asObject(row))) : refuse('malformed-request', 'numbering');

const readRow = (row: LineObject): NumberingRow => {
  const spc = readText(row, 'spc');
  const start = readText(row, 'start');
  const count = memberOf(row, 'count');
  if (spc === '' || !/^[0-9]{1,15}$/.test(start)) return refuse('malformed-request', 'numbering');
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) return refuse('malformed-request', 'numbering');
  return { spc, start, count, validFrom: null };
};

/** The line says for whom it is judged, and may say how status is; the rest is the project's own policy. */
const policyOf = (line: LineObject, policy: GatewayPolicy): GatewayPolicy => {
  const mode = readOneOf(line, 'revocation', ['profile', ...REVOCATION_MODES] as const, 'profile');
  const audience = readText(line, 'audience');
  if (mode === 'profile') return { ...policy, audience };
  const modes = { delegate: mode, shaken: mode, email: mode, 'numbering-authority': mode };
  return { ...policy, audience, revocation: { ...policy.revocation, ...modes } };
};
