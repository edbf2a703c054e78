import type { Logger } from 'pino';
import type { KnownPrincipal, PrincipalControl } from '../gateway/principal-control.js';
import type { Gateway } from '../gateway/use-cases.js';
import type { WebhookControl } from '../gateway/webhook-control.js';
import type { Clock, ConfigurationControl } from '../ports/index.js';
import type { Admission } from './admission.js';
import type { AnswerSteps } from './answer-steps.js';
import type { Metrics } from './metrics.js';
import type { OpenStreams } from './open-streams.js';
import type { ReasonsDocument } from './reasons-document.js';
import type { RequestMetrics } from './request-metrics.js';
import type { StaticPage } from './static-page.js';

/** What outsiders need to know of this gateway; public. */
export interface Discovery {
  readonly audience: string;
  readonly origin: string;
  readonly logVkey: string;
  readonly receiptVkey: string;
  readonly witnessVkeys: readonly string[];
}

/** What every server of ours shares with its routes. */
export interface CommonSite {
  /** Who a domain is, as configured now; undefined: unknown. */
  readonly principalOf: (domain: string) => KnownPrincipal | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RequestMetrics;
  readonly admission: Admission;
}

/** What the gateway's routes share. */
export interface Site extends CommonSite {
  readonly gateway: Gateway;
  /** What is in force, and how an operator has it read again. */
  readonly configuration: ConfigurationControl;
  /** Where principals have their changes sent. */
  readonly webhooks: WebhookControl;
  /** Onboarding by an operator. */
  readonly principals: PrincipalControl;
  readonly discovery: Discovery;
  readonly reasons: ReasonsDocument;
  readonly metrics: Metrics;
  readonly streams: OpenStreams;
  /** When lookups are answered. */
  readonly answerSteps: AnswerSteps;
  readonly openapi: string;
  readonly auditPage: StaticPage;
}
