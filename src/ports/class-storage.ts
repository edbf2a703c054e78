/**
 * An append-only list of octets, numbered from 0: the credential classes of the gateway, and the certificates of CAs that they name.
 * `append` is synchronous and in memory; `flush` makes everything appended durable, and must resolve before the write-ahead log names it.
 * After a crash what was appended since the last flush is there or not, from some number on; what was flushed always is.
 * A failed flush is fatal: everything afterwards is Unavailable `log-unavailable`, and the process must restart.
 */
export interface ClassStorage {
  /** Everything durable, in order. */
  read(): AsyncIterable<Uint8Array>;
  /** The number that it has. */
  append(octets: Uint8Array): number;
  flush(): Promise<void>;
  close(): Promise<void>;
}
