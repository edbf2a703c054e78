import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NumberingPlan, type NumberingRow } from '../../src/numbering/index.js';
import { signPassport } from '../../src/passport/index.js';
import { Authorizer, parseGatewayPolicy, type GatewayPolicy, type Parsed } from '../../src/policy/index.js';
import { Verifier, type Material, type Scope, type VerifyInput, type Verdict } from '../../src/verification/index.js';
import { NOW, fitting, lineOf, type PathLine, type Scene } from './misfits/index.js';
import { keyFor } from './misfits/link.js';

/** The project's root: the tests run from dist/test, or from another output folder beside it. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

export const unwrap = <T>(parsed: Parsed<T>): T => {
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.value;
};

const shipped = (file: string): string => readFileSync(join(ROOT, 'policies', file), 'utf8');
export const CEDAR = shipped('authorization.cedar');
export const CEDAR_SCHEMA = shipped('authorization.cedarschema');
export const POLICY: GatewayPolicy = unwrap(parseGatewayPolicy(shipped('gateway.yaml')));
export const AUTHORIZER = unwrap(Authorizer.load(CEDAR, CEDAR_SCHEMA));

export const ROWS: readonly NumberingRow[] = [
  { spc: fitting.SPC, start: '12025550000', count: 1000, validFrom: null },
  { spc: '505X', start: '13035550000', count: 1000, validFrom: null },
];

export type Claims = Record<string, unknown>;

let serial = 0;
/** Twenty-two characters, never twice. */
export const newJti = (): string => {
  serial += 1;
  return `jti_${String(serial).padStart(18, '0')}`;
};

const base = (action: string): Claims => ({
  action,
  aud: 'dp.example',
  orig: { tn: '12025550150' },
  iat: NOW,
  exp: NOW + 600,
  jti: newJti(),
});
const aboutMapping = (provider: string): Claims => ({ dest: { uri: [`mimi://${provider}/u/alice`] }, provider });
const aboutNumber: Claims = { dest: { uri: ['urn:signpost:none'] } };

/** Fitting claims of each action. */
export const CLAIMS: Readonly<Record<string, () => Claims>> = {
  register: () => ({ ...base('register'), ...aboutMapping(fitting.PROVIDER), consent: 'app', purpose: 'consumer' }),
  withdraw: () => ({ ...base('withdraw'), ...aboutMapping(fitting.PROVIDER) }),
  prefer: () => ({ ...base('prefer'), ...aboutMapping(fitting.PROVIDER), consent: 'app', preference: { default: fitting.PROVIDER } }),
  release: () => ({ ...base('release'), ...aboutNumber }),
  port: () => ({ ...base('port'), ...aboutNumber, from: fitting.SPC, to: '505X', effective: NOW }),
};

export const claimsOf = (action: string, change: Claims = {}): Claims => ({ ...CLAIMS[action]?.(), ...change });
export const MAILBOX = { orig: { uri: `mailto:alice@${fitting.MAIL_DOMAIN}` } };

/** A PASSporT to be judged, and under what. */
export interface Case {
  readonly input: VerifyInput;
  readonly material: Material;
}

export interface CaseOptions {
  readonly scene?: Scene;
  readonly line?: PathLine;
  readonly action?: string;
  readonly claims?: Claims;
  /** In place of a signed PASSporT; gets the one that fits. */
  readonly passport?: (fitting: string) => unknown;
  readonly input?: Partial<VerifyInput>;
  readonly material?: Partial<Material>;
  readonly rows?: readonly NumberingRow[];
  readonly speaksFor?: Scope;
  readonly policy?: Partial<GatewayPolicy>;
  readonly x5u?: string;
  readonly without?: readonly string[];
}

export const materialOf = (line: PathLine, { rows = ROWS, speaksFor = 'any', policy = {}, material = {} }: CaseOptions = {}): Material => ({
  anchors: line.anchors.map((certificate) => ({ profile: line.profile === 'rfc5280' ? 'delegate' : line.profile, certificate, speaksFor })),
  crlAnchors: line.crlAnchors,
  crls: line.crls,
  crlSigners: line.crlSigners,
  numbering: NumberingPlan.of(rows),
  policy: { ...POLICY, ...policy },
  authorizer: AUTHORIZER,
  ...material,
});

/** The end-entity's key of every scene whose key is right. */
export const endEntityKey = () => keyFor('end-entity').privateKey;

/** A case that is accepted, but for what the options change. */
export const caseOf = (options: CaseOptions = {}): Case => {
  const line = options.line ?? lineOf('case', options.scene ?? fitting.delegate());
  const claims = { ...claimsOf(options.action ?? 'register'), ...options.claims };
  for (const name of options.without ?? []) delete claims[name];
  // A path that no PASSporT has room for comes by reference.
  const isTooLong = line.path.reduce((octets, der) => octets + der.length, 0) > 8 * 1024;
  const x5u = options.x5u ?? (isTooLong ? 'https://sti.example/a.pem' : undefined);
  const credential = x5u === undefined ? { x5c: line.path } : { x5u };
  const signed = signPassport({ claims, key: endEntityKey(), ...credential });
  return {
    input: {
      passport: options.passport?.(signed) ?? signed,
      ...(isTooLong ? { chain: line.path } : {}),
      client: { domain: fitting.PROVIDER },
      at: NOW * 1000,
      ...options.input,
    },
    material: materialOf(line, options),
  };
};

export const judge = ({ input, material }: Case): Verdict => new Verifier(material).verify(input);

/** `step reason`, or `accepted`. */
export const outcomeOf = (verdict: Verdict): string => (verdict.accepted ? 'accepted' : `${verdict.step} ${verdict.reason}`);

const part = (text: string): string => Buffer.from(text).toString('base64url');

/** The PASSporT with another text for its header or payload; the signature stays. */
export const withHeader = (change: (header: string) => string) => (passport: string) => {
  const [header = '', ...rest] = passport.split('.');
  return [part(change(Buffer.from(header, 'base64url').toString())), ...rest].join('.');
};
export const withPayload = (change: (payload: string) => string) => (passport: string) => {
  const [header = '', payload = '', signature = ''] = passport.split('.');
  return [header, part(change(Buffer.from(payload, 'base64url').toString())), signature].join('.');
};
/** The header with these members, canonically. */
export const withMembers = (change: Claims) =>
  withHeader((header) => {
    const members: Claims = { ...(JSON.parse(header) as Claims), ...change };
    return JSON.stringify(
      Object.fromEntries(
        Object.entries(members)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    );
  });
export const withSignature = (change: (signature: Buffer) => Buffer) => (passport: string) => {
  const at = passport.lastIndexOf('.');
  return `${passport.slice(0, at)}.${change(Buffer.from(passport.slice(at + 1), 'base64url')).toString('base64url')}`;
};
