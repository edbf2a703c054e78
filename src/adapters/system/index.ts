export { systemClock } from './clock.js';
export { systemRandom } from './random.js';
