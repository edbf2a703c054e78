import type { RegistryEvent, RevokeEvent } from '../../src/registry/index.js';

interface Entry {
  readonly key: string;
  readonly provider: string;
  readonly ssi: string;
  readonly purpose: string;
  readonly kind: string;
  readonly circle: string | null;
  readonly born: number;
  /** Index of its last registration. */
  readonly last: number;
  readonly attest: boolean;
  readonly until: number;
}

/**
 * A second registry of one SII, written from DESIGN section 7 without a look at the first: it keeps the whole history and
 * derives every answer anew. Slow and plain on purpose. Order marks are not bounded here.
 */
export class NaiveRegistry {
  private readonly lifetime: number;
  private readonly taken: { event: RegistryEvent | RevokeEvent; at: number; index: number }[] = [];

  constructor(lifetime: number) {
    this.lifetime = lifetime;
  }

  /** What becomes of an event at second `at`. */
  take(event: RegistryEvent | RevokeEvent, at: number, index: number): string {
    const objection = this.objection(event, at);
    if (objection === null) this.taken.push({ event, at, index });
    return objection ?? 'applied';
  }

  private objection(event: RegistryEvent | RevokeEvent, at: number): string | null {
    if (event.type === 'withdraw-by-connection') return null;
    if (event.type === 'revoke') {
      const meant = this.entries().filter((entry) => entry.until > at && event.registrations.has(entry.last));
      return meant.some((entry) => event.effect === 'removed' || !entry.attest) ? null : 'superseded';
    }
    const releases = this.taken.flatMap((past) => (past.event.type === 'release' ? [past.event.iat] : []));
    if (event.type === 'release') return releases.some((iat) => event.iat <= iat) ? 'superseded' : null;
    if (releases.some((iat) => event.iat <= iat || event.signer.assignedAfter <= iat)) return 'credential-predates-assignment';
    if (event.type === 'prefer') return this.objectionToPreference(event, at);
    if (this.ends(event.provider).some((end) => event.iat < end.iat || (event.iat === end.iat && event.jti <= end.jti)))
      return 'superseded';
    if (event.type === 'withdraw') return null;
    const live = this.entries().filter((entry) => entry.until > at);
    const isNew = !live.some((entry) => entry.key === this.keyOf(event));
    return isNew && live.filter((entry) => entry.provider === event.provider).length >= 4 ? 'mapping-limit' : null;
  }

  private objectionToPreference({ iat, jti, provider, preference }: RegistryEvent & { type: 'prefer' }, at: number): string | null {
    const prefers = this.taken.flatMap(({ event }) => (event.type === 'prefer' ? [event] : []));
    if (prefers.some((past) => iat < past.iat || (iat === past.iat && jti <= past.jti))) return 'superseded';
    const mapped = this.entries()
      .filter((entry) => entry.until > at)
      .map((entry) => entry.provider);
    const named = [provider, ...Object.values(preference)];
    return named.every((one) => mapped.includes(one)) ? null : 'preference-without-mapping';
  }

  /** What each accepted event of the provider ends; `~` is greater than any jti. */
  private ends(provider: string): { iat: number; jti: string }[] {
    const ends: { iat: number; jti: string }[] = [];
    for (const { event, at } of this.taken) {
      if (event.type === 'release' || event.type === 'revoke' || event.type === 'prefer' || event.provider !== provider) continue;
      if (event.type === 'withdraw-by-connection') ends.push({ iat: Math.max(at, ...ends.map((end) => end.iat)), jti: '~' });
      else ends.push({ iat: event.iat, jti: event.jti });
    }
    return ends;
  }

  private keyOf(event: { provider: string; purpose: string; circle: string | null }): string {
    return JSON.stringify([event.provider, event.purpose, event.circle]);
  }

  private entries(): Entry[] {
    return this.state().entries;
  }

  private state(): { entries: Entry[]; preferred: Map<string, string> } {
    let entries: Entry[] = [];
    const preferred = new Map<string, string>();
    for (const { event, at, index } of this.taken) {
      entries = entries.filter((entry) => entry.until > at);
      for (const [purpose, provider] of preferred) if (!entries.some((entry) => entry.provider === provider)) preferred.delete(purpose);
      if (event.type === 'prefer') for (const [purpose, provider] of Object.entries(event.preference)) preferred.set(purpose, provider);
      else if (event.type === 'release') entries = [];
      else if (event.type === 'revoke') {
        const { effect, registrations, attestBy } = event;
        entries = entries.flatMap((entry) => {
          if (!registrations.has(entry.last)) return [entry];
          if (effect === 'removed') return [];
          return [entry.attest ? entry : { ...entry, attest: true, until: Math.min(entry.until, attestBy) }];
        });
      } else if (event.type === 'register') {
        const key = this.keyOf(event);
        const born = entries.find((entry) => entry.key === key)?.born ?? index;
        const { provider, ssi, purpose, kind, circle } = event;
        entries = [
          ...entries.filter((entry) => entry.key !== key),
          { key, provider, ssi, purpose, kind, circle, born, last: index, attest: false, until: at + this.lifetime },
        ];
      } else entries = entries.filter((entry) => entry.ssi !== event.ssi);
      for (const [purpose, provider] of preferred) if (!entries.some((entry) => entry.provider === provider)) preferred.delete(purpose);
    }
    return { entries, preferred };
  }

  /** [SSI, purpose, kind, default], first registered first. */
  lookup(view: string, circle: string | null, at: number): (string | boolean)[][] {
    const shown = this.entries()
      .filter((entry) => entry.until > at && (view === 'all' || view === entry.purpose) && [null, circle].includes(entry.circle))
      .toSorted((a, b) => a.born - b.born);
    const { preferred } = this.state();
    const wanted = [preferred.get(view), preferred.get('default')].find((provider) => shown.some((entry) => entry.provider === provider));
    const eligible = wanted === undefined ? shown : shown.filter((entry) => entry.provider === wanted);
    const first = eligible.find((entry) => entry.circle !== null) ?? eligible[0];
    return shown.map((entry) => [entry.ssi, entry.purpose, entry.kind, entry === first]);
  }
}
