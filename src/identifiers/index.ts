export { areaOf } from './area.js';
export { domainInWords, foldDomain, isDomain, parseDomain } from './domain.js';
export { asciiLower, isTn, mailDomainOf, parseCanonicalSii, parseSii, parseTn, siiInWords, tnOf, type Sii } from './sii.js';
export { isSpc, parseSpc } from './spc.js';
export { parseSsi, type Ssi } from './ssi.js';
export { subjectId } from './subject-id.js';
