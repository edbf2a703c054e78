export interface WebhookMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Sends a message to a receiver behind an https URL, and never to an address of this network. Resolves once the receiver has taken it (2xx); rejects with an
 * Error whose message says which way it failed, and nothing of the URL.
 */
export type SendMessage = (url: string, message: WebhookMessage, signal: AbortSignal) => Promise<void>;
