import { X509Certificate } from 'node:crypto';
import { verifyPath, type PathAnswer } from '../../../src/verification/path-lines.js';
import { CertificateCache } from '../../../src/x509/index.js';
import { CLIENT_AUTH, SERVER_AUTH, type Graph } from './graph.js';

/**
 * What a program would do that wants a peer authenticated and has `verify path` for the judging: it finds the paths, asks for each whether it holds, and
 * looks itself whether the certificate names the peer and may serve the use.
 */

/** A path has at most ten certificates; some graphs have more ways than anybody wants to go, and more paths than anybody wants to ask about. */
const MAX_LENGTH = 10;
const MAX_PATHS = 64;
const MAX_STEPS = 10_000;

interface Node {
  readonly der: Buffer;
  readonly read: X509Certificate;
}

const nodeOf = (der: Buffer): Node | null => {
  try {
    return { der, read: new X509Certificate(der) };
  } catch {
    return null;
  }
};

/** Candidate paths, end-entity first and without the anchor, by names alone. */
function* pathsFrom(
  path: readonly Node[],
  bag: readonly Node[],
  trusted: readonly Node[],
  left = { steps: MAX_STEPS },
): Generator<readonly Node[]> {
  const last = path.at(-1);
  left.steps -= 1;
  if (last === undefined || left.steps < 0) return;
  if (trusted.some(({ read }) => read.subject === last.read.issuer)) yield path;
  if (path.length === MAX_LENGTH) return;
  for (const next of bag) {
    if (next.read.subject === last.read.issuer && !path.includes(next)) yield* pathsFrom([...path, next], bag, trusted, left);
  }
}

const namesFit = (der: Buffer, names: readonly string[]): boolean => {
  const peer = new X509Certificate(der);
  return names.every((name) => {
    if (name.includes('@')) return peer.subjectAltName?.split(', ').includes(`email:${name}`) === true;
    return /^[0-9.]+$|:/.test(name) ? peer.checkIP(name) !== undefined : peer.checkHost(name, { subject: 'never' }) !== undefined;
  });
};

const mayServe = (der: Buffer, use: string): boolean => {
  const { keyUsage } = new X509Certificate(der) as { keyUsage?: readonly string[] };
  return keyUsage === undefined || keyUsage.includes(use);
};

export interface Outcome {
  readonly result: 'SUCCESS' | 'FAILURE';
  /** The answers of `verify path`, one for each path that was asked about. */
  readonly answers: readonly PathAnswer[];
}

export const run = (graph: Graph): Outcome => {
  const { trusted, bag = [], peer, crls = [], at = '2024-06-01T00:00:00Z', names = ['example.com'], use } = graph;
  const cache = new CertificateCache();
  const nodes = (issued: Graph['trusted']): Node[] => issued.map(({ der }) => nodeOf(der)).filter((node) => node !== null);
  const first = nodeOf(peer.der);
  const found = first === null ? [] : [...take(pathsFrom([first], nodes(bag), nodes(trusted)), MAX_PATHS)];
  // A peer that nobody else can read, or that no name leads up from, is asked about all the same.
  const paths = found.length > 0 ? found.map((path) => path.map(({ der }) => der)) : [[peer.der, ...bag.slice(0, 8).map(({ der }) => der)]];
  const answers: PathAnswer[] = [];
  for (const path of paths) {
    const line = {
      id: 'limbo',
      anchors: trusted.map(({ der }) => der),
      path,
      crls,
      at,
      profile: 'rfc5280',
      revocation: crls.length === 0 ? 'off' : 'required',
      ...(graph.maxDepth === undefined ? {} : { maxDepth: graph.maxDepth }),
    };
    const answer = verifyPath(line, cache);
    answers.push(answer);
    if (answer.accepted) break;
  }
  const accepted = answers.at(-1)?.accepted === true;
  const email = names.some((name) => name.includes('@'));
  const fits = accepted && namesFit(peer.der, names) && mayServe(peer.der, use ?? (email ? CLIENT_AUTH : SERVER_AUTH));
  return { result: fits ? 'SUCCESS' : 'FAILURE', answers };
};

function* take<T>(all: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const one of all) {
    if (left === 0) return;
    left -= 1;
    yield one;
  }
}
