import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readConfiguration } from '../../src/adapters/configuration/index.js';
import type { Submission, World } from '../../src/gateway/index.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  crlDistributionPoint,
  enhancedClaimConstraints,
  keyUsage,
  newKeyPair,
  newSerial,
  signCertificate,
  subjectKeyIdentifier,
  subjectName,
  type IssuedCredential,
} from '../../src/issuance/index.js';
import { parseLeaf } from '../../src/log/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { Verifier, type Material } from '../../src/verification/index.js';
import { encodeTnAuthList } from '../../src/x509/index.js';
import { distributionPointOf } from '../../src/issuance/development-plan.js';
import { tnListReference } from '../support/misfits/tn-list-reference.js';
import {
  A,
  B,
  delegateFor,
  makePlace,
  makeWorld,
  openAt,
  registration,
  sharedNumber,
  type Opened,
  type Place,
} from '../support/open-gateway.js';
import { PathOrigin, pemOf, registrationByReference } from '../support/x5u-origin.js';

let place: Place;
let opened: Opened;
let origin: PathOrigin;
let hosts: readonly string[] = ['sti.example'];
let next = 0;
let tn: string;
let credential: IssuedCredential;

const reopen = async (): Promise<void> => {
  await opened.close();
  opened = await openAt(place, { credentials: origin.source(place.clock, () => hosts) });
};

beforeAll(async () => {
  place = await makePlace();
  origin = await PathOrigin.open();
  opened = await openAt(place, { credentials: origin.source(place.clock, () => hosts) });
});
afterAll(async () => {
  await opened.close();
  await origin.close();
});
beforeEach(() => {
  tn = sharedNumber((next += 1));
  place.clock.advance(2);
  credential = delegateFor(place, 'a.example', tn);
});
afterEach(async () => {
  hosts = ['sti.example'];
  opened.gateway.setWorld(await makeWorld(place));
});

const byReference = (url: string, signer: IssuedCredential = credential, change = {}) =>
  registrationByReference(url, tn, signer, place.clock.seconds, change);
const submit = (passport: string, client = A): Promise<Submission> => opened.gateway.submit(passport, client);
const outcomeOf = (submission: Submission): string =>
  submission.outcome === 'accepted' ? 'accepted' : `${submission.outcome} ${submission.step} ${submission.reason}`;
const judged = async (passport: string, client = A): Promise<string> => outcomeOf(await submit(passport, client));
const askedFor = (name: string): number => origin.asked.filter((path) => path === `/${name}`).length;

const worldWith = async (change: (material: Material) => Partial<Material>): Promise<World> => {
  const world = await makeWorld(place);
  const { material } = await readConfiguration({ pkiDir: place.pki.directory }, place.clock.now());
  return { ...world, verifier: new Verifier({ ...material, ...change(material) }) };
};

