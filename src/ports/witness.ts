/** The line to a witness (C2SP tlog-witness), which may be slow, gone or hostile: what it says is judged by whoever asks. */
export interface WitnessLink {
  /**
   * POST add-checkpoint: the status, and the first octets of what was answered, as text.
   * Rejects when no answer came before `signal`.
   */
  add(body: string, signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }>;
}
