import { Refusal } from '../../reasons/index.js';
import { answerWith } from '../answer.js';
import { clientOf, type Route } from '../route.js';

const DIGEST = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
/** Under its digest it never changes. */
const CACHE = ['Cache-Control', 'private, max-age=31536000, immutable'];

/** What verdicts were made under: `pol`, `tl`, `num` and `rev` of a leaf, and what those documents name. Judging an entry again needs no more beside its evidence. */
export const keptDocument: Route = {
  method: 'GET',
  path: '/v1/documents/:digest',
  access: ['auditor'],
  consumes: [],
  urgency: 'normal',
  async handle(exchange) {
    const { site, params, response } = exchange;
    const { digest = '' } = params;
    if (!DIGEST.test(digest)) throw new Refusal('malformed-request', 'digest');
    site.admission.documents.hold(clientOf(exchange).domain, response);
    const document = await site.gateway.document(Buffer.from(digest, 'base64url').toString('hex'));
    if (document === null) throw new Refusal('not-found', 'document');
    return answerWith(200, 'application/octet-stream', Buffer.from(document.buffer, document.byteOffset, document.byteLength), CACHE);
  },
};
