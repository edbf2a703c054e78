/** Whether a label reads as what it is: UTS 39, on labels that UTS 46 has folded. Which characters are in question is the runtime's Unicode. */

/** UAX 31 table 5, the scripts in everyday use. Others (Cherokee, Lisu, Coptic, Runic) have letters that pass for Latin ones and no mail of their own. */
const EVERYDAY = 'Arab Armn Beng Cyrl Deva Ethi Geor Grek Gujr Guru Hebr Khmr Knda Laoo Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt'.split(
  ' ',
);
/** UTS 39 section 5.2, "highly restrictive": Latin mixes only with the writing systems that write Latin words as they are. */
const WITH_LATIN = [
  ['Latn', 'Hani', 'Hira', 'Kana'],
  ['Latn', 'Hani', 'Bopo'],
  ['Latn', 'Hani', 'Hang'],
];

/** Digits, hyphens and marks that belong to all scripts are in `Zyyy` and `Zinh`. */
const writtenIn = (scripts: readonly string[]): RegExp =>
  new RegExp(`^[${[...scripts, 'Zyyy', 'Zinh'].map((script) => `\\p{scx=${script}}`).join('')}]+$`, 'u');

const WRITING_SYSTEMS = [...WITH_LATIN, ...EVERYDAY.map((script) => [script])].map(writtenIn);

/** One writing system for the whole label: "paypal" with one Cyrillic letter is none. */
export const isOfOneWritingSystem = (label: string): boolean => WRITING_SYSTEMS.some((system) => system.test(label));

/** UTS 39 section 5.3: digits of one kind. */
export const mixesDigits = (label: string): boolean =>
  /[0-9]/.test(label) ? /(?![0-9])\p{Nd}/u.test(label) : /[\u0660-\u0669]/.test(label) && /[\u06f0-\u06f9]/.test(label);

/** Lower-case letters that are letters of ASCII to the eye: a label of these alone is read as Latin, whatever it says. */
const LOOKALIKES = [
  { alphabet: /^[-0-9асԁеԍһіјӏорԛԝѕухѵүьгп]+$/u, script: /\p{Script=Cyrl}/u },
  { alphabet: /^[-0-9αικνορστυωη]+$/u, script: /\p{Script=Grek}/u },
  { alphabet: /^[-0-9աօոսցզհյքլրե]+$/u, script: /\p{Script=Armn}/u },
];

/** Whether a label in another script passes for a Latin one, under a top-level domain that does not warn of that script. */
export const passesForLatin = (label: string, topLevel: string): boolean =>
  LOOKALIKES.some(({ alphabet, script }) => script.test(label) && alphabet.test(label) && !script.test(topLevel));

/**
 * UTS 39 table 1, Technical: phonetic letters and modifiers, of which some are ASCII to the eye (ɑ, ɡ, ɪ, ʹ, ː). What living orthographies use of
 * them stays.
 */
const PHONETIC = /(?![ɓɔɖɗəɛɠɣɦɨɲʃʉʊʒʻʼ])[\u0250-\u02ff\u1d00-\u1dbf\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f]/u;
/** A dot above a letter that has one, a mark twice: the eye sees neither. */
const UNSEEN_MARK = /[ijl\u0131]\p{Mn}*\u0307|(\p{Mn})\1/u;

/** Whether the label has letters or marks that pass for others within Latin. */
export const hasDeceptiveForm = (label: string): boolean => PHONETIC.test(label) || UNSEEN_MARK.test(label.normalize('NFD'));
