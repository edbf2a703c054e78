import { describeGroup } from './mutations.js';

describeGroup('lines');
