import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import type { DevPki } from '../adapters/desk/index.js';
import type { Authority, IssuedCredential } from '../issuance/index.js';
import { auditOffline, fetchProofs } from './demo-audit.js';
import { apClient, CAST, makeStage, registration } from './demo-cast.js';
import {
  mintedAfterRelease,
  mustResolveTo,
  nextSecond,
  otherRange,
  replay,
  revokedDelegate,
  stolenPassport,
  type Scene,
} from './demo-crimes.js';
import { startGatewayProcess, type GatewayPlace } from './demo-gateway.js';
import { Narrator } from './demo-narrator.js';

/**
 * `signpost demo`: real keys, a real gateway in a process of its own, real HTTPS; nothing is simulated but the people.
 * Exit code 0 only if every claim of the story held.
 */
export const run = async (argv: string[]): Promise<number> => {
  const command = new Command('signpost demo')
    .description('tell the story: issue, register, five attacks, look up, audit offline')
    .exitOverride()
    .option('--json', 'the claims as JSON, instead of the story');
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
  }
  const json = command.opts<{ json?: boolean }>().json === true;
  const narrator = new Narrator(json ? () => undefined : (text) => void process.stdout.write(text), process.stdout.isTTY);
  const directory = await mkdtemp(join(tmpdir(), 'signpost-demo-'));
  try {
    await tell(narrator, directory);
  } catch (error) {
    process.stderr.write(`the story broke off: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  if (json) process.stdout.write(`${JSON.stringify({ held: narrator.allHeld, claims: narrator.told })}\n`);
  return narrator.allHeld ? 0 : 1;
};

const tell = async (narrator: Narrator, directory: string): Promise<void> => {
  const place = { data: join(directory, 'data'), pki: join(directory, 'pki') };
  narrator.chapter('The stage');
  const pki = makeStage(place.pki);
  narrator.say('fresh keys for everybody: number providers, messaging services, an auditor, and Mallory');
  const papers = issuePapers(narrator, pki);
  const scene: Scene = { narrator, pki, decisions: [], gateway: await startGatewayProcess(place) };
  try {
    narrator.chapter('The gateway');
    narrator.say(`a process of its own at ${scene.gateway.url}, embedded, in a temporary folder`);
    await beforeTheKill(scene, papers);
    await restartAfterKill(scene, papers, place);
    await afterTheKill(scene, papers);
    const proven = await fetchProofs(scene);
    const code = await scene.gateway.stop();
    narrator.claim('the gateway stops when asked', code === 0, String(code));
    auditOffline(scene, proven, place.data);
  } finally {
    await scene.gateway.kill();
  }
  narrator.say('the temporary folder is removed');
};

/** What the NP issued. */
interface Papers {
  /** Over Alice's number, for her service. */
  readonly good: IssuedCredential;
  /** Over Alice's number too, for Mallory. */
  readonly careless: IssuedCredential;
  /** A CA below the NP's that may delegate Alice's number. */
  readonly reseller: Authority;
}

const NUMBERS = [{ start: CAST.number, count: 1 }];

const issuePapers = (narrator: Narrator, pki: DevPki): Papers => {
  narrator.chapter(`${CAST.np.domain} holds the number and issues a credential`);
  const { spc } = CAST.np;
  const good = pki.hierarchy.delegate({ spc, provider: CAST.ap, numbers: NUMBERS });
  narrator.say(`a delegate certificate for ${CAST.sii}, good for ${CAST.ap} alone and useless for calls`);
  const reseller = pki.hierarchy.delegateCa(spc, 'Reseller', NUMBERS);
  const careless = pki.hierarchy.delegate({ spc, provider: CAST.mallory, numbers: NUMBERS });
  narrator.say('and, less wisely: a delegate CA for a reseller, and a credential over the same number for Mallory');
  pki.publishRevocations();
  return { good, careless, reseller };
};

const beforeTheKill = async (scene: Scene, { good }: Papers): Promise<void> => {
  const { narrator } = scene;
  narrator.chapter(`${CAST.ap} registers Alice`);
  const ap = apClient(scene.pki, scene.gateway, CAST.ap);
  const passport = registration(CAST.ap, CAST.alice, good);
  const first = await ap.register(passport);
  scene.decisions.push(first.logIndex);
  narrator.claim(`accepted as entry ${first.logIndex}, with a receipt that verifies`, first.first);
  const again = await ap.register(passport);
  narrator.claim('the same PASSporT once more has no second effect', !again.first && again.logIndex === first.logIndex);
  await mustResolveTo(scene, CAST.alice);
  await stolenPassport(scene, good);
  await otherRange(scene);
  await replay(scene, ap, passport);
  narrator.chapter('Alice returns');
  // A withdrawal by connection counts as later than every PASSporT of its own second.
  await nextSecond();
  const back = await ap.register(registration(CAST.ap, CAST.alice, good));
  ap.close();
  scene.decisions.push(back.logIndex);
  narrator.claim(`a new PASSporT registers her again, entry ${back.logIndex}`, back.first);
};

const restartAfterKill = async (scene: Scene, { careless }: Papers, place: GatewayPlace): Promise<void> => {
  const { narrator, pki } = scene;
  narrator.chapter('The NP revokes what it gave to Mallory; the gateway is killed and starts again');
  pki.hierarchy.revoke(endEntityOf(careless), pki.hierarchy.authority(`np-${CAST.np.spc}`), 'keyCompromise');
  pki.publishRevocations();
  narrator.say('a new CRL is published');
  await scene.gateway.kill();
  narrator.say('kill -9, no chance to tidy up; the same data directory, a new process');
  scene.gateway = await startGatewayProcess(place);
  await mustResolveTo(scene, CAST.alice);
};

const afterTheKill = async (scene: Scene, { careless, reseller }: Papers): Promise<void> => {
  const { narrator, pki } = scene;
  await revokedDelegate(scene, careless);
  await mintedAfterRelease(scene, reseller);
  narrator.chapter('The number lives again');
  const fresh = pki.hierarchy.delegate({ spc: CAST.np.spc, provider: CAST.ap, numbers: NUMBERS });
  const ap = apClient(pki, scene.gateway, CAST.ap);
  const anew = await ap.register(registration(CAST.ap, CAST.alice, fresh));
  ap.close();
  scene.decisions.push(anew.logIndex);
  narrator.claim(`a credential that the NP issued after the release registers it, entry ${anew.logIndex}`, anew.first);
  await mustResolveTo(scene, CAST.alice);
};

const endEntityOf = ({ path }: IssuedCredential): Buffer => {
  const [endEntity] = path;
  if (endEntity === undefined) throw new Error('a credential without a certificate');
  return endEntity;
};
