export { encodeAddCheckpoint, parseAddCheckpoint, type AddCheckpoint } from './add-checkpoint.js';
export {
  answerKey,
  answerKeyName,
  signAnswer,
  verifyAnswer,
  type AnswerFound,
  type AnswerQuestion,
  type AnswerStatement,
} from './answer.js';
export { commitCase, commitFingerprint, commitList, commitMapping, commitSii } from './commitment.js';
export {
  LEAF_KINDS,
  MAX_LEAF_OCTETS,
  encodeLeaf,
  parseLeaf,
  peekLeaf,
  type LeafFields,
  type LeafHead,
  type LeafKind,
  type LeafSigner,
} from './leaf.js';
export { PLACE_OCTETS, digestOfPlaces, packPlaces, type MappingPlace } from './fell-list.js';
export {
  FILTER_GRAMMAR,
  FILTER_NAMES,
  VERDICTS,
  kindsOfVerdict,
  matchesLeaf,
  parseLeafFilter,
  providerInLeaf,
  type FilterName,
  type FilterTexts,
  type LeafFilter,
} from './leaf-filter.js';
export type { LeafErased } from './leaf-erased.js';
export { MOST_FELL, type LeafFell } from './leaf-fell.js';
export type { LeafPrincipal } from './leaf-principal.js';
export type { LeafOpened } from './leaf-opened.js';
export { MOST_BATCHED, MOST_CODES, REST, countsOf, type LeafBatch } from './leaf-batch.js';
export {
  checkRecord,
  encodeRecordProof,
  isRecordProof,
  parseRecordProof,
  pathOfRecord,
  recordsOfBatch,
  rootOfRecords,
  verifyRecordProof,
  verifyRecordProofUnder,
  type ProvenRecord,
  type RecordProof,
  type RecordQuestion,
} from './record-proof.js';
export { digestInLeaf, nameInLeaf, signerInLeaf, versionsInLeaf } from './leaf-parts.js';
export { verifyOpening, type CaseOpening, type DecisionOpening, type ListOpening, type OpenedEvidence, type Opening } from './opening.js';
export { EMPTY_ROOT, Tree, leafHash, nodeHash } from './merkle.js';
export {
  openNote,
  signNote,
  signatureLine,
  unverifiedText,
  verifyNote,
  type NoteSignature,
  type Signer,
  type VerifiedLine,
} from './note.js';
export { verifyConsistency, verifyInclusion, type ConsistencyClaim, type Count, type InclusionClaim } from './proof.js';
export { receiptKeyName, signReceipt, signReceiptInPool, verifyReceipt, type Receipt } from './receipt.js';
export {
  KEY_TYPE,
  asCosigner,
  formatVkey,
  keyId,
  parseVkey,
  isKeyName,
  toVerificationKey,
  type KeyType,
  type VerificationKey,
} from './vkey.js';
export { formatCheckpoint, openCheckpoint, openUnder, parseCheckpoint, type Checkpoint, type WitnessedCheckpoint } from './checkpoint.js';
export { cosign, cosignedMessage } from './cosignature.js';
export { VerifiedLog, type VerifiedEntry } from './verified-log.js';
export { TileProver } from './prover.js';
export { TileBuilder, type ReadFile, type TileFile } from './tile-builder.js';
export { TILE_WIDTH, encodeBundle, parseBundle, parseTilePath, tilePath, type TileCoordinates } from './tiles.js';
export {
  encodeTlogProof,
  openCosigned,
  parseTlogProof,
  verifyTlogProof,
  verifyTlogProofUnder,
  type LogTerms,
  type ProofQuestion,
  type ProvenEntry,
  type TlogProof,
} from './tlog-proof.js';
export { compareCheckpoints, followLog, type CheckpointConflict, type FollowedCheckpoint } from './follow.js';
export { parseTlogPolicy, policyOf, type PolicyWitness, type TlogPolicy } from './tlog-policy.js';
export { fsckLog, type FsckProblem, type FsckReport, type FsckSource } from './fsck.js';
export { WEBHOOK_TOLERANCE_SECONDS, signWebhook, verifyWebhook, type WebhookHeaders } from './webhook-signature.js';
