import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Authorizer, parseGatewayPolicy, type GatewayPolicy, type Parsed } from '../policy/index.js';

/** From dist/src/cli to the project's root. */
const SHIPPED = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'policies');

const valueOf = <T>(parsed: Parsed<T>): T => {
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.problems.join('\n'));
};

/** What verdicts depend on of a policy folder; the project's own where none is named. Throws an Error with every problem. */
export const readVerdictPolicies = (folder: string = SHIPPED): { readonly policy: GatewayPolicy; readonly authorizer: Authorizer } => {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return {
    policy: valueOf(parseGatewayPolicy(read('gateway.yaml'))),
    authorizer: valueOf(Authorizer.load(read('authorization.cedar'), read('authorization.cedarschema'))),
  };
};
