import type { Certificate } from './certificate.js';
import { assumedPoint, statusPoint, type StatusPoint } from './crl-scope.js';
import type { DistributionPoint } from './extension-values.js';

const points = new WeakMap<DistributionPoint, StatusPoint>();
const assumed = new WeakMap<Certificate, StatusPoint>();

/** Where the status of a certificate is to be found: what it names, else none. */
export const namedPoints = (named: readonly DistributionPoint[] | null, issuer: Certificate): readonly StatusPoint[] =>
  (named ?? []).map((point) => {
    let read = points.get(point);
    if (read === undefined) {
      read = statusPoint(point, issuer.subject);
      points.set(point, read);
    }
    return read;
  });

export const assumedPointOf = (issuer: Certificate): StatusPoint => {
  let point = assumed.get(issuer);
  if (point === undefined) {
    point = assumedPoint(issuer.subject);
    assumed.set(issuer, point);
  }
  return point;
};
