import { setTimeout as wait } from 'node:timers/promises';
import type { DevPki } from '../adapters/desk/index.js';
import { ApiRefusal, type ApClient } from '../client/index.js';
import type { Authority, IssuedCredential } from '../issuance/index.js';
import { apClient, CAST, npClient, registration, release } from './demo-cast.js';
import type { RunningGateway } from './demo-gateway.js';
import type { Narrator } from './demo-narrator.js';

/** What the chapters share. `decisions` collects the log index of every decision, for the auditor. */
export interface Scene {
  readonly narrator: Narrator;
  readonly pki: DevPki;
  readonly decisions: number[];
  gateway: RunningGateway;
}

/** Presents a PASSporT that must be refused with this reason. */
export const mustBeRefused = async (scene: Scene, client: ApClient, passport: string, reason: string): Promise<void> => {
  const seen = await client.submit(passport).then(
    ({ logIndex }) => `accepted at ${logIndex}`,
    (error: unknown) => {
      if (!(error instanceof ApiRefusal)) throw error;
      if (error.logIndex !== null) scene.decisions.push(error.logIndex);
      return error.reason;
    },
  );
  scene.narrator.claim(`refused: ${reason}`, seen === reason, seen);
};

/** What another AP is told about Alice's number: exactly `expected`, null for nobody. */
export const mustResolveTo = async (scene: Scene, expected: string | null): Promise<void> => {
  const client = apClient(scene.pki, scene.gateway, CAST.otherAp);
  try {
    const { mappings } = await client.lookup(CAST.sii);
    const seen = mappings.map((one) => `${one.ssi}${one.default ? ' (default)' : ''}`).join(', ');
    const holds = expected === null ? mappings.length === 0 : mappings.length === 1 && seen === `${expected} (default)`;
    scene.narrator.claim(`${CAST.otherAp} looks the number up: ${expected ?? 'nobody'}`, holds, seen === '' ? 'nobody' : seen);
  } finally {
    client.close();
  }
};

const asMallory = async (scene: Scene, work: (mallory: ApClient) => Promise<void>): Promise<void> => {
  const mallory = apClient(scene.pki, scene.gateway, CAST.mallory);
  try {
    await work(mallory);
  } finally {
    mallory.close();
  }
};

/** 1: a PASSporT that is good in every way, and names another AP. */
export const stolenPassport = async (scene: Scene, credential: IssuedCredential): Promise<void> => {
  scene.narrator.chapter(`Mallory, first: presents a PASSporT that ${CAST.ap} signed`);
  await asMallory(scene, (mallory) => mustBeRefused(scene, mallory, registration(CAST.ap, CAST.alice, credential), 'ap-mismatch'));
  await mustResolveTo(scene, CAST.alice);
};

/** 2: Mallory's own credential, good for Mallory's own numbers. */
export const otherRange = async (scene: Scene): Promise<void> => {
  scene.narrator.chapter("Mallory, second: signs with a valid credential that names other numbers than Alice's");
  const own = scene.pki.hierarchy.delegate({ spc: CAST.np.spc, provider: CAST.mallory, numbers: [CAST.malloryNumbers] });
  await asMallory(scene, (mallory) => mustBeRefused(scene, mallory, registration(CAST.mallory, CAST.trap, own), 'tn-out-of-scope'));
  await mustResolveTo(scene, CAST.alice);
};

/** 3: Alice leaves; somebody with the AP's own connection presents her old PASSporT again. */
export const replay = async (scene: Scene, ap: ApClient, old: string): Promise<void> => {
  scene.narrator.chapter(`Mallory, third: has ${CAST.ap}'s connection too, and replays Alice's PASSporT after she left`);
  const { logIndex } = await ap.withdraw({ sii: CAST.sii, ssi: CAST.alice });
  scene.decisions.push(logIndex);
  scene.narrator.say(`Alice leaves: ${CAST.ap} gives up her mapping, entry ${logIndex}`);
  await mustResolveTo(scene, null);
  await mustBeRefused(scene, ap, old, 'jti-replay');
  await mustResolveTo(scene, null);
};

/** 4: a credential over Alice's number that the NP has revoked. The gateway learns it from the NP's CRL when it starts again. */
export const revokedDelegate = async (scene: Scene, revoked: IssuedCredential): Promise<void> => {
  scene.narrator.chapter("Mallory, fourth: signs with a credential over Alice's number that the NP has revoked");
  await asMallory(scene, (mallory) => mustBeRefused(scene, mallory, registration(CAST.mallory, CAST.trap, revoked), 'cert-revoked'));
  await mustResolveTo(scene, CAST.alice);
};

/** 5: the number is released; a delegate CA from before then mints Mallory a fresh credential. */
export const mintedAfterRelease = async (scene: Scene, reseller: Authority): Promise<void> => {
  scene.narrator.chapter('Mallory, fifth: after a release, has a delegate CA from before it mint a fresh credential');
  const np = npClient(scene.pki, scene.gateway);
  const { logIndex } = await np.release(release(scene.pki.hierarchy.npCredential(CAST.np.spc)));
  np.close();
  scene.decisions.push(logIndex);
  scene.narrator.say(`${CAST.np.domain} releases the number, entry ${logIndex}`);
  await mustResolveTo(scene, null);
  await nextSecond();
  const minted = scene.pki.hierarchy.delegate({
    spc: CAST.np.spc,
    provider: CAST.mallory,
    numbers: [{ start: CAST.number, count: 1 }],
    issuer: reseller,
  });
  const passport = registration(CAST.mallory, CAST.trap, minted);
  await asMallory(scene, (mallory) => mustBeRefused(scene, mallory, passport, 'credential-predates-assignment'));
  await mustResolveTo(scene, null);
};

/** A certificate's times count whole seconds, and the second of a release is not later than it (DESIGN section 7, fence). */
export const nextSecond = (): Promise<void> => wait(1000 - (Date.now() % 1000) + 5);
