/** Whether policy names the host, or a domain that it is under. */
export const isHostAllowed = (host: string, named: readonly string[]): boolean =>
  named.some((name) => host === name || host.endsWith(`.${name}`));
