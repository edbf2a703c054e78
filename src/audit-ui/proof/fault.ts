/** Codes as the gateway and its commands use them (docs: `signpost explain`). `unreachable`: nothing was learnt. */
export type FaultCode =
  | 'malformed-note'
  | 'untrusted-note'
  | 'malformed-checkpoint'
  | 'malformed-proof'
  | 'inclusion-failed'
  | 'consistency-failed'
  | 'log-corrupt'
  | 'not-found'
  | 'unreachable';

/** What does not hold, or could not be learnt. `message` says in words what and where. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const fail = (code: FaultCode, message: string): never => {
  throw new Fault(code, message);
};
