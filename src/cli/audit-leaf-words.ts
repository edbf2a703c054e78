import { REST, type LeafBatch, type LeafFell, type LeafFields, type LeafPrincipal } from '../log/index.js';

/** What a leaf says, in one line. */
export const leafInWords = (leaf: LeafFields): string => {
  if (leaf.fell !== undefined) return fallen(leaf, leaf.fell);
  if (leaf.opened !== undefined) return `entry ${leaf.opened.ref} opened by ${byWhom(leaf)}`;
  if (leaf.erased !== undefined) return `a subject forgotten by ${byWhom(leaf)}`;
  if (leaf.batch !== undefined) return refusals(leaf, leaf.batch);
  return leaf.who === undefined ? decided(leaf) : onboarded(leaf, leaf.who);
};

const byWhom = ({ ap, t }: LeafFields): string => `${ap ?? 'nobody'} at ${new Date(t).toISOString()}`;

const refusals = ({ ap, t }: LeafFields, { n, why }: LeafBatch): string => {
  const counts = Object.entries(why).map(([code, count]) => `${count} ${code === REST ? 'for others' : code}`);
  return `${n} refusals of ${ap} gathered at ${new Date(t).toISOString()}: ${counts.join(', ')}`;
};

const onboarded = ({ ap, t }: LeafFields, { dom, kind, cls, spc, susp, key }: LeafPrincipal): string => {
  const terms = [kind, cls, spc, susp ? 'suspended' : null, key === null ? null : 'bound to a key'].filter((term) => term !== null);
  return `${dom} ${kind === null ? 'removed' : `is ${terms.join(', ')}`}, said ${ap} at ${new Date(t).toISOString()}`;
};

const fallen = ({ why, t }: LeafFields, { eff, n, rsn }: LeafFell): string =>
  `${n} mappings ${eff} (${rsn === null ? why : `${why}, ${rsn}`}) at ${new Date(t).toISOString()}`;

const decided = ({ k, why, act, ap, t }: LeafFields): string =>
  `${k === 'reject' ? `refused (${why})` : k}: ${act ?? 'unreadable'} by ${ap ?? 'nobody'} at ${new Date(t).toISOString()}`;
