import { mailDomainOf, tnOf } from '../identifiers/index.js';
import { HeaderCache, holdsInPool } from '../passport/index.js';
import { REASONS, Refusal, Unavailable } from '../reasons/index.js';
import { CertificateCache } from '../x509/index.js';
import { holderOf } from './authority.js';
import { Generation, type Caches } from './generation.js';
import type { CredentialClass } from './credential-class.js';
import { inspectPassport, type InspectedPassport } from './inspect-passport.js';
import { Job, type VerifyInput } from './job.js';
import { Missing } from './missing.js';
import type { Material, MaterialDocument } from './material.js';
import { BEFORE_SIGNATURE, FROM_SIGNATURE, runPipeline, type Run } from './pipeline.js';
import { ClassStanding } from './standing.js';
import { signerOf, verifiedPassport } from './verified.js';
import type { NotAccepted, PortedRecord, TrustProfile, Verdict, Versions } from './verdict.js';

/**
 * Judges PASSporTs under one generation of material. Pure: the same octets, material and time give the same verdict and reason, so an auditor
 * can run it again years later. It never reads a clock, a file or a socket.
 */
export class Verifier {
  readonly #generation: Generation;
  readonly #caches: Caches;

  /**
   * @param caches those of the verifier before, so that a reload parses nothing twice
   * @throws Refusal `malformed-cert`, `duplicate-extension` when an anchor or signer of CRLs is no certificate
   */
  constructor(material: Material, caches: Caches = { headers: new HeaderCache(), certificates: new CertificateCache() }) {
    this.#caches = caches;
    this.#generation = new Generation(material, caches);
  }

  /** Lower-case hex digests of what verdicts depend on. */
  get versions(): Versions {
    return this.#generation.versions;
  }

  /** What the versions are digests of, and what those documents name: a verifier that judges the same is made of them. */
  documents(): Iterable<MaterialDocument> {
    return this.#generation.documents();
  }

  /** `Material.silent`: no verdict depends on it, and no version says it; what becomes of stored mappings does. */
  get silent(): ReadonlySet<TrustProfile> {
    return this.#generation.silent;
  }

  get caches(): Caches {
    return this.#caches;
  }

  /**
   * The verdict on one PASSporT. Accepted proves: its signer has authority over the SII now, may sign this action, and the client may present it.
   * Not that it was not used before: that is the sequencer's.
   */
  verify(input: VerifyInput): Verdict {
    const job = new Job(input);
    return this.#verdictOf(job, runPipeline(job, this.#generation));
  }

  /** The same verdict, with the PASSporT's signature verified on a thread of the runtime's pool: who has others to serve meanwhile can. */
  async verifyInPool(input: VerifyInput): Promise<Verdict> {
    const job = new Job(input);
    const before = runPipeline(job, this.#generation, BEFORE_SIGNATURE);
    if (before.refusal !== null) return this.#notAccepted(job, before);
    job.signatureHolds = await holdsInPool(job.judged.key, job.compact);
    return this.#verdictOf(job, runPipeline(job, this.#generation, FROM_SIGNATURE, before.steps));
  }

  #verdictOf(job: Job, run: Run): Verdict {
    if (run.refusal !== null) return this.#notAccepted(job, run);
    const { findings } = job.judged;
    return { accepted: true, reason: null, steps: run.steps, findings, verified: verifiedPassport(job, this.#generation) };
  }

  /** Shape alone, cheaply, for a retry of what was accepted before; null when it is not even well-formed. Judges no time, no trust. */
  inspect(passport: unknown, chain: readonly Uint8Array[] | null = null): InspectedPassport | null {
    return inspectPassport(passport, this.#caches, chain);
  }

  /** How the credentials of a class stand under this generation, whatever was registered with them. `at` in ms. */
  standingOf(cls: CredentialClass, at: number): ClassStanding {
    return new ClassStanding(cls, this.#generation, Math.floor(at / 1000));
  }

  /** When the next CRL begins to count, or another signer of CRLs: credentials that stand may then fall. ms; Infinity: never. */
  standingsChange(at: number): number {
    return this.#generation.crls.nextChange(Math.floor(at / 1000)) * 1000;
  }

  /** SPC of the NP of record by numbering data and the last port, or the domain of a mailbox; null where nobody is. `at` in ms. */
  providerOfRecord(sii: string, at: number, ported: PortedRecord | null): string | null {
    const tn = tnOf(sii);
    if (tn === null) return mailDomainOf(sii);
    const holder = holderOf(this.#generation.numbering, tn, Math.floor(at / 1000), ported);
    return holder.status === 'held' ? holder.spc : null;
  }

  /** What is missing to accept anything at all, in words for operators: a gateway must not start with it. */
  get gaps(): readonly string[] {
    const { anchors, numbering } = this.#generation;
    const needsNumbers = anchors.some(({ profile }) => profile !== 'email');
    return [
      ...(anchors.length === 0 ? ['trust.yaml names no anchor'] : []),
      ...(needsNumbers && numbering.size === 0 ? ['numbering.csv has no row'] : []),
    ];
  }

  #notAccepted(job: Job, run: Extract<Run, { refusal: Refusal }>): NotAccepted {
    const generation = this.#generation;
    const { refusal, step, steps } = run;
    const { compact, claims, judged } = job.soFar;
    const isUnavailable = refusal instanceof Unavailable;
    return {
      accepted: false,
      family: isUnavailable ? 'unavailable' : 'refused',
      reason: refusal.reason,
      step: step.name,
      clause: REASONS[refusal.reason].clause,
      detail: refusal.detail ?? null,
      steps,
      findings: judged?.findings ?? job.failure?.findings ?? [],
      retryAfter: refusal instanceof Unavailable ? refusal.retryAfter : null,
      needs: refusal instanceof Missing ? refusal.needs : null,
      parsed: compact,
      known: {
        action: claims?.action ?? null,
        sii: claims?.sii ?? null,
        ssi: claims?.ssi ?? null,
        signer: judged === null || claims === null ? null : signerOf(judged, claims.iat, null),
        passportDigest: compact?.passportDigest ?? null,
      },
      get versions() {
        return generation.versions;
      },
    };
  }
}
