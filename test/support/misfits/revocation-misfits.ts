import { crlDistributionPoint, issueRevocationList, keyUsage, newKeyPair, type RevokedEntry } from '../../../src/issuance/index.js';
import { CRL_URL, delegate, shaken } from './fitting.js';
import { DAY, NOW, added, authority, certify, nameOf, replaced, type Link } from './link.js';
import { misfit, type Misfit } from './misfit.js';
import { changed, issuerOf, listOf, withLine, withLists, type PathLine, type Scene } from './scene.js';
import { spoilt } from './surgery.js';

const at = (scene: Scene, place: number): Link => {
  const link = scene.links.at(place);
  if (link === undefined) throw new Error('no such link');
  return link;
};

const revoked = (link: Link, more: Partial<RevokedEntry> = {}): RevokedEntry => ({ serial: link.serial, revokedAt: NOW - DAY, ...more });

/** The CRLs in place of those of the CAs. */
const lists =
  (change: (scene: Scene) => readonly Buffer[]) =>
  (scene: Scene): Scene =>
    withLine(scene, (line) => ({ ...line, crls: change(scene) }));
const rootList = (scene: Scene): Buffer => listOf(at(scene, 0));
const caLists = (change: (ca: Link, scene: Scene) => readonly Buffer[]) =>
  lists((scene) => [rootList(scene), ...change(at(scene, 1), scene)]);

/** A signer of indirect CRLs, certified by the path's own root. */
const crlSigner = (): Link => ({ ...authority('CRL Signer'), key: newKeyPair() });
const SIGNER_URL = 'http://crl.example/indirect.crl';

/** The end-entity names an indirect CRL; the signer is handed in. */
const indirect = (): Scene => {
  const signer = crlSigner();
  const scene = delegate();
  const named = changed(scene, -1, (link) => added(link, crlDistributionPoint({ url: SIGNER_URL, crlIssuer: nameOf(signer) })));
  return withLine(named, (line) => ({
    ...line,
    crls: [rootList(named), indirectList(signer, [])],
    crlSigners: [certify(signer, at(named, 0))],
  }));
};

const indirectList = (signer: Link, entries: readonly RevokedEntry[]): Buffer =>
  issueRevocationList(issuerOf(signer), {
    number: 3,
    thisUpdate: NOW - DAY,
    nextUpdate: NOW + DAY,
    indirect: true,
    url: SIGNER_URL,
    entries,
  });

/** Changes the signer and the entries of the indirect CRL. */
const indirectly =
  (change: (scene: Scene, signer: Link) => { entries?: readonly RevokedEntry[]; signer?: Link; list?: Buffer; under?: Link }) =>
  (): Scene => {
    const signer = crlSigner();
    const scene = changed(delegate(), -1, (link) => added(link, crlDistributionPoint({ url: SIGNER_URL, crlIssuer: nameOf(signer) })));
    const made = change(scene, signer);
    const actual = made.signer ?? signer;
    return withLine(scene, (line): PathLine => ({
      ...line,
      crls: [rootList(scene), made.list ?? indirectList(actual, made.entries ?? [])],
      crlSigners: [certify(actual, made.under ?? at(scene, 0))],
    }));
  };

const asIs = (scene: Scene): Scene => scene;
const other = (): Link => authority('Another CA');

/** The STI-PA: one indirect CRL for all, under an anchor for CRLs alone. The points name no cRLIssuer, as 29 of 100 in the field. */
const PA = { ...authority('STI-PA Root'), key: newKeyPair() };
const servedByPa =
  (trusted: boolean, entries: (scene: Scene) => readonly RevokedEntry[]) =>
  (scene: Scene): Scene =>
    withLine(scene, (line) => ({
      ...line,
      crls: [listOf(PA, { indirect: true, entries: entries(scene) })],
      crlAnchors: trusted ? [certify(PA, PA)] : [],
      crlSigners: [certify(PA, PA)],
    }));

