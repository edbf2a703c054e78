/** What this browser keeps for the page. A browser that keeps nothing makes every visit the first: the page says so, and proves the rest. */

export const kept = (name: string): string | null => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

export const keep = (name: string, text: string): void => {
  try {
    localStorage.setItem(name, text);
  } catch {
    // Forbidden or full.
  }
};
