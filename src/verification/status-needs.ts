import { tnOf } from '../identifiers/index.js';
import { verifyPassportSignature } from '../passport/index.js';
import { Refusal } from '../reasons/index.js';
import { certIdOf, isAboutNumbers, respondersOf, urlsOf, type Certificate, type JudgedPath } from '../x509/index.js';
import type { CredentialFailure } from './credential.js';
import type { Job } from './job.js';
import { Missing } from './missing.js';
import type { Needs, OcspNeed } from './verdict.js';

const ocspNeedOf = (certificate: Certificate, issuer: Certificate, sii: string): OcspNeed | null => {
  const urls = respondersOf(certificate);
  if (urls.length === 0) return null;
  const tn = isAboutNumbers(certificate) ? tnOf(sii) : null;
  return { urls, id: certIdOf(certificate, issuer, tn !== null), tn };
};

/** Where the certificates of a judged path say that their status is; null where they say nothing. Those above `lacking` have one. */
const needsOf = ({ certificates }: JudgedPath, lacking: number, sii: string): Needs | null => {
  const below = certificates.slice(0, -1);
  const crls = [...new Set(below.flatMap(({ crlDistributionPoints }) => urlsOf(crlDistributionPoints ?? [])))];
  const ocsp = below
    .slice(0, lacking + 1)
    .map((certificate, position) => ocspNeedOf(certificate, certificates[position + 1] ?? certificate, sii))
    .filter((need) => need !== null)
    .toReversed();
  if (crls.length === 0 && ocsp.length === 0) return null;
  return { kind: 'status', crls, issuers: certificates.slice(1).map(({ der }) => der), ocsp };
};

/** Whether whoever presents the PASSporT could have it signed: nobody else may have anything fetched, or a number told to a responder. */
const isSigned = ({ compact }: Job, { endEntity }: JudgedPath): boolean => {
  try {
    return verifyPassportSignature(endEntity.publicKey.keyObject, compact);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

/** The refusal of a path's status; where it may be had from somewhere, one that says from where. */
export const statusRefusal = (job: Job, { refusal, path }: CredentialFailure): Refusal => {
  if (refusal.reason !== 'status-unavailable' || path === null) return refusal;
  const needs = needsOf(path, refusal.position ?? 0, job.claims.sii);
  return needs !== null && isSigned(job, path) ? new Missing(refusal.reason, needs, refusal.position, refusal.detail) : refusal;
};
