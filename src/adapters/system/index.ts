export { systemClock } from './clock.js';
export { systemRandom } from './random.js';
export { every } from './timer.js';
export { threadWaker } from './waker.js';
