import { issueRevocationList, type Authority, type RevocationListTemplate } from '../../../src/issuance/index.js';
import type { TrustProfile } from '../../../src/verification/verdict.js';
import { DAY, NOW, certify, nameOf, type Link } from './link.js';

/** The object that `verifyPath` and the lines of `verify path` take (CONTRACT section 3). */
export interface PathLine {
  readonly id: string;
  readonly anchors: readonly Uint8Array[];
  readonly path: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly crlSigners: readonly Uint8Array[];
  readonly crlAnchors: readonly Uint8Array[];
  readonly at: string;
  readonly profile: TrustProfile | 'rfc5280';
  readonly revocation: 'off' | 'when-named' | 'required';
}

/** A path from the root down, and the CRLs of its CAs. */
export interface Scene {
  readonly profile: TrustProfile;
  readonly links: readonly Link[];
  /** By the issuer's place, the root's 0; null: it has published none. */
  readonly lists: ReadonlyArray<Partial<RevocationListTemplate> | null>;
  readonly line?: (line: PathLine, made: readonly Buffer[]) => PathLine;
}

export const sceneOf = (profile: TrustProfile, ...links: Link[]): Scene => ({ profile, links, lists: links.slice(0, -1).map(() => ({})) });

/** One scene, so that what is not changed is certified once. */
export const once = (make: () => Scene): (() => Scene) => {
  let scene: Scene | null = null;
  return () => (scene ??= make());
};

/** Changes the link at a place: 0 the root, -1 the end-entity. */
export const changed = (scene: Scene, place: number, change: (link: Link) => Link): Scene => {
  const at = place < 0 ? scene.links.length + place : place;
  return { ...scene, links: scene.links.map((link, i) => (i === at ? change(link) : link)) };
};

export const withLists = (scene: Scene, ...lists: Scene['lists'][number][]): Scene => ({ ...scene, lists });
export const withLine = (scene: Scene, line: NonNullable<Scene['line']>): Scene => ({ ...scene, line });

/** What a link signs CRLs with. */
export const issuerOf = (link: Link): Authority => ({ key: link.key, name: nameOf(link), certificate: Buffer.alloc(0), path: [] });

/** A complete CRL, fresh and empty but for what is given. */
export const listOf = (link: Link, template: Partial<RevocationListTemplate> = {}): Buffer =>
  issueRevocationList(issuerOf(link), { number: 7, thisUpdate: NOW - DAY, nextUpdate: NOW + 6 * DAY, entries: [], ...template });

export const instant = (seconds: number): string => new Date(seconds * 1000).toISOString();

export const certificatesOf = ({ links }: Scene): Buffer[] => links.map((link, i) => certify(link, links[i - 1] ?? link));

export const lineOf = (id: string, scene: Scene): PathLine => {
  const made = certificatesOf(scene);
  const line: PathLine = {
    id,
    anchors: made.slice(0, 1),
    path: made.slice(1).toReversed(),
    crls: scene.lists.flatMap((list, i) => {
      const link = scene.links[i];
      return list === null || link === undefined ? [] : [listOf(link, list)];
    }),
    crlSigners: [],
    crlAnchors: [],
    at: instant(NOW),
    profile: scene.profile,
    revocation: 'required',
  };
  return scene.line?.(line, made) ?? line;
};
