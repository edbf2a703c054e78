import { dirname, join, relative, resolve } from 'node:path';
import type { DeskFiles } from './desk-files.js';

/** @throws Error when the directory is no development PKI */
export const checkDevelopmentPki = ({ disk }: DeskFiles, pki: string): void => {
  if (disk.stat(join(pki, 'manifest.json')) === null) throw new Error(`${pki} is no development PKI: signpost dev-pki makes one`);
};

/**
 * Lets a gateway over a development PKI (`signpost dev-pki`) trust a desk: its CRLs, and its root where it has one, are linked into the PKI's folders, so that
 * what the desk revokes later counts there too. CRLs first: no anchor is there without them. For development alone: whoever can write there is an anchor.
 * @throws Error when the directory is no development PKI
 */
export const linkIntoDevelopmentPki = (files: DeskFiles, pki: string): string[] => {
  const { disk } = files;
  checkDevelopmentPki(files, pki);
  const identity = files.identity();
  const name = identity.kind === 'ep' ? identity.domain : (identity.spc ?? identity.name.replace(/[^0-9A-Za-z]+/g, '-'));
  const link = (from: string, to: string): string[] => {
    if (disk.stat(files.path(from)) === null) return [];
    const path = join(pki, to);
    disk.remove(path);
    disk.link(relative(resolve(dirname(path)), resolve(files.path(from))), path);
    return [path];
  };
  return [
    ...link('crls/ca.pem', `crls/desk-${name}-ca.pem`),
    ...link('crls/root.pem', `crls/desk-${name}-root.pem`),
    ...link('root.pem', `anchors/${identity.kind === 'ep' ? 'email' : 'delegate'}/desk-${name}.pem`),
  ];
};
