import {
  OID,
  certificatePolicies,
  crlDistributionPoint,
  enhancedClaimConstraints,
  permittedMailboxes,
  subjectAltName,
  tnAuthList,
} from '../../../src/issuance/index.js';
import type { TnEntry } from '../../../src/x509/index.js';
import { authority, endEntity } from './link.js';
import { once, sceneOf } from './scene.js';

/** The shapes that must be accepted (standards: profiles): what every misfit is one step away from. */

export const SPC = '709J';
export const NUMBERS: readonly TnEntry[] = [{ start: '12025550100', count: 100 }];
const BLOCK: readonly TnEntry[] = [{ spc: SPC }, { start: '12025550000', count: 1000 }];
export const PROVIDER = 'a.example';
export const MAIL_DOMAIN = 'mail.example';

const bound = () => enhancedClaimConstraints({ provider: PROVIDER });

/** Root, NP CA with its SPC and block, delegate for some of its numbers. */
export const delegate = once(() =>
  sceneOf(
    'delegate',
    authority('Delegate Root'),
    authority('NP CA', tnAuthList(BLOCK)),
    endEntity('delegate', tnAuthList(NUMBERS), bound()),
  ),
);

/** The same with an enterprise's CA between. */
export const enterprise = once(() =>
  sceneOf(
    'delegate',
    authority('Delegate Root'),
    authority('NP CA', tnAuthList(BLOCK)),
    authority('Enterprise CA', tnAuthList(NUMBERS)),
    endEntity('delegate', tnAuthList([{ tn: '12025550150' }]), bound()),
  ),
);

/** Two CAs between: what the lower one takes, the upper one must have. */
export const department = once(() =>
  sceneOf(
    'delegate',
    authority('Delegate Root'),
    authority('NP CA', tnAuthList(BLOCK)),
    authority('Enterprise CA', tnAuthList(NUMBERS)),
    authority('Department CA', tnAuthList([{ start: '12025550150', count: 10 }])),
    endEntity('delegate', tnAuthList([{ tn: '12025550150' }]), bound()),
  ),
);

/** The NP's own credential under `delegate`. */
export const provider = once(() =>
  sceneOf('delegate', authority('Delegate Root'), authority('NP CA', tnAuthList(BLOCK)), endEntity('NP', tnAuthList([{ spc: SPC }]))),
);

export const CRL_URL = 'http://crl.example/root.crl';
const EE_CRL_URL = 'http://crl.example/ca.crl';

export const shaken = once(() =>
  sceneOf(
    'shaken',
    authority('SHAKEN ROOT'),
    authority('SHAKEN CA 1', certificatePolicies(OID.shakenPolicy), crlDistributionPoint({ url: CRL_URL })),
    endEntity(
      `SHAKEN ${SPC}`,
      tnAuthList([{ spc: SPC }]),
      certificatePolicies(OID.shakenPolicy),
      crlDistributionPoint({ url: EE_CRL_URL }),
    ),
  ),
);

export const mailProvider = once(() =>
  sceneOf('email', authority('Mail Root'), authority('EP CA'), endEntity('EP', subjectAltName([{ dns: MAIL_DOMAIN }]))),
);

export const mailbox = once(() =>
  sceneOf(
    'email',
    authority('Mail Root'),
    authority('Mailbox CA', permittedMailboxes([MAIL_DOMAIN])),
    endEntity('mailbox', subjectAltName([{ mailbox: `alice@${MAIL_DOMAIN}` }]), bound()),
  ),
);

export const numberingAuthority = once(() => sceneOf('numbering-authority', authority('Numbering Authority'), endEntity('signer')));
