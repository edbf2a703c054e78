import { keyId, KEY_TYPE } from './vkey.js';
import type { Signer } from './note.js';

/** C2SP tlog-cosignature: what a cosigner signs is the time and the checkpoint's text. */
export const cosignedMessage = (time: bigint, text: string): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);

/**
 * The payload of a cosignature/v1 line: time in seconds as 8 octets, big-endian, then the Ed25519 signature.
 * Vouches that the cosigner saw this checkpoint at that time, consistent with all it saw before.
 */
export const cosign = (signer: Signer, text: string, time: bigint): { readonly id: string; readonly payload: Buffer } => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(time);
  return {
    id: keyId(signer.name, KEY_TYPE.cosignature, signer.publicKey),
    payload: Buffer.concat([head, signer.sign(cosignedMessage(time, text))]),
  };
};
