import type { PortEvent, PreferEvent, RegisterEvent, RegistryEvent, SweepEvent } from '../../src/registry/index.js';

interface Entry {
  readonly key: string;
  readonly provider: string;
  readonly ssi: string;
  readonly purpose: string;
  readonly kind: string;
  readonly circle: string | null;
  readonly operator: string | null;
  readonly born: number;
  /** Index of its last registration. */
  readonly last: number;
  readonly attest: boolean;
  readonly until: number;
}

interface Word {
  readonly party: string;
  readonly event: PortEvent;
  /** Nothing was agreed since. */
  readonly fresh: boolean;
}

/** What is stored: nothing of it is forgotten by the passing of time alone. */
interface State {
  entries: readonly Entry[];
  ahead: readonly Entry[];
  readonly preferred: Map<string, string>;
  agreed: PortEvent | null;
  record: { readonly spc: string; readonly since: number } | null;
  words: readonly Word[];
  fence: number;
}

const partyOf = ({ signer, to }: PortEvent): string =>
  signer.kind === 'numbering-authority' ? 'authority' : signer.spc === to ? `to ${to}` : 'from';

const termsOf = ({ from, to, effective }: PortEvent): string => JSON.stringify([from, to, effective]);

const keyOf = (event: { provider: string; purpose: string; circle: string | null }): string =>
  JSON.stringify([event.provider, event.purpose, event.circle]);

const put = (entries: readonly Entry[], entry: Entry): readonly Entry[] => [
  ...entries.filter((other) => other.key !== entry.key),
  { ...entry, born: entries.find((other) => other.key === entry.key)?.born ?? entry.born },
];

const forgetPreferences = ({ preferred, entries }: State): void => {
  for (const [purpose, provider] of preferred) if (!entries.some((entry) => entry.provider === provider)) preferred.delete(purpose);
};

/**
 * A second registry of one SII, written from DESIGN section 7 without a look at the first: it keeps the whole history and
 * derives every answer anew. Slow and plain on purpose. Order marks are not bounded here.
 */
export class NaiveRegistry {
  private readonly lifetime: number;
  private readonly taken: { event: RegistryEvent | SweepEvent; at: number; index: number }[] = [];

  constructor(lifetime: number) {
    this.lifetime = lifetime;
  }

  /** What becomes of an event at second `at`. */
  take(event: RegistryEvent | SweepEvent, at: number, index: number): string {
    const objection = this.objection(event, at);
    if (objection === null) this.taken.push({ event, at, index });
    return objection ?? 'applied';
  }

  /** NP of record, where numbering data say 709J since ever, and the agreed port. */
  facts(at: number): { readonly holder: string; readonly agreed: PortEvent | null } {
    const { record, agreed } = this.stateAt(at);
    return { holder: record?.spc ?? '709J', agreed };
  }

  private objection(event: RegistryEvent | SweepEvent, at: number): string | null {
    if (event.type === 'withdraw-by-connection') return null;
    if (event.type === 'expire') return this.runOut(at).some((index) => event.registrations.has(index)) ? null : 'superseded';
    const { entries, ahead, agreed, fence } = this.stateAt(at);
    if (event.type === 'revoke') {
      const meant = [...entries, ...ahead].filter((entry) => event.registrations.has(entry.last));
      return meant.some((entry) => event.effect === 'removed' || !entry.attest) ? null : 'superseded';
    }
    const { providerOfRecord, underPort } = event.judgedUnder;
    if (providerOfRecord !== this.facts(at).holder) return 'moved';
    if (underPort !== null && (underPort.to !== agreed?.to || underPort.effective !== agreed.effective)) return 'moved';
    if (event.type === 'release') return event.iat <= fence ? 'superseded' : null;
    if (fence > 0 && (event.iat <= fence || event.signer.assignedAfter <= fence)) return 'credential-predates-assignment';
    if (event.type === 'port') return this.objectionToPort(event, at);
    if (event.type === 'prefer') return this.objectionToPreference(event, at);
    if (this.ends(event.provider).some((end) => event.iat < end.iat || (event.iat === end.iat && event.jti <= end.jti)))
      return 'superseded';
    if (event.type === 'withdraw') return null;
    const places = new Set([...entries, ...ahead].filter(({ provider }) => provider === event.provider).map(({ key }) => key));
    return !places.has(keyOf(event)) && places.size >= 4 ? 'mapping-limit' : null;
  }

  private objectionToPort(event: PortEvent, at: number): string | null {
    const { words, record, agreed } = this.stateAt(at);
    if (event.effective < at - 86_400 || event.effective > at + 90 * 86_400) return 'claim-value';
    const last = words.find(({ party }) => party === partyOf(event))?.event;
    if (last !== undefined && (event.iat < last.iat || (event.iat === last.iat && event.jti <= last.jti))) return 'superseded';
    if (record !== null && event.effective <= record.since) return 'superseded';
    return agreed !== null && termsOf(agreed) === termsOf(event) ? 'superseded' : null;
  }

  private objectionToPreference({ iat, jti, provider, preference }: PreferEvent, at: number): string | null {
    const prefers = this.taken.flatMap(({ event }) => (event.type === 'prefer' ? [event] : []));
    if (prefers.some((past) => iat < past.iat || (iat === past.iat && jti <= past.jti))) return 'superseded';
    const mapped = this.stateAt(at).entries.map((entry) => entry.provider);
    const named = [provider, ...Object.values(preference)];
    return named.every((one) => mapped.includes(one)) ? null : 'preference-without-mapping';
  }

