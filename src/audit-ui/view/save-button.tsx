import type { ComponentChildren } from 'preact';
import type { Octets } from '../proof/octets.js';

interface SaveProps {
  readonly name: string;
  readonly octets: Octets;
  readonly children: ComponentChildren;
}

/** Hands octets to the reader as a file. */
export const SaveButton = ({ name, octets, children }: SaveProps) => {
  const save = (): void => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([octets], { type: 'application/octet-stream' }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <button type="button" onClick={save}>
      {children}
    </button>
  );
};
