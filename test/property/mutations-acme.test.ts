import { describeGroup } from './mutations.js';

describeGroup('acme');
