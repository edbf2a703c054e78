import { z } from 'zod';
import { isDomain, isSpc } from '../identifiers/index.js';

export const domainField = z.string().refine(isDomain, 'must be a domain in lower case, A-labels');
export const spcField = z.string().refine(isSpc, 'must be a service provider code, capital letters and digits');
export const callingCodeField = z.string().regex(/^[1-9][0-9]{0,6}$/, 'must be a calling code, a string of digits');
export const oidField = z.string().regex(/^[0-2](?:\.(?:0|[1-9][0-9]*)){1,30}$/, 'must be a dotted object identifier');
export const pathField = z.string().min(1).max(1024);

/** What may be fetched at all: https, 443 or 8443, a host by its name, nobody's password. */
const isHttpsUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, port, username, password, hash, hostname } = new URL(text);
  const isBare = username === '' && password === '' && hash === '';
  return protocol === 'https:' && ['', '8443'].includes(port) && isBare && isDomain(hostname);
};
export const httpsUrlField = z.string().max(2048).refine(isHttpsUrl, 'must be an https URL with a host name, port 443 or 8443');

/** A server of the operator's choosing: https, any host and port, nobody's password, no query. */
const isServiceUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash, search } = new URL(text);
  return protocol === 'https:' && username === '' && password === '' && hash === '' && search === '';
};
export const serviceUrlField = z.string().max(2048).refine(isServiceUrl, 'must be an https URL without query');
export const certificatesField = z
  .string()
  .max(64 * 1024)
  .regex(/-----BEGIN CERTIFICATE-----/, 'must be certificates in PEM');
