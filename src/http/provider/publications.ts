import { createHash } from 'node:crypto';
import type { Publication } from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { answerWith, type Answer } from '../answer.js';
import type { Exchange, Route } from '../route.js';
import type { ProviderSite } from './site.js';

const tagOf = ({ octets }: Publication): string => `"${createHash('sha256').update(octets).digest('base64url')}"`;

/** RFC 9110 section 13.1.2: a list of entity tags compared weakly, or a star. */
const isKnown = (field: string | undefined, tag: string): boolean =>
  field !== undefined && (field.trim() === '*' || field.split(',').some((one) => one.trim().replace(/^W\//, '') === tag));

const answerOf = (publication: Publication, { request }: Exchange<ProviderSite>): Answer => {
  const tag = tagOf(publication);
  const headers = ['Cache-Control', `public, max-age=${publication.maxAge}`, 'ETag', tag];
  if (isKnown(request.headers['if-none-match'], tag)) return answerWith(304, publication.mediaType, '', headers);
  return answerWith(200, publication.mediaType, publication.octets, headers);
};

/** Everybody may read what a desk publishes: verifiers that know nobody fetch it. */
const published = (path: string, folder: string): Route<ProviderSite> => ({
  method: 'GET',
  path,
  access: 'public',
  consumes: [],
  urgency: 'normal',
  async handle(exchange) {
    const name = `${folder}/${exchange.params['name'] ?? ''}`;
    const found = (await exchange.site.publications()).find((publication) => publication.path === name);
    return found === undefined ? refuse('not-found') : answerOf(found, exchange);
  },
});

/** CRLs, the desk's certificates, and the x5u paths of its own credentials: the same that `publish` writes as files. */
export const PUBLICATION_ROUTES: readonly Route<ProviderSite>[] = ['crls', 'certs', 'x5u'].map((folder) =>
  published(`/${folder}/:name`, folder),
);
