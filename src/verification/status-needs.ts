import { verifyPassportSignature } from '../passport/index.js';
import { Refusal } from '../reasons/index.js';
import { urlsOf, type JudgedPath } from '../x509/index.js';
import type { CredentialFailure } from './credential.js';
import type { Job } from './job.js';
import { Missing } from './missing.js';
import type { Needs } from './verdict.js';

/** Where the certificates of a judged path say that their status is; null where they say nothing. */
const needsOf = ({ certificates }: JudgedPath): Needs | null => {
  const below = certificates.slice(0, -1);
  const crls = [...new Set(below.flatMap(({ crlDistributionPoints }) => urlsOf(crlDistributionPoints ?? [])))];
  return crls.length === 0 ? null : { kind: 'status', crls, issuers: certificates.slice(1).map(({ der }) => der) };
};

/** Whether whoever presents the PASSporT could have it signed: nobody else may have anything fetched. */
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
  const needs = needsOf(path);
  return needs !== null && isSigned(job, path) ? new Missing(refusal.reason, needs, refusal.position, refusal.detail) : refusal;
};
