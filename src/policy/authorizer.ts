import { createHash } from 'node:crypto';
import { policySetTextToParts, preparsePolicySet, statefulIsAuthorized, validate, type Context } from '@cedar-policy/cedar-wasm/nodejs';
import type { PassportAction } from '../passport/index.js';
import type { Parsed } from './document.js';

/** What the rules may ask about a PASSporT whose signer's authority is proven. */
export interface AuthorizationRequest {
  readonly action: PassportAction;
  readonly credential: 'np' | 'delegate' | 'ep' | 'mailbox' | 'numbering-authority';
  readonly identifier: 'number' | 'mailbox';
  /** The signer is the NP or EP of record. */
  readonly ofRecord: boolean;
  /** The mapping is the provider's that the credential is bound to. */
  readonly ownMapping: boolean;
  /** permittedValues of the credential has `action` with `prefer`. */
  readonly preferGranted: boolean;
  /** Which side of a port signed. */
  readonly portSide: 'from' | 'to' | 'authority' | 'none';
}

export interface Authorization {
  readonly allowed: boolean;
  /** Ids of the policies that decided, sorted: the engine gives them in no order. */
  readonly policies: readonly string[];
}

const DENIED: Authorization = { allowed: false, policies: [] };
const MAX_DECISIONS = 1024;

/** The engine compiles itself on the first evaluation, forty times the cost of one: that belongs to the load, not to a PASSporT. */
const WARM_UP: AuthorizationRequest = {
  action: 'release',
  credential: 'delegate',
  identifier: 'number',
  ofRecord: false,
  ownMapping: false,
  preferGranted: false,
  portSide: 'none',
};

/**
 * The Cedar policies of `authorization.cedar`, preparsed once and typed against their schema. Denies unless a policy permits; any error of
 * evaluation denies, since a `forbid` that fails would otherwise be skipped.
 */
export class Authorizer {
  /** Lower-case hex SHA-256 of `document`. */
  readonly version: string;
  /** JSON of the texts of policies and schema: `authorizerOfDocument` reads it. */
  readonly document: string;
  readonly #decisions = new Map<string, Authorization>();
  readonly #setId: string;

  private constructor(document: string, version: string, setId: string) {
    this.document = document;
    this.version = version;
    this.#setId = setId;
  }

  /** Every problem at once; a set that does not parse, is empty, has templates, or does not fit its schema is refused. */
  static load(policies: string, schema: string): Parsed<Authorizer> {
    const parts = policySetTextToParts(policies);
    if (parts.type === 'failure') return bad(parts.errors.map((error) => error.message));
    if (parts.policies.length === 0) return bad(['no policy']);
    if (parts.policy_templates.length > 0) return bad(['templates are not used here']);
    const named = new Map<string, string>();
    for (const text of parts.policies) {
      const id = /^@id\("([a-z0-9-]{1,64})"\)/.exec(text.trim())?.[1];
      if (id === undefined) return bad(['every policy needs an @id of lower-case letters, digits and hyphens, first']);
      if (named.has(id)) return bad([`@id ${id} occurs twice`]);
      named.set(id, text);
    }
    const set = { staticPolicies: Object.fromEntries(named) };
    const answer = validate({ schema, policies: set });
    if (answer.type === 'failure') return bad(answer.errors.map((error) => error.message));
    const findings = [...answer.validationErrors, ...answer.validationWarnings].map(
      ({ policyId, error }) => `${policyId}: ${error.message}`,
    );
    if (findings.length > 0) return bad(findings);
    const document = JSON.stringify([policies, schema]);
    const version = createHash('sha256').update(document).digest('hex');
    const setId = `signpost-${version}`;
    const prepared = preparsePolicySet(setId, set);
    if (prepared.type === 'failure') return bad(prepared.errors.map((error) => error.message));
    const authorizer = new Authorizer(document, version, setId);
    authorizer.#evaluate(WARM_UP);
    return { ok: true, value: authorizer };
  }

  /** One evaluation for each distinct request; the rules see nothing else, so the decision may be kept. */
  decide(request: AuthorizationRequest): Authorization {
    const { action, credential, identifier, ofRecord, ownMapping, preferGranted, portSide } = request;
    const facts = (ofRecord ? 4 : 0) + (ownMapping ? 2 : 0) + (preferGranted ? 1 : 0);
    const key = `${action} ${credential} ${identifier} ${portSide} ${facts}`;
    const known = this.#decisions.get(key);
    if (known !== undefined) return known;
    const decision = this.#evaluate(request);
    if (this.#decisions.size >= MAX_DECISIONS) this.#decisions.clear();
    this.#decisions.set(key, decision);
    return decision;
  }

  #evaluate({ action, credential, identifier, ...facts }: AuthorizationRequest): Authorization {
    const context: Context = { ...facts };
    const answer = statefulIsAuthorized({
      principal: { type: 'Signpost::Credential', id: credential },
      action: { type: 'Signpost::Action', id: action },
      resource: { type: 'Signpost::Identifier', id: identifier },
      context,
      preparsedPolicySetId: this.#setId,
      entities: [],
    });
    if (answer.type !== 'success') return DENIED;
    const { decision, diagnostics } = answer.response;
    if (diagnostics.errors.length > 0) return DENIED;
    return { allowed: decision === 'allow', policies: [...diagnostics.reason].sort() };
  }
}

/** The authorizer of which this is the `document`. */
export const authorizerOfDocument = (document: string): Parsed<Authorizer> => {
  const [policies, schema] = JSON.parse(document) as [string, string];
  return Authorizer.load(policies, schema);
};

const bad = (problems: readonly string[]): Parsed<never> => ({
  ok: false,
  problems: problems.map((problem) => `authorization.cedar: ${problem}`),
});
