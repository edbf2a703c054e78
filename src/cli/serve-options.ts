import { InvalidArgumentError } from 'commander';

export const LEVELS = ['debug', 'info', 'warn', 'error'];

export const parsePort = (text: string): number => {
  const value = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || value > 65_535) throw new InvalidArgumentError('a port is 0 to 65535');
  return value;
};

export const parseLevel = (text: string): string => {
  if (!LEVELS.includes(text)) throw new InvalidArgumentError(`one of ${LEVELS.join(', ')}`);
  return text;
};
