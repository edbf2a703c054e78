import { defineConfig, type Plugin } from 'vite';

/** Where `tsc` has put what the server is built of; relative to this folder. */
const BUILT = new URL('../../dist/src/', import.meta.url);

/** The steps and reasons as the gateway gives them under /v1/reasons, beside the page: it works without the API too. */
const reasonsFile = (): Plugin => ({
  name: 'reasons-file',
  async generateBundle() {
    const { PIPELINE, SEQUENCER_STEPS } = await import(new URL('verification/pipeline.js', BUILT).href);
    const { reasonsDocument } = await import(new URL('http/reasons-document.js', BUILT).href);
    const steps = [...PIPELINE, ...SEQUENCER_STEPS].map(({ name, clause, refuses }) => ({ step: name, clause, reasons: refuses }));
    this.emitFile({ type: 'asset', fileName: 'reasons.json', source: JSON.stringify(reasonsDocument(steps)) });
  },
});

export default defineConfig({
  root: import.meta.dirname,
  // The page may stand at any path: what it loads, it loads from beside it.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [reasonsFile()],
  build: {
    outDir: '../../dist/audit-ui',
    emptyOutDir: true,
    // What is inline would need a looser Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
