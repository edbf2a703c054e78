import { describeGroup } from './mutations.js';

describeGroup('x509');
