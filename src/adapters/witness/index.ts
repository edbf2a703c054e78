export { HttpsWitness, type HttpsWitnessParts } from './https-witness.js';
