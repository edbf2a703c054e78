/** RFC 1034 section 3.5 as relaxed by RFC 1123, and the underscore that hosts in use have. */
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/** One label of the preferred name syntax: RFC 1034 section 3.5, and a digit may begin it (RFC 1123 section 2.1). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Whether the text is a host name in lower case. */
export const isHost = (text: string): boolean => text.length <= 253 && HOST.test(text);

/** RFC 5280 section 4.2.1.6; `*` as the first label is left to who uses the name. */
export const isPreferredName = (text: string): boolean => {
  const [first, ...labels] = text.split('.');
  return text.length <= 253 && (first === '*' ? labels.length > 0 : LABEL.test(first ?? '')) && labels.every((label) => LABEL.test(label));
};
