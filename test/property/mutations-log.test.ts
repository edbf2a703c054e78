import { describeGroup } from './mutations.js';

describeGroup('log');
