import { describeGroup } from './mutations.js';

describeGroup('storage');
