import { parseGatewayPolicy, type GatewayPolicy } from '../policy/index.js';

let shipped: GatewayPolicy | null = null;

/** What the trust profiles leave to policy, as a fresh gateway has it: for whoever names no policy. */
export const shippedPolicy = (): GatewayPolicy => {
  if (shipped !== null) return shipped;
  const parsed = parseGatewayPolicy('audience: dp.example\norigin: dp.example/log\n');
  if (!parsed.ok) throw new Error('the defaults of the gateway policy do not parse');
  shipped = parsed.value;
  return shipped;
};
