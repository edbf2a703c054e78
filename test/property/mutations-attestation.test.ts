import { describeGroup } from './mutations.js';

describeGroup('attestation');
