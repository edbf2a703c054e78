export { readConfiguration, type Configuration, type ConfigurationPlaces } from './configuration.js';
export { crlProblems, makeGeneration, type Generation } from './generation.js';
export { ConfigurationProblems } from './problems.js';
