export { decodeBase64, decodeBase64url, decodeBase64urlInto, encodeBase64, encodeBase64url } from './base64.js';
export { canonicalJson } from './canonical-json.js';
export {
  DerError,
  TAG,
  TlvCursor,
  checkBitString,
  checkCanonicalDer,
  contentOf,
  contextConstructed,
  contextPrimitive,
  readBoolean,
  readChildren,
  readInteger,
  readOid,
  readTlv,
  readWhole,
  wholeOf,
  type Tlv,
} from './der.js';
export { encodeIa5, encodeInteger, encodeOid, encodeSequence, encodeTlv, encodeUtf8 } from './der-writer.js';
export { hmacOf, hmacSha256 } from './hmac.js';
export { pooled } from './octet-pool.js';
export { decodePem, encodePem, type PemBlock } from './pem.js';
export { readPkcs12, type Pkcs12 } from './pkcs12.js';
export { writePkcs12 } from './pkcs12-writer.js';
export { SeenBefore } from './seen-before.js';
export { JsonError, MAX_JSON_DEPTH, parseStrictJson, type JsonFault, type JsonObject, type JsonValue } from './strict-json.js';
