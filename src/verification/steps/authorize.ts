import { tnOf } from '../../identifiers/index.js';
import { portRuleOf, type GatewayPolicy } from '../../policy/index.js';
import { refuse } from '../../reasons/index.js';
import { permittedValuesOf } from '../../x509/index.js';
import { consentThatCounts, strength } from '../consent.js';
import type { Job } from '../job.js';
import type { Step } from '../step.js';

const portSideOf = ({ claims: { action, from, to }, judged: { kind, spc } }: Job): 'from' | 'to' | 'authority' | 'none' => {
  if (action !== 'port') return 'none';
  if (kind === 'numbering-authority') return 'authority';
  if (spc === null) return 'none';
  return spc === from ? 'from' : spc === to ? 'to' : 'none';
};

/** DESIGN section 7, port: whose word counts is the country's to say. */
const mayPort = (job: Job, policy: GatewayPolicy): boolean => {
  const rule = portRuleOf(policy, tnOf(job.claims.sii) ?? '');
  return rule === 'either' || (rule === 'authority') === (portSideOf(job) === 'authority');
};

export const authorize: Step = {
  name: 'authorize',
  clause: 'docs/token-profile.md',
  asks: 'may this kind of credential sign this action, with this consent?',
  refuses: ['action-not-authorised', 'consent-too-weak'],
  run: (job, { authorizer, policy }) => {
    const { claims, judged, authority } = job;
    const decision = authorizer.decide({
      action: claims.action,
      credential: judged.kind,
      identifier: claims.sii.startsWith('tel:') ? 'number' : 'mailbox',
      ofRecord: authority.ofRecord,
      ownMapping: judged.provider !== null && judged.provider === claims.provider,
      preferGranted: permittedValuesOf(judged.constraints, 'action')?.includes('prefer') === true,
      portSide: portSideOf(job),
    });
    if (!decision.allowed) return refuse('action-not-authorised');
    if (claims.action === 'port' && !mayPort(job, policy)) return refuse('action-not-authorised', 'ports of that country');
    if (claims.consent === null) return { policies: [...decision.policies] };
    const consent = consentThatCounts(claims.consent, judged.kind, judged.constraints);
    const { minimum } = policy.consent;
    if (strength(consent) < strength(minimum)) return refuse('consent-too-weak');
    return { policies: [...decision.policies], consent, minimum };
  },
};
