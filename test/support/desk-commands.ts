import { jest } from '@jest/globals';
import { run as runEp } from '../../src/cli/ep.js';
import { run as runNp } from '../../src/cli/np.js';

export interface Answer {
  readonly code: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Runs `np` or `ep` with `--json` in this process; a word's leading `@` stands for the folder. What it printed, and its exit code. */
export const deskCommands = (folder: string) => {
  const ask = async (verb: (argv: string[]) => Promise<number>, line: string): Promise<Answer> => {
    let printed = '';
    const out = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    const err = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const code = await verb([...line.split(' ').map((word) => word.replace(/^@/, `${folder}/`)), '--json']);
      return { code, json: printed === '' ? {} : (JSON.parse(printed) as Answer['json']) };
    } finally {
      out.mockRestore();
      err.mockRestore();
    }
  };
  return { np: (line: string) => ask(runNp, line), ep: (line: string) => ask(runEp, line) };
};
