/** What a route answers. `body` null: the route has written its answer itself (a stream). */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer | string | null;
  /** Further header fields, flat: name, value, name, value. */
  readonly headers: readonly string[];
  /** For metrics: the reason of a problem, or null. */
  readonly reason: string | null;
}

const NONE: readonly string[] = [];

export const JSON_TYPE = 'application/json';
export const NO_STORE: readonly string[] = ['Cache-Control', 'no-store'];

export const answerWith = (status: number, type: string, body: Buffer | string, headers: readonly string[] = NONE): Answer => ({
  status,
  type,
  body,
  headers,
  reason: null,
});

export const answerJson = (status: number, value: unknown, headers: readonly string[] = NO_STORE): Answer =>
  answerWith(status, JSON_TYPE, JSON.stringify(value), headers);

/** The answer of a route that wrote it itself. */
export const STREAMED: Answer = { status: 200, type: '', body: null, headers: NONE, reason: null };
