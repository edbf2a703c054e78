import { rmSync } from 'node:fs';

/** After all tests. */
const removeFolder = (): void => {
  const folder = process.env['TMPDIR'];
  if (folder !== undefined && /signpost-tests-\w+$/.test(folder)) rmSync(folder, { recursive: true, force: true });
};
export default removeFolder;
