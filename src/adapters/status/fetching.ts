/** What this folder asks of whoever fetches: the guards (addresses, TLS, redirects, sizes) are that one's. */
export interface Fetcher {
  fetch(
    url: string,
    options: {
      readonly maxOctets: number;
      readonly timeoutMs: number;
      readonly method?: 'GET' | 'POST';
      readonly body?: { readonly octets: Uint8Array; readonly contentType: string };
      readonly contentTypes?: readonly string[];
      readonly signal?: AbortSignal;
    },
  ): Promise<{ readonly octets: Uint8Array }>;
}

/** Places for small fetches on behalf of clients, shared with whatever else fetches for them. `enter` throws an error named OverBudget. */
export interface SharedBudget {
  enter(client: string, host: string): { readonly waitMs: number; readonly leave: () => void };
}

export const isOverBudget = (error: unknown): boolean => error instanceof Error && error.name === 'OverBudget';

/** The stable code of a fetch that failed; null for what is no failed fetch but a fault of ours. */
export const failureCode = (error: unknown): string | null =>
  error instanceof Error && error.name === 'FetchFailure' && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** The host of a URL; null where it is none. */
export const hostOf = (url: string): string | null => (URL.canParse(url) ? new URL(url).hostname : null);
