import { refuse } from '../../reasons/index.js';
import type { Step } from '../step.js';

export const checkPresenter: Step = {
  name: 'check-presenter',
  clause: 'RFC 8224 section 6.2',
  asks: 'are provider, the host of the SSI and the authenticated client the same?',
  refuses: ['ap-mismatch'],
  run: ({ claims: { action, provider, ssi }, input: { client }, judged: { kind } }) => {
    if (provider === null) return { rule: 'any client' };
    // The SSI is in its one spelling since `check-claims`.
    if (ssi?.startsWith(`mimi://${provider}/u/`) === false) return refuse('ap-mismatch', 'host of the SSI');
    // The NP or EP of record may withdraw any mapping, and then it, not the AP, presents (standards: profiles, "Authority").
    if (action === 'withdraw' && (kind === 'np' || kind === 'ep')) return { rule: 'withdrawn by the provider of record', provider };
    if (client?.domain !== provider) return refuse('ap-mismatch', 'client');
    return { rule: 'provider is the client', provider };
  },
};