describe('a PASSporT with x5u', () => {
  test('is accepted as with x5c, and its twin for another number is not', async () => {
    const url = origin.publish('twin', credential.path);
    expect(await judged(byReference(url))).toBe('accepted');
    expect((await opened.gateway.lookup([{ sii: `tel:+${tn}` }], B)).answers[0]?.mappings).toMatchObject([
      { ssi: 'mimi://a.example/u/alice' },
    ]);
    const other = registrationByReference(url, sharedNumber((next += 1)), credential, place.clock.seconds);
    expect(await judged(other)).toBe('refused check-authority tn-out-of-scope');
  });

  test('costs a fetch once, for all PASSporTs of its path', async () => {
    const url = origin.publish('once', credential.path);
    for (let turn = 0; turn < 3; turn += 1) {
      place.clock.advance(1);
      expect(await judged(byReference(url))).toBe('accepted');
    }
    expect(askedFor('once')).toBe(1);
  });

  test.each<[string, () => string, string]>([
    ['an address', () => byReference('https://127.0.0.1/path'), 'refused check-header x5u-not-allowed'],
    ['a host that policy does not name', () => byReference('https://cert.example/path'), 'refused acquire-credential x5u-not-allowed'],
    [
      'an audience of another',
      () => byReference('https://cert.sti.example/never', credential, { audience: 'dp2.example' }),
      'refused check-claims aud-mismatch',
    ],
    [
      'iat ahead',
      () => registrationByReference('https://cert.sti.example/never', tn, credential, place.clock.seconds + 60),
      'refused check-freshness future-iat',
    ],
    [
      'exp passed',
      () => registrationByReference('https://cert.sti.example/never', tn, credential, place.clock.seconds - 700),
      'refused check-freshness expired-token',
    ],
  ])('is refused for %s before anything is fetched', async (_, passport, expected) => {
    const before = origin.asked.length;
    expect(await judged(passport())).toBe(expected);
    expect(origin.asked).toHaveLength(before);
  });

  test('is refused with a leaf that blames nobody where its URL sends elsewhere or holds no path', async () => {
    const elsewhere = origin.answer('elsewhere', (_, response) => response.writeHead(302, { Location: '/twin' }).end());
    const key = origin.serve('key', `${pemOf(credential.path)}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`, {
      'Content-Type': 'text/plain',
    });
    for (const [url, reason] of [
      [elsewhere, 'x5u-redirect'],
      [key, 'malformed-chain'],
      ['https://cert.example/path', 'x5u-not-allowed'],
    ] as const) {
      const submission = await submit(byReference(url));
      expect(outcomeOf(submission)).toBe(`refused acquire-credential ${reason}`);
      const index = submission.outcome === 'refused' ? submission.logIndex : null;
      expect(parseLeaf((await opened.gateway.entry(index ?? -1)).leaf)).toMatchObject({
        k: 'reject',
        why: reason,
        ap: 'a.example',
        np: null,
      });
    }
  });

  test('is unavailable without a leaf where its path cannot be had, and accepted once it can', async () => {
    const url = origin.answer('late', (_, response) => response.writeHead(503).end());
    const passport = byReference(url);
    const size = opened.gateway.logSize;
    expect(await submit(passport)).toMatchObject({
      outcome: 'unavailable',
      reason: 'credential-unavailable',
      step: 'acquire-credential',
      detail: 'status',
      logIndex: null,
      retryAfter: 30,
    });
    expect(opened.gateway.logSize).toBe(size);
    origin.publish('late', credential.path);
    expect(await judged(passport)).toBe('unavailable acquire-credential credential-unavailable');
    place.clock.advance(31);
    expect(await judged(passport)).toBe('accepted');
  });
});

describe('a path that is kept', () => {
  test('gives way to what the origin has when a signature does not fit, and the old key stops', async () => {
    const successor = delegateFor(place, 'a.example', tn);
    const url = origin.publish('rolled', credential.path);
    expect(await judged(byReference(url))).toBe('accepted');
    origin.publish('rolled', successor.path);
    place.clock.advance(1);
    expect(await judged(byReference(url, successor))).toBe('accepted');
    expect(askedFor('rolled')).toBe(2);
    place.clock.advance(10);
    expect(await judged(byReference(url))).toBe('refused verify-signature bad-signature');
    expect(askedFor('rolled')).toBe(3);
  });

  test('is fetched again once at most, and not at each bad signature', async () => {
    const url = origin.publish('stable', credential.path);
    const stranger = delegateFor(place, 'a.example', tn);
    expect(await judged(byReference(url))).toBe('accepted');
    for (let turn = 0; turn < 5; turn += 1) expect(await judged(byReference(url, stranger))).toBe('refused verify-signature bad-signature');
    expect(askedFor('stable')).toBe(2);
  });

  test('is not fetched again when it was fetched for this PASSporT', async () => {
    const url = origin.publish('first', credential.path);
    expect(await judged(byReference(url, delegateFor(place, 'a.example', tn)))).toBe('refused verify-signature bad-signature');
    expect(askedFor('first')).toBe(1);
  });

  test('leaves nothing decided when the origin cannot be asked whether it has another', async () => {
    const url = origin.publish('gone', credential.path);
    expect(await judged(byReference(url))).toBe('accepted');
    origin.answer('gone', (_, response) => response.writeHead(500).end());
    expect(await judged(byReference(url, delegateFor(place, 'a.example', tn)))).toBe(
      'unavailable acquire-credential credential-unavailable',
    );
    place.clock.advance(1);
    expect(await judged(byReference(url))).toBe('accepted');
  });

  test('is judged again when what it rests on changes, and its successor is found', async () => {
    const url = origin.publish('revoked', credential.path);
    expect(await judged(byReference(url))).toBe('accepted');
    const { hierarchy } = place.pki;
    hierarchy.revoke(credential.path[0] ?? Buffer.alloc(0), hierarchy.authority('np-709J'), 'superseded');
    const crls = [...hierarchy.crls().values()];
    opened.gateway.setWorld(await worldWith(() => ({ crls })));
    place.clock.advance(1);
    expect(await judged(byReference(url))).toBe('refused check-revocation cert-revoked');
    const successor = delegateFor(place, 'a.example', tn);
    origin.publish('revoked', successor.path);
    place.clock.advance(10);
    expect(await judged(byReference(url, successor))).toBe('accepted');
    opened.gateway.setWorld(await worldWith(() => ({ anchors: [] })));
    place.clock.advance(10);
    expect(await judged(byReference(url, successor))).toBe('refused verify-path untrusted-chain');
  });

  test('gives the verdict that a fetched one gives', async () => {
    const stranger = delegateFor(place, 'a.example', tn);
    const elsewhere = sharedNumber((next += 1));
    const url = origin.publish('same', credential.path);
    const shaken = origin.publish('same-shaken', place.pki.hierarchy.shakenCredential('505X').path);
    const broken = origin.publish('same-broken', [Buffer.from('3000', 'hex')]);
    const seconds = place.clock.seconds;
    const passports = [
      byReference(url, stranger),
      registrationByReference(url, elsewhere, credential, seconds),
      byReference(shaken),
      byReference(broken),
      byReference(url, credential, { provider: 'b.example', ssi: 'mimi://b.example/u/alice' }),
      byReference(origin.answer('same-missing', (_, response) => response.writeHead(404).end())),
    ];
    const all = async (): Promise<string[]> => {
      const outcomes = [];
      for (const passport of passports) outcomes.push(await judged(passport));
      return outcomes;
    };
    await reopen();
    const cold = await all();
    expect(cold).toEqual([
      'refused verify-signature bad-signature',
      'refused check-authority tn-out-of-scope',
      'refused verify-signature bad-signature',
      'refused verify-path malformed-cert',
      'refused check-claim-constraints claim-constraint',
      'unavailable acquire-credential credential-unavailable',
    ]);
    expect(await all()).toEqual(cold);
    await reopen();
    expect(await all()).toEqual(cold);
  });
});