  /** What each accepted event of the provider ends; `~` is greater than any jti. */
  private ends(provider: string): { iat: number; jti: string }[] {
    const ends: { iat: number; jti: string }[] = [];
    for (const { event, at } of this.taken) {
      if (!('provider' in event) || event.type === 'prefer' || event.provider !== provider) continue;
      if (event.type === 'withdraw-by-connection') ends.push({ iat: Math.max(at, ...ends.map((end) => end.iat)), jti: '~' });
      else ends.push({ iat: event.iat, jti: event.jti });
    }
    return ends;
  }

  private stored(): State {
    const state: State = { entries: [], ahead: [], preferred: new Map(), agreed: null, record: null, words: [], fence: 0 };
    for (const { event, at, index } of this.taken) {
      this.pass(state, at);
      this.apply(state, event, at, index);
      this.pass(state, at);
    }
    return state;
  }

  private stateAt(at: number): State {
    const state = this.stored();
    this.pass(state, at);
    return state;
  }

  /** Registrations of what is stored and has run out. */
  private runOut(at: number): number[] {
    const state = this.stored();
    const before = [...state.entries, ...state.ahead];
    this.port(state, at);
    return [...before, ...state.entries].filter((entry) => entry.until <= at).map((entry) => entry.last);
  }

  private pass(state: State, at: number): void {
    this.port(state, at);
    this.expire(state, at);
  }

  private expire(state: State, at: number): void {
    state.entries = state.entries.filter((entry) => entry.until > at);
    state.ahead = state.ahead.filter((entry) => entry.until > at);
    forgetPreferences(state);
  }

  private port(state: State, at: number): void {
    const { agreed } = state;
    if (agreed === null || agreed.effective > at) return;
    this.expire(state, agreed.effective);
    state.entries = state.entries
      .filter((entry) => entry.operator !== agreed.from)
      .map((entry) => ({ ...entry, attest: true, until: Math.min(entry.until, agreed.attestBy) }));
    for (const entry of state.ahead) state.entries = put(state.entries, entry);
    state.ahead = [];
    forgetPreferences(state);
    state.agreed = null;
    state.record = { spc: agreed.to, since: agreed.effective };
    this.raiseFence(state, agreed.effective);
  }

  private raiseFence(state: State, fence: number): void {
    state.fence = Math.max(state.fence, fence);
    state.words = state.words.filter(({ event }) => event.iat > state.fence);
  }

  private apply(state: State, event: RegistryEvent | SweepEvent, at: number, index: number): void {
    switch (event.type) {
      case 'expire':
        return;
      case 'port':
        return this.hear(state, event, at);
      case 'prefer':
        for (const [purpose, provider] of Object.entries(event.preference)) state.preferred.set(purpose, provider);
        return;
      case 'release':
        state.entries = state.ahead = [];
        return this.raiseFence(state, event.iat);
      case 'register':
        return this.enter(state, event, at, index);
      case 'revoke': {
        const { effect, registrations, attestBy } = event;
        const left = (entries: readonly Entry[]): Entry[] =>
          entries.flatMap((entry) => {
            if (!registrations.has(entry.last)) return [entry];
            if (effect === 'removed') return [];
            return [entry.attest ? entry : { ...entry, attest: true, until: Math.min(entry.until, attestBy) }];
          });
        state.entries = left(state.entries);
        state.ahead = left(state.ahead);
        return;
      }
      case 'withdraw':
      case 'withdraw-by-connection':
        state.entries = state.entries.filter((entry) => entry.ssi !== event.ssi);
        state.ahead = state.ahead.filter((entry) => entry.ssi !== event.ssi);
    }
  }

  private enter(state: State, event: RegisterEvent, at: number, index: number): void {
    const { provider, ssi, purpose, kind, circle, operator } = event;
    const until = at + this.lifetime;
    const entry = { key: keyOf(event), provider, ssi, purpose, kind, circle, operator, born: index, last: index, attest: false, until };
    if (event.judgedUnder.underPort === null) state.entries = put(state.entries, entry);
    else state.ahead = put(state.ahead, entry);
  }

  private hear(state: State, event: PortEvent, at: number): void {
    const party = partyOf(event);
    const others = state.words.filter((word) => word.party !== party);
    const match = others.some((word) => word.fresh && word.event.pairBy > at && termsOf(word.event) === termsOf(event));
    const words = [...others, { party, event, fresh: true }];
    // Of those who would receive the number, the three that were heard last.
    const receivers = words.filter((word) => word.party.startsWith('to ')).slice(-3);
    state.words = words.filter((word) => !word.party.startsWith('to ') || receivers.includes(word));
    if (!match && party !== 'authority') return;
    state.words = state.words.map((word) => ({ ...word, fresh: false }));
    state.agreed = event;
    state.ahead = [];
  }

  /** [SSI, purpose, kind, default], first registered first. */
  lookup(view: string, circle: string | null, at: number): (string | boolean)[][] {
    const { entries, preferred } = this.stateAt(at);
    const shown = entries
      .filter((entry) => (view === 'all' || view === entry.purpose) && [null, circle].includes(entry.circle))
      .toSorted((a, b) => a.born - b.born);
    const wanted = [preferred.get(view), preferred.get('default')].find((provider) => shown.some((entry) => entry.provider === provider));
    const eligible = wanted === undefined ? shown : shown.filter((entry) => entry.provider === wanted);
    const first = eligible.find((entry) => entry.circle !== null) ?? eligible[0];
    return shown.map((entry) => [entry.ssi, entry.purpose, entry.kind, entry === first]);
  }
}
