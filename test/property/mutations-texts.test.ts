import { describeGroup } from './mutations.js';

describeGroup('texts');