describe('a reload while a path is on its way', () => {
  /** Holds the answer until the reload is done. */
  const during = async (name: string, reload: () => void | Promise<void>): Promise<string> => {
    const waiting: { response?: ServerResponse } = {};
    const arrived = new Promise<void>((resolve) => {
      origin.answer(name, (_, response) => {
        waiting.response = response;
        resolve();
      });
    });
    const submission = submit(byReference(`https://cert.sti.example/${name}`));
    await arrived;
    await reload();
    waiting.response?.writeHead(200, { 'Content-Type': 'text/plain' });
    waiting.response?.end(pemOf(credential.path));
    return outcomeOf(await submission);
  };

  test('decides by what was reloaded', async () => {
    expect(await during('reload-trust', async () => opened.gateway.setWorld(await worldWith(() => ({ anchors: [] }))))).toBe(
      'refused verify-path untrusted-chain',
    );
    opened.gateway.setWorld(await makeWorld(place));
    expect(await during('reload-hosts', () => void (hosts = []))).toBe('refused acquire-credential x5u-not-allowed');
    hosts = ['sti.example'];
    expect(await during('reload-nothing', () => undefined)).toBe('accepted');
  });

  test('and time that passes meanwhile count', async () => {
    expect(await during('slow', () => place.clock.advance(601))).toBe('refused check-freshness expired-token');
  });
});

