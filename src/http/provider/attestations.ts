import { z } from 'zod';
import { parseSii } from '../../identifiers/index.js';
import { CODE, type AttestationDesk, type AttestationRequest, type Consented } from '../../issuance/attestation/index.js';
import { refuse } from '../../reasons/index.js';
import { JSON_TYPE, answerJson, type Answer } from '../answer.js';
import { parseBody } from '../body.js';
import { clientOf, type Route } from '../route.js';
import { circle, sii, ssi } from '../schemas.js';
import type { ProviderSite } from './site.js';

/** What an AP asks for: who it is says its client certificate alone. */
export const attestationBody = z.strictObject({
  sii,
  ssi,
  purpose: z.enum(['consumer', 'business']),
  kind: z.enum(['user', 'service']).optional(),
  circle: circle.optional(),
  audience: z.string().max(253).optional(),
  proof: z.enum(['otp', 'sim', 'operator']),
  evidence: z.string().min(1).max(16_384).optional(),
});

export const completionBody = z.strictObject({ code: z.string().regex(CODE) });

const instant = (ms: number): string => new Date(ms).toISOString();

const deskOf = ({ attestation }: ProviderSite): AttestationDesk => attestation ?? refuse('proof-not-offered', 'none is');

const attested = ({ passport, consent, expires }: Consented): Answer => answerJson(201, { passport, consent, expires: instant(expires) });

const begin: Route<ProviderSite> = {
  method: 'POST',
  path: '/v1/attestations',
  access: ['ap'],
  consumes: [JSON_TYPE],
  urgency: 'normal',
  async handle(exchange) {
    const { site } = exchange;
    const desk = deskOf(site);
    const { domain } = clientOf(exchange);
    const body: AttestationRequest = parseBody(await exchange.body(), attestationBody);
    const begun = await desk.begin(domain, { ...body, sii: parseSii(body.sii).uri });
    if (begun.state === 'attested') return told(exchange.site, domain, begun);
    const { id, proof, expires } = begun;
    return answerJson(202, { id, proof, expires: instant(expires) });
  },
};

const complete: Route<ProviderSite> = {
  method: 'POST',
  path: '/v1/attestations/:id',
  access: ['ap'],
  consumes: [JSON_TYPE],
  urgency: 'normal',
  async handle(exchange) {
    const { site, params } = exchange;
    const desk = deskOf(site);
    const { domain } = clientOf(exchange);
    const { code } = parseBody(await exchange.body(), completionBody);
    return told(site, domain, await desk.complete(domain, params['id'] ?? '', code));
  },
};

/** Who was attested for is the ledger's to know; the log says for whom, and how. */
const told = ({ log }: ProviderSite, client: string, consented: Consented): Answer => {
  log.info({ client, consent: consented.consent }, 'attested');
  return attested(consented);
};

/** Attestation on a subscriber's wish (docs/adr/0011). A desk without it says so: the same routes, and `proof-not-offered`. */
export const ATTESTATION_ROUTES: readonly Route<ProviderSite>[] = [begin, complete];
