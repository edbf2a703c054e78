import {
  OID,
  authorityKeyIdentifier,
  basicConstraints,
  keyUsage,
  newKeyPair,
  permittedMailboxes,
  subjectAltName,
  subjectKeyIdentifier,
  subjectName,
} from '../../../src/issuance/index.js';
import { delegate, enterprise, mailbox } from './fitting.js';
import { DAY, NOW, authority, certify, keyFor, replaced, without, type Link } from './link.js';
import { misfit, type Misfit } from './misfit.js';
import { changed, withLine, type PathLine, type Scene } from './scene.js';

const link =
  (place: number, change: (link: Link) => Link) =>
  (scene: Scene): Scene =>
    changed(scene, place, change);
const line =
  (change: (line: PathLine, made: readonly Buffer[]) => Partial<PathLine>) =>
  (scene: Scene): Scene =>
    withLine(scene, (right, made) => ({ ...right, ...change(right, made) }));
const path = (change: (path: readonly Uint8Array[], made: readonly Buffer[]) => readonly (Uint8Array | undefined)[]) =>
  line((right, made) => ({ path: change(right.path, made).filter((one) => one !== undefined) }));

const another = (name: string): Buffer => {
  const root = { ...authority(name), key: newKeyPair() };
  return certify(root, root);
};

/** What is wrong with how certificates stand together. */
export const PATH_MISFITS: readonly Misfit[] = [
  misfit(
    87,
    'an end-entity that expired a second ago',
    'cert-expired',
    delegate,
    link(-1, (one) => ({ ...one, notAfter: NOW - 1 })),
    link(-1, (one) => ({ ...one, notAfter: NOW })),
  ),
  misfit(
    88,
    'an end-entity that is valid from the next second',
    'cert-not-yet-valid',
    delegate,
    link(-1, (one) => ({ ...one, notBefore: NOW + 1 })),
    link(-1, (one) => ({ ...one, notBefore: NOW })),
  ),
  misfit(
    90,
    'a CA that has expired',
    'cert-expired',
    delegate,
    link(1, (one) => ({ ...one, notAfter: NOW - DAY })),
  ),
  misfit(
    90,
    'a CA that is not valid yet',
    'cert-not-yet-valid',
    delegate,
    link(1, (one) => ({ ...one, notBefore: NOW + DAY })),
  ),
  misfit(
    null,
    'an anchor that has expired',
    'cert-expired',
    delegate,
    link(0, (one) => ({ ...one, notAfter: NOW - 1 })),
    link(0, (one) => ({ ...one, notAfter: NOW })),
  ),
  misfit(
    91,
    'an anchor that is not known',
    'untrusted-chain',
    delegate,
    line(() => ({ anchors: [another('Other Root')] })),
  ),
  misfit(
    91,
    'no anchors',
    'untrusted-chain',
    delegate,
    line(() => ({ anchors: [] })),
  ),
  misfit(
    91,
    'a root in the path that is not configured',
    'untrusted-chain',
    delegate,
    line((right) => ({ path: [...right.path, ...right.anchors], anchors: [another('Other Root')] })),
    line((right) => ({ path: [...right.path, ...right.anchors] })),
  ),
  misfit(91, 'an end-entity that signed itself', 'untrusted-chain', delegate, (scene) =>
    withLine(scene, (right) => {
      const self = scene.links.at(-1);
      return self === undefined ? right : { ...right, path: [certify(self, self)] };
    }),
  ),
  misfit(
    92,
    'a path to an anchor for CRLs alone',
    'untrusted-chain',
    delegate,
    line((right) => ({ anchors: [], crlAnchors: right.anchors })),
  ),
  misfit(
    94,
    'the CA before the end-entity',
    'malformed-chain',
    delegate,
    path((right) => right.toReversed()),
  ),
  misfit(
    94,
    'a gap',
    'malformed-chain',
    enterprise,
    path(([first, , ...rest]) => [first, ...rest]),
  ),
  misfit(
    94,
    'the end-entity twice',
    'malformed-chain',
    delegate,
    path(([first, ...rest]) => [first, first, ...rest]),
  ),
  misfit(
    94,
    'a certificate that belongs to nobody here',
    'malformed-chain',
    delegate,
    path(([first, ...rest]) => [first, another('Bystander'), ...rest]),
  ),
  misfit(
    94,
    'an empty path',
    'malformed-chain',
    delegate,
    path(() => []),
  ),
  misfit(
    95,
    'no authority key identifier',
    'aki-mismatch',
    delegate,
    link(-1, (one) => ({ ...one, identifiers: [subjectKeyIdentifier(one.key.spki)] })),
  ),
  misfit(
    95,
    'an authority key identifier of another key',
    'aki-mismatch',
    delegate,
    link(-1, (one) => ({
      ...one,
      identifiers: [subjectKeyIdentifier(one.key.spki), authorityKeyIdentifier(newKeyPair().spki)],
    })),
  ),
  misfit(
    null,
    'a CA without a subject key identifier',
    'aki-mismatch',
    delegate,
    link(1, (one) => ({
      ...one,
      identifiers: [authorityKeyIdentifier(keyFor('Delegate Root').spki)],
    })),
  ),
  misfit(
    96,
    'an issuer name that is not the subject above',
    'untrusted-chain',
    delegate,
    link(-1, (one) => ({ ...one, issuer: subjectName({ commonName: 'Somebody' }) })),
  ),
  misfit(
    97,
    'a CA with cA FALSE',
    'not-a-ca',
    delegate,
    link(1, (one) => replaced(replaced(one, basicConstraints(false)), keyUsage('digitalSignature'))),
  ),
  misfit(
    97,
    'a CA without basicConstraints',
    'not-a-ca',
    delegate,
    link(1, (one) => replaced(without(one, OID.basicConstraints), keyUsage('cRLSign'))),
  ),
  misfit(
    98,
    'a CA without keyCertSign',
    'not-a-ca',
    delegate,
    link(1, (one) => replaced(one, keyUsage('cRLSign'))),
  ),
  misfit(
    99,
    'one CA more than pathLenConstraint allows',
    'path-length',
    enterprise,
    link(1, (one) => replaced(one, basicConstraints(true, 0))),
    link(1, (one) => replaced(one, basicConstraints(true, 1))),
  ),
  misfit(
    132,
    'a mailbox outside the name constraints above',
    'name-constraints',
    mailbox,
    link(-1, (one) => replaced(one, subjectAltName([{ mailbox: 'alice@other.example' }]))),
  ),
  misfit(
    132,
    'a mailbox below the domain that the name constraints permit',
    'name-constraints',
    mailbox,
    link(-1, (one) => replaced(one, subjectAltName([{ mailbox: 'alice@sub.mail.example' }]))),
  ),
  misfit(
    null,
    'name constraints in an end-entity',
    'name-constraints',
    mailbox,
    link(-1, (one) => ({ ...one, extensions: [...one.extensions, permittedMailboxes(['mail.example'])] })),
  ),
];
