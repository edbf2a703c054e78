import { describeGroup } from './mutations.js';

describeGroup('encodings');