/** What CRLs say or fail to say. All but the anchor need a status here. */
export const REVOCATION_MISFITS: readonly Misfit[] = [
  misfit(
    143,
    'an end-entity that is revoked',
    'cert-revoked',
    delegate,
    caLists((ca, scene) => [listOf(ca, { entries: [revoked(at(scene, -1))] })]),
  ),
  misfit(
    143,
    'an end-entity that is revoked with a reason and an invalidity date',
    'cert-revoked',
    delegate,
    caLists((ca, scene) => [listOf(ca, { entries: [revoked(at(scene, -1), { reason: 'keyCompromise', invalidSince: NOW - 9 * DAY })] })]),
    caLists((ca) => [listOf(ca, { entries: [revoked(ca, { reason: 'keyCompromise' })] })]),
  ),
  misfit(144, 'a CA that is revoked', 'cert-revoked', delegate, (scene) => withLists(scene, { entries: [revoked(at(scene, 1))] }, {})),
  misfit(
    145,
    'a certificate that an indirect CRL lists under an issuer named before',
    'cert-revoked',
    indirectly((scene) => ({
      entries: [revoked(other(), { issuer: nameOf(at(scene, 1)) }), revoked(at(scene, -1))],
    })),
    asIs,
    () => indirectly((scene) => ({ entries: [revoked(other(), { issuer: nameOf(at(scene, 1)) }), revoked(other())] }))(),
  ),
  misfit(
    146,
    'a certificate that an indirect CRL lists under its own issuer, not another',
    'cert-revoked',
    indirectly((scene) => ({ entries: [revoked(at(scene, -1), { issuer: nameOf(at(scene, 1)) })] })),
    asIs,
    () => indirectly((scene) => ({ entries: [revoked(at(scene, -1), { issuer: nameOf(other()) })] }))(),
  ),
  misfit(
    147,
    'a CRL that has run out',
    'status-unavailable',
    delegate,
    (scene) => withLists(scene, {}, { nextUpdate: NOW }),
    (scene) => withLists(scene, {}, { nextUpdate: NOW + 1 }),
  ),
  misfit(
    147,
    'a CRL from the future',
    'status-unavailable',
    delegate,
    (scene) => withLists(scene, {}, { thisUpdate: NOW + 1 }),
    (scene) => withLists(scene, {}, { thisUpdate: NOW }),
  ),
  misfit(147, 'no CRL where a distribution point names one', 'status-unavailable', shaken, (scene) => withLists(scene, {}, null)),
  misfit(
    148,
    'a CRL of which the signature is spoilt',
    'status-unavailable',
    delegate,
    caLists((ca) => [spoilt(listOf(ca))]),
  ),
  misfit(
    148,
    'a CRL signed with another key',
    'status-unavailable',
    delegate,
    caLists((ca) => [listOf({ ...ca, key: newKeyPair() })]),
  ),
  misfit(
    148,
    'a CRL signer without cRLSign',
    'status-unavailable',
    indirectly((_scene, signer) => ({ signer: replaced(signer, keyUsage('keyCertSign')) })),
    asIs,
    () => indirect(),
  ),
  misfit(
    148,
    'a CRL signer under another root',
    'status-unavailable',
    indirectly(() => ({ under: { ...authority('Stranger'), key: newKeyPair() } })),
    asIs,
    () => indirect(),
  ),
  misfit(
    148,
    'a CRL by the CA where the point names another issuer',
    'status-unavailable',
    indirectly((scene) => ({ list: listOf(at(scene, 1)) })),
    asIs,
    () => indirect(),
  ),
  misfit(
    149,
    'a CRL of another issuer that does not say it is indirect',
    'status-unavailable',
    indirectly((_scene, signer) => ({ list: listOf(signer, { url: SIGNER_URL }) })),
    asIs,
    () => indirect(),
  ),
  misfit(
    149,
    'a CRL for another distribution point',
    'status-unavailable',
    shaken,
    (scene) => withLists(scene, { url: 'http://crl.example/other.crl' }, {}),
    (scene) => withLists(scene, { url: CRL_URL }, {}),
  ),
  misfit(
    150,
    'a lower CRL number with a later time',
    'status-unavailable',
    delegate,
    caLists((ca) => [listOf(ca, { number: 9, thisUpdate: NOW - 2 * DAY }), listOf(ca, { number: 8, thisUpdate: NOW - DAY })]),
    caLists((ca) => [listOf(ca, { number: 8, thisUpdate: NOW - 2 * DAY }), listOf(ca, { number: 9, thisUpdate: NOW - DAY })]),
  ),
  misfit(
    150,
    'an unknown critical extension in a CRL',
    'status-unavailable',
    delegate,
    caLists((ca) => [listOf(ca, { extensions: [{ oid: '1.3.6.1.4.1.55555.1', critical: true, value: Buffer.from([5, 0]) }] })]),
    caLists((ca) => [listOf(ca, { extensions: [{ oid: '1.3.6.1.4.1.55555.1', critical: false, value: Buffer.from([5, 0]) }] })]),
  ),
  misfit(152, 'no distribution point and no CRL', 'no-status-source', delegate, (scene) => withLists(scene, {}, null)),
  misfit(
    152,
    'no CRL for an end-entity of a day and a second',
    'no-status-source',
    delegate,
    (scene) =>
      withLists(
        changed(scene, -1, (link) => ({ ...link, notBefore: NOW, notAfter: NOW + DAY + 1 })),
        {},
        null,
      ),
    (scene) =>
      withLists(
        changed(scene, -1, (link) => ({ ...link, notBefore: NOW, notAfter: NOW + DAY })),
        {},
        null,
      ),
  ),
  misfit(null, 'a CRL that lists an end-entity of a day', 'cert-revoked', delegate, (scene) => {
    const brief = changed(scene, -1, (link) => ({ ...link, notBefore: NOW, notAfter: NOW + DAY }));
    return withLists(brief, {}, { entries: [revoked(at(brief, -1))] });
  }),
  misfit(
    null,
    'octets that are no CRL',
    'malformed-crl',
    delegate,
    caLists((ca) => [listOf(ca).subarray(0, -1)]),
  ),
  misfit(
    148,
    'the STI-PA’s CRL without an anchor for CRLs',
    'status-unavailable',
    shaken,
    servedByPa(false, () => []),
    servedByPa(true, () => []),
  ),
  misfit(
    143,
    'an end-entity that the STI-PA’s CRL lists',
    'cert-revoked',
    shaken,
    servedByPa(true, (scene) => [revoked(at(scene, -1), { issuer: nameOf(at(scene, 1)) })]),
    servedByPa(true, (scene) => [revoked(at(scene, -1), { issuer: nameOf(at(scene, 0)) })]),
  ),
];
