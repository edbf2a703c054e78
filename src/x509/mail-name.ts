import { asciiLower } from '../identifiers/index.js';
import { isHost } from './host-name.js';

/** A mailbox as certificates name it: the local part as it stands, the host in lower case. */
export interface Mailbox {
  readonly local: string;
  readonly host: string;
}

/** One "@": a quoted local part with another is not compared, so it is refused wherever it would have to be. */
const MAILBOX = /^([^@]+)@([^@]+)$/;

/** rfc822Name, or an emailAddress of a subject. Null: cannot be compared. */
export const readMailbox = (text: string): Mailbox | null => {
  const [, local, host] = MAILBOX.exec(text) ?? [];
  if (local === undefined || host === undefined) return null;
  const lower = asciiLower(host);
  return isHost(lower) ? { local, host: lower } : null;
};

const ASCII = /^\p{ASCII}*$/u;
export const isAscii = (text: string): boolean => ASCII.test(text);

/** RFC 5321 section 4.1.2 with RFC 6531 section 3.3: a dot-string, of atoms with characters beyond ASCII. RFC 9598 section 3: no byte order mark. */
const DOT_STRING = /^[^\p{Cc}\s"(),.:;<>@[\\\]]+(?:\.[^\p{Cc}\s"(),.:;<>@[\\\]]+)*$/u;
/** RFC 5890 section 2.3.1: "--" in third and fourth place belongs to A-labels alone. */
const RESERVED_LABEL = /(?:^|\.)(?!xn)..--/;

/**
 * SmtpUTF8Mailbox (RFC 9598 section 3): a local part beyond ASCII, a domain of lower-case LDH and A-labels. Compared octet for octet: nothing is folded,
 * normalised or decoded. Null: not of that form, so it cannot be compared.
 */
export const readUtf8Mailbox = (text: string): Mailbox | null => {
  const [, local, host] = MAILBOX.exec(text) ?? [];
  if (local === undefined || host === undefined || isAscii(local) || !DOT_STRING.test(local)) return null;
  return isHost(host) && !host.includes('_') && !RESERVED_LABEL.test(host) ? { local, host } : null;
};
