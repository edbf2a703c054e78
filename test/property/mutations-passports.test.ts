import { describeGroup } from './mutations.js';

describeGroup('passports');