describe('a retry of what was accepted by x5u', () => {
  test('gets its first answer, after expiry and a restart too, at the cost of one fetch', async () => {
    const url = origin.publish('retry', credential.path);
    const passport = byReference(url);
    const first = await submit(passport);
    expect(first).toMatchObject({ outcome: 'accepted', first: true });
    const answer = first.outcome === 'accepted' ? first.answer : null;
    expect(await submit(passport)).toEqual({ outcome: 'accepted', first: false, answer });
    place.clock.advance(700);
    expect(await submit(passport)).toEqual({ outcome: 'accepted', first: false, answer });
    await opened.gateway.snapshot();
    for (let turn = 0; turn < 2; turn += 1) {
      await reopen();
      const before = askedFor('retry');
      expect(await submit(passport)).toEqual({ outcome: 'accepted', first: false, answer });
      expect(askedFor('retry')).toBe(before + 1);
    }
    place.clock.advance(25 * 3600);
    expect(await judged(passport)).toBe('refused check-freshness expired-token');
  });

  test('gets it from the log alone after a restart without a snapshot', async () => {
    const passport = byReference(origin.publish('replayed', credential.path));
    expect(await judged(passport)).toBe('accepted');
    await reopen();
    place.clock.advance(700);
    expect(await submit(passport)).toMatchObject({ outcome: 'accepted', first: false });
  });

  test('is not given to another client, another signature or another key', async () => {
    const url = origin.publish('retry-not', credential.path);
    const passport = byReference(url);
    expect(await judged(passport)).toBe('accepted');
    place.clock.advance(700);
    const [header = '', payload = '', signature = ''] = passport.split('.');
    const octets = Buffer.from(signature, 'base64url');
    octets[10] = (octets[10] ?? 0) ^ 1;
    expect(await judged(`${header}.${payload}.${octets.toString('base64url')}`)).toBe('refused check-freshness expired-token');
    expect(await judged(passport, B)).toBe('refused check-freshness expired-token');
    origin.publish('retry-not', delegateFor(place, 'a.example', tn).path);
    await reopen();
    expect(await judged(passport)).toBe('refused check-freshness expired-token');
  });

  test('is unavailable while its path cannot be had, and refused where it may no longer be asked for', async () => {
    const passport = byReference(origin.publish('retry-late', credential.path));
    expect(await judged(passport)).toBe('accepted');
    place.clock.advance(700);
    origin.answer('retry-late', (_, response) => response.writeHead(500).end());
    await reopen();
    await expect(submit(passport)).rejects.toThrow(Unavailable);
    hosts = [];
    expect(await judged(passport)).toBe('refused check-freshness expired-token');
  });
});

describe('a TNAuthList by reference', () => {
  const referring = (listUrl: string): IssuedCredential => {
    const issuer = place.pki.hierarchy.authority('np-709J');
    const key = newKeyPair();
    const point = distributionPointOf('np-709J');
    const certificate = signCertificate(
      {
        serial: newSerial(randomBytes),
        issuer: issuer.name,
        subject: subjectName({ commonName: 'by reference' }),
        notBefore: place.clock.seconds,
        notAfter: place.clock.seconds + 86_400,
        spki: key.spki,
        extensions: [
          basicConstraints(false),
          keyUsage('digitalSignature'),
          subjectKeyIdentifier(key.spki),
          authorityKeyIdentifier(issuer.key.spki),
          ...(point === null ? [] : [crlDistributionPoint(point)]),
          enhancedClaimConstraints({ provider: 'a.example' }),
          tnListReference(listUrl),
        ],
      },
      issuer.key.privateKey,
    );
    return { path: [certificate, ...delegateFor(place, 'a.example', tn).path.slice(1)], key };
  };
  const TYPE = { 'Content-Type': 'application/tnauthlist' };

  test('counts as one by value, in x5c and by x5u', async () => {
    const own = referring(origin.serve('list', encodeTnAuthList([{ tn }]), TYPE));
    expect(await judged(registration(place, tn, { credential: own }))).toBe('accepted');
    place.clock.advance(1);
    expect(await judged(byReference(origin.publish('with-list', own.path), own))).toBe('accepted');
    const other = sharedNumber((next += 1));
    expect(await judged(registration(place, other, { credential: own }))).toBe('refused check-authority tn-out-of-scope');
    expect(askedFor('list')).toBe(1);
  });

  test('that cannot be had leaves nothing decided, and says when to ask again', async () => {
    const size = opened.gateway.logSize;
    const cases: [string, string][] = [
      [origin.answer('no-list', (_, response) => response.writeHead(404).end()), 'status'],
      [origin.serve('list-type', encodeTnAuthList([{ tn }]), { 'Content-Type': 'application/octet-stream' }), 'content-type'],
      [origin.serve('list-text', 'not DER', TYPE), 'not a TNAuthList'],
      ['http://cert.sti.example/list', 'reference'],
      ['https://cert.example/list', 'host'],
    ];
    for (const [url, detail] of cases) {
      const submission = await submit(registration(place, tn, { credential: referring(url) }));
      expect(submission).toMatchObject({
        outcome: 'unavailable',
        reason: 'tnlist-unavailable',
        step: 'check-profile',
        detail,
        logIndex: null,
      });
    }
    expect(opened.gateway.logSize).toBe(size);
  });

  test('is asked for by nobody whose path does not hold', async () => {
    const own = referring(origin.serve('never-list', encodeTnAuthList([{ tn }]), TYPE));
    opened.gateway.setWorld(await worldWith(() => ({ anchors: [] })));
    expect(await judged(registration(place, tn, { credential: own }))).toBe('refused verify-path untrusted-chain');
    expect(askedFor('never-list')).toBe(0);
  });
});
