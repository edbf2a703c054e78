import { permittedMailboxes, subjectAltName, type AlternativeName } from '../../src/issuance/index.js';
import { fitting } from '../support/misfits/index.js';
import { replaced } from '../support/misfits/link.js';
import { changed, type Scene } from '../support/misfits/scene.js';
import { caseOf, type CaseOptions } from '../support/passport-bench.js';
import { aLabelOf } from '../support/punycode.js';
import type { Vector } from './vectors.js';

const vector = (expect: string, name: string, defect: CaseOptions, twin: CaseOptions): Vector => ({
  expect,
  name,
  make: () => caseOf({ ...twin, ...defect }),
  twin: () => caseOf(twin),
});

const named = (scene: Scene, ...names: AlternativeName[]): Scene => changed(scene, -1, (link) => replaced(link, subjectAltName(names)));
const mail = (address: string) => ({ orig: { uri: `mailto:${address}` } });

const IDN = `${aLabelOf('münchen')}.example`;
const idnProvider = named(fitting.mailProvider(), { dns: IDN });
const idnMailbox = named(
  changed(fitting.mailbox(), 1, (link) => replaced(link, permittedMailboxes([IDN]))),
  { mailbox: `alice@${IDN}` },
);
const ep: CaseOptions = { scene: idnProvider, claims: mail(`alice@${IDN}`) };
const mailbox: CaseOptions = { scene: idnMailbox, claims: mail(`alice@${IDN}`) };
/** A mailbox certificate in capitals is of the mailbox in lower case. */
const capitals: CaseOptions = { scene: named(idnMailbox, { mailbox: `Alice@${IDN.toUpperCase()}` }), claims: mail(`alice@${IDN}`) };

const OUT = 'check-authority email-out-of-scope';

export const MAIL_VECTORS: readonly Vector[] = [
  ...['münchen.example', IDN.toUpperCase(), `${IDN}.`, `${aLabelOf('mu\u0308nchen')}.example`, `${aLabelOf('München')}.example`].map(
    (domain) =>
      vector('check-claims non-canonical-uri', `a domain spelt ${JSON.stringify(domain)}`, { claims: mail(`alice@${domain}`) }, ep),
  ),
  ...['mаil', 'раура', 'аррӏе', 'a·b', '☃', 'abc', '-ü'].map((label) =>
    vector('check-claims non-canonical-uri', `the A-label of ${label}`, { claims: mail(`alice@${aLabelOf(label)}.example`) }, ep),
  ),
  ...['älice', '%C3%A4lice', 'ALICE', 'alice ', '"alice"', 'a&b'].map((local) =>
    vector('check-claims non-canonical-uri', `the local part ${local}`, { claims: mail(`${local}@${IDN}`) }, ep),
  ),
  vector(
    'check-claims non-canonical-uri',
    'a provider of mixed scripts',
    { claims: { ...ep.claims, provider: `${aLabelOf('аpple')}.example`, dest: { uri: [`mimi://${aLabelOf('аpple')}.example/u/alice`] } } },
    ep,
  ),
  vector(OUT, 'the ASCII look of an EP’s domain', { claims: mail('alice@munchen.example') }, ep),
  vector(OUT, 'a domain of A-labels below an EP’s', { claims: mail(`alice@a.${IDN}`) }, ep),
  vector(OUT, 'an EP whose dNSName is in capitals', { scene: named(idnProvider, { dns: IDN.toUpperCase() }) }, ep),
  vector(
    OUT,
    'an EP of other domains',
    { scene: named(idnProvider, { dns: 'a.example' }, { dns: 'b.example' }) },
    {
      ...ep,
      scene: named(idnProvider, { dns: 'a.example' }, { dns: IDN }),
    },
  ),
  vector(OUT, 'another mailbox at a domain of A-labels', { claims: mail(`bob@${IDN}`) }, mailbox),
  vector(OUT, 'the mailbox with a tag', { claims: mail(`alice+x@${IDN}`) }, capitals),
  vector(
    'verify-path anchor-out-of-scope',
    'the ASCII look of a scope',
    { speaksFor: ['munchen.example'] },
    { ...ep, speaksFor: ['munchen.example', IDN] },
  ),
  vector(
    'verify-path anchor-out-of-scope',
    'the domain above a scope',
    { speaksFor: [`a.${IDN}`, 'example'] },
    { ...mailbox, speaksFor: [IDN] },
  ),
];
