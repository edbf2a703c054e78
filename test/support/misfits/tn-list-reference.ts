import * as pkijs from 'pkijs';
import type { Extension } from '../../../src/issuance/index.js';

/** authorityInfoAccess with an id-ad-stirTNList for each URL (RFC 8226 section 10.1), and a caIssuers before them. */
export const tnListReference = (...urls: string[]): Extension => {
  const at = (accessMethod: string, value: string) =>
    new pkijs.AccessDescription({ accessMethod, accessLocation: new pkijs.GeneralName({ type: 6, value }) });
  const accessDescriptions = [
    at('1.3.6.1.5.5.7.48.2', 'http://ca.sti.example/issuer.cer'),
    ...urls.map((url) => at('1.3.6.1.5.5.7.48.14', url)),
  ];
  return {
    oid: '1.3.6.1.5.5.7.1.1',
    critical: false,
    value: Buffer.from(new pkijs.InfoAccess({ accessDescriptions }).toSchema().toBER(false)),
  };
};
