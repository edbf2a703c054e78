import { X509Certificate, createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import type { ProblemList } from './problems.js';

/** PEM texts of what the server shows and whom it asks. */
export interface TlsFiles {
  readonly key: string;
  readonly cert: string;
  readonly clientAuthorities: string;
}

/** Reads `server.pem`, `server.key.pem` and `ca.pem` of a folder; null when something is wrong, and the list then says what. `now` in ms. */
export const readTlsFiles = async (directory: string, now: number, list: ProblemList): Promise<TlsFiles | null> => {
  const file = (name: string): string => join(directory, name);
  const key = await list.read(file('server.key.pem'), "the server's key");
  const cert = await list.read(file('server.pem'), "the server's certificate");
  const clientAuthorities = await list.read(file('ca.pem'), "the clients' authority");
  if (key === null || cert === null || clientAuthorities === null) return null;
  const before = list.problems.length;
  const certificate = list.parse(file('server.pem'), "the server's certificate", () => new X509Certificate(cert));
  const privateKey = list.parse(file('server.key.pem'), "the server's key", () => createPrivateKey(key));
  list.parse(file('ca.pem'), "the clients' authority", () => new X509Certificate(clientAuthorities));
  if (certificate !== null && privateKey !== null && !certificate.checkPrivateKey(privateKey))
    list.add(`${file('server.key.pem')}: is not the key of server.pem: give the pair`);
  if (certificate !== null && Date.parse(certificate.validTo) <= now) list.add(`${file('server.pem')}: has run out: issue a new one`);
  return list.problems.length > before ? null : { key, cert, clientAuthorities };
};
