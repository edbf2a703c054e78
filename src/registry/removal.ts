import type { AgreedPort, Mapping, Preference, Subject } from './subject.js';

const MEMBERS = ['default', 'consumer', 'business'] as const;

/** DESIGN section 7: what removes a mapping clears the preferences that name its provider, unless another mapping of it stays. */
export const preferenceAmong = (preference: Preference | null, mappings: readonly Mapping[]): Preference | null => {
  if (preference === null) return null;
  const kept: { -readonly [member in keyof Preference]: string } = {};
  for (const member of MEMBERS) {
    const provider = preference[member];
    if (provider !== undefined && mappings.some((mapping) => mapping.provider === provider)) kept[member] = provider;
  }
  return Object.keys(kept).length === 0 ? null : kept;
};

/** The subject with those mappings alone, pending ones among them, that `stays` says yes to. The very same object when all stay. */
export const keepMappings = (subject: Subject, stays: (mapping: Mapping) => boolean): Subject => {
  const port = keepPending(subject.port, stays);
  const mappings = subject.mappings.filter(stays);
  if (mappings.length === subject.mappings.length) return port === subject.port ? subject : { ...subject, port };
  return { ...subject, port, mappings, preference: preferenceAmong(subject.preference, mappings) };
};

const keepPending = (port: AgreedPort | null, stays: (mapping: Mapping) => boolean): AgreedPort | null => {
  const pending = port?.pending.filter(stays);
  return port === null || pending === undefined || pending.length === port.pending.length ? port : { ...port, pending };
};

/** Whether a mapping is still there at `time`, ms: to the second of `expires`, not beyond. */
export const isLive = (mapping: Mapping, time: number): boolean => mapping.expires * 1000 > time;

/** DESIGN section 7, expire: what has run out is gone for every rule, whether or not a leaf has said so yet. */
export const withoutExpired = (subject: Subject, time: number): Subject => keepMappings(subject, (mapping) => isLive(mapping, time));
