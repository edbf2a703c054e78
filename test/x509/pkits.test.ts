import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { verifyPath } from '../../src/verification/path-lines.js';
import { RFC5280_RULES, judgePath, parseCertificate, type Certificate } from '../../src/x509/index.js';

/** NIST PKITS, RSA-2048 edition: every case through `verify path`, profile rfc5280, CRLs required, at the time its README names. */
const FOLDER = join(process.env['SIGNPOST_VECTORS'] ?? join(process.cwd(), '../shared/vectors'), 'pkits');
const AT = '2022-05-01T00:00:00Z';

interface Case {
  readonly id: string;
  readonly name: string;
  readonly cert: string;
  readonly other_certs?: readonly string[];
  readonly crls?: readonly string[];
  readonly error?: unknown;
  readonly params?: {
    readonly user_initial_policy_set?: readonly string[];
    readonly initial_explicit_policy?: boolean;
    readonly initial_policy_mapping_inhibit?: boolean;
    readonly initial_any_policy_inhibit?: boolean;
  };
}

/** What is decided otherwise than PKITS expects, each for a reason. One that comes out as PKITS expects after all fails the test, too. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  '40104': 'DSA is not among the algorithms of profile rfc5280',
  '40105': 'DSA is not among the algorithms of profile rfc5280',
  '40604': 'profiles.md: basicConstraints of a CA must be critical, as RFC 5280 section 4.2.1.9 tells CAs',
};

/** Profile rfc5280 refuses policyConstraints that are not critical (RFC 5280 section 4.2.1.11); sections 4.8 to 4.12 of PKITS have them in many CAs. */
const POLICY_CONSTRAINTS = '2.5.29.36';

/** `verify path` takes no policy inputs, so a case that sets them is judged by the path rules alone. */
const hasPolicyInputs = ({ params }: Case): boolean => params !== undefined;

const hex = (octets: Uint8Array | null): string => Buffer.from(octets ?? []).toString('hex');

describe('NIST PKITS', () => {
  if (!existsSync(FOLDER)) {
    process.stderr.write(`PKITS was not run: ${FOLDER} does not exist (set SIGNPOST_VECTORS)\n`);
    test('is not at hand, and says so', () => expect(existsSync(FOLDER)).toBe(false));
    return;
  }
  const unpacked = mkdtempSync(join(tmpdir(), 'pkits-'));
  execFileSync('tar', ['xzf', join(FOLDER, 'pkits-certs-crls.tar.gz'), '-C', unpacked]);
  afterAll(() => rmSync(unpacked, { recursive: true }));
  const cases = JSON.parse(readFileSync(join(FOLDER, 'pkits.json'), 'utf8')) as Case[];
  const certificateFile = (name: string): Buffer => readFileSync(join(unpacked, 'certs', name));
  const crlFile = (name: string): Buffer => readFileSync(join(unpacked, 'crls', name));
  const anchor = certificateFile('TrustAnchorRootCertificate.crt');

  const parsed = (der: Buffer): Certificate | null => {
    try {
      return parseCertificate(der);
    } catch {
      return null;
    }
  };

  /** PKITS lists certificates without saying which are the path: those that name and key identifiers lead to, end-entity first. */
  const split = ({ cert, other_certs = [] }: Case): { path: Buffer[]; rest: Buffer[] } => {
    const path = [certificateFile(cert)];
    const rest = other_certs.map(certificateFile);
    for (;;) {
      const last = parsed(path.at(-1) ?? anchor);
      const at = rest.findIndex((der) => {
        const issuer = parsed(der);
        if (issuer === null || last === null || !issuer.subject.equals(last.issuer)) return false;
        return hex(issuer.subjectKeyIdentifier) === hex(last.authorityKeyIdentifier);
      });
      const next = at === -1 ? undefined : rest.splice(at, 1)[0];
      if (next === undefined) break;
      path.push(next);
    }
    // Nothing was led to: names are wrong on purpose, and the order of the file is the path's.
    return path.length > 1 || rest.length !== 1 ? { path, rest } : { path: [...path, ...rest], rest: [] };
  };

  const isLoose = (der: Buffer): boolean => {
    const constraints = parsed(der)?.extensions.get(POLICY_CONSTRAINTS);
    return constraints !== undefined && !constraints.critical;
  };
  const hasLooseConstraints = (one: Case): boolean => split(one).path.some(isLoose);

  const judged = (one: Case): ReturnType<typeof verifyPath> => {
    const { path, rest } = split(one);
    const crls = ['TrustAnchorRootCRL.crl', ...(one.crls ?? [])].map(crlFile);
    return verifyPath({ id: one.id, anchors: [anchor], path, crls, crlSigners: rest, at: AT, profile: 'rfc5280', revocation: 'required' });
  };

  for (const one of cases.filter((each) => !hasPolicyInputs(each))) {
    const expected = one.error === undefined;
    const exception = EXCEPTIONS[one.id] ?? (expected && hasLooseConstraints(one) ? 'policyConstraints are not critical' : undefined);
    const outcome = exception === undefined ? expected : !expected;
    test(`${outcome ? 'accepts' : 'refuses'} ${one.id} ${one.name}${exception === undefined ? '' : ` (${exception})`}`, () => {
      const { accepted, reason } = judged(one);
      expect({ accepted, reason }).toEqual({ accepted: outcome, reason: outcome ? null : expect.any(String) });
    });
  }

  for (const one of cases.filter(hasPolicyInputs)) {
    const isAccepted = one.error === undefined && !hasLooseConstraints(one);
    test(`${isAccepted ? 'accepts' : 'refuses'} ${one.id} ${one.name} with its policy inputs`, () => {
      const { params } = one;
      const policies = {
        acceptable: params?.user_initial_policy_set ?? null,
        requireExplicit: params?.initial_explicit_policy === true,
        inhibitMapping: params?.initial_policy_mapping_inhibit === true,
        inhibitAny: params?.initial_any_policy_inhibit === true,
      };
      const judge = (): unknown =>
        judgePath({
          path: split(one).path.map((der) => parseCertificate(der)),
          anchors: [parseCertificate(anchor)],
          at: Date.parse(AT),
          rules: RFC5280_RULES,
          policies,
        });
      if (isAccepted) expect(judge()).toBeDefined();
      else expect(judge).toThrow(expect.objectContaining({ reason: 'bad-policy' }));
    });
  }
});
