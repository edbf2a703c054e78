import type { Principal, Submission } from '../../src/gateway/index.js';
import type { IssuedCredential } from '../../src/issuance/index.js';
import {
  A,
  AUDIENCE,
  B,
  NP1,
  NP2,
  delegateFor,
  makePlace,
  makeWorld,
  openAt,
  registration,
  release,
  sharedNumber,
  sign,
  withdrawal,
  type Opened,
  type Place,
} from './open-gateway.js';
import { FROM, OTT, TO, port, registrationOfTo } from './porting.js';
import { PathOrigin, registrationByReference } from './x5u-origin.js';

/** What came of each submission, in order: `accepted`, or the reason. */
export interface RecordedLog {
  readonly place: Place;
  readonly outcomes: readonly string[];
}

class Recorder {
  readonly outcomes: string[] = [];
  readonly place: Place;
  readonly opened: Opened;

  constructor(place: Place, opened: Opened) {
    this.place = place;
    this.opened = opened;
  }

  async submit(passport: string, client: Principal): Promise<Submission> {
    const submission = await this.opened.gateway.submit(passport, client);
    this.outcomes.push(submission.outcome === 'accepted' ? 'accepted' : submission.reason);
    return submission;
  }

  async give(sii: string, ssi: string): Promise<void> {
    await this.opened.gateway.withdraw({ sii, ssi }, A);
    this.outcomes.push('accepted');
  }

  next(seconds = 1): void {
    this.place.clock.advance(seconds);
  }
}

const tn = (n: number): string => sharedNumber(n);
const tampered = (passport: string): string => {
  const at = passport.lastIndexOf('.') + 10;
  return `${passport.slice(0, at)}${passport[at] === 'A' ? 'B' : 'A'}${passport.slice(at + 1)}`;
};

/** Every action, and refusals of the pipeline and of the sequencer, under one generation. */
const life = async (r: Recorder): Promise<IssuedCredential> => {
  const { place } = r;
  const credential = delegateFor(place, 'a.example', tn(1));
  const first = registration(place, tn(1), { credential });
  await r.submit(first, A);
  await r.submit('no passport', A);
  await r.submit(tampered(registration(place, tn(2))), A);
  await r.submit(registration(place, tn(2)), B);
  await r.submit(registration(place, tn(3), { credential }), A);
  const late = registration(place, tn(4));
  const older = withdrawal(place, tn(1), credential);
  r.next();
  await r.submit(registration(place, tn(1), { credential, user: 'bob' }), A);
  await r.submit(older, A);
  r.next();
  const preference = {
    action: 'prefer',
    audience: AUDIENCE,
    sii: `tel:+${tn(1)}`,
    ssi: 'mimi://a.example/u/bob',
    provider: 'a.example',
  } as const;
  const np = place.pki.hierarchy.npCredential(FROM);
  await r.submit(sign(place, np, { ...preference, consent: 'operator', preference: { default: 'a.example' }, lifetime: 600 }), A);
  // Of one second the jti decides.
  r.next();
  await r.submit(sign(place, np, { ...preference, consent: 'operator', preference: { default: 'none.example' }, lifetime: 600 }), A);
  r.next();
  await r.submit(withdrawal(place, tn(1), credential, 'bob'), A);
  await r.submit(first, A);
  await r.give(`tel:+${tn(1)}`, 'mimi://a.example/u/alice');
  await r.submit(first, A);
  r.next(700);
  await r.submit(late, A);
  return credential;
};

/** Both providers port a number; the gaining one's paths register ahead, the losing one's no more. */
const porting = async (r: Recorder): Promise<void> => {
  const { place } = r;
  await r.submit(registration(place, tn(10), { provider: OTT.domain }), OTT);
  const effective = place.clock.seconds + 3600;
  await r.submit(port(place, tn(10), FROM, effective), NP1);
  await r.submit(port(place, tn(10), TO, effective), NP2);
  await r.submit(registrationOfTo(place, tn(10), 'b.example'), B);
  r.next(3601);
  await r.submit(registration(place, tn(10)), A);
  await r.submit(registrationOfTo(place, tn(10), OTT.domain), OTT);
  const other = place.clock.seconds + 3600;
  await r.submit(port(place, tn(11), null, other), NP1);
  await r.submit(release(place, tn(12)), NP1);
};

const byReference = async (r: Recorder, origin: PathOrigin): Promise<void> => {
  const { place } = r;
  const credential = delegateFor(place, 'a.example', tn(20));
  const url = origin.publish('path.pem', credential.path);
  await r.submit(registrationByReference(url, tn(20), credential, place.clock.seconds), A);
  await r.submit(registrationByReference('https://elsewhere.example/path.pem', tn(20), credential, place.clock.seconds), A);
};

/**
 * A log with every kind of verdict under three changes of what verdicts are made under: a CRL, the policy, the anchors.
 * The gateway is closed.
 */
export const recordLog = async (retentionDays = 90): Promise<RecordedLog> => {
  const place = await makePlace();
  const origin = await PathOrigin.open();
  const world = { ...(await makeWorld(place)), refusalRetentionDays: retentionDays };
  const opened = await openAt(place, { credentials: origin.source(place.clock), world });
  const r = new Recorder(place, opened);
  try {
    const credential = await life(r);
    await porting(r);
    await byReference(r, origin);
    const [endEntity = Buffer.alloc(0)] = credential.path;
    place.pki.hierarchy.revoke(endEntity, place.pki.hierarchy.authority('np-709J'), 'keyCompromise');
    place.pki.publishRevocations();
    r.next();
    opened.gateway.setWorld(await makeWorld(place));
    await opened.gateway.swept();
    await r.submit(registration(place, tn(1), { credential }), A);
    await r.submit(registration(place, tn(30)), A);
    opened.gateway.setWorld(
      await makeWorld(place, (material) => ({ ...material, policy: { ...material.policy, consent: { minimum: 'otp' } } })),
    );
    await opened.gateway.swept();
    await r.submit(registration(place, tn(31)), A);
    opened.gateway.setWorld(
      await makeWorld(place, (material) => ({ ...material, anchors: material.anchors.filter(({ profile }) => profile === 'email') })),
    );
    await opened.gateway.swept();
    r.next();
    await r.submit(registration(place, tn(32)), A);
    opened.gateway.setWorld(await makeWorld(place));
    await opened.gateway.swept();
    r.next();
    await r.submit(registration(place, tn(32)), A);
    await opened.publisher.publish();
    return { place, outcomes: r.outcomes };
  } finally {
    await opened.close();
    await origin.close();
  }
};
