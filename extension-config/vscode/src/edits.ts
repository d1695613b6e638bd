// What changes between two texts, and how it is hinted at on one line. Pure.

/** EDIT of docs/language-server.md. */
export interface Edit {
  text: string;
  textDocument: { uri: string; version: number | null };
  range: { start: { line: number; character: number }; end: { line: number; character: number } };
  command?: { command: string; arguments?: unknown[] };
}

/** before[start..end] becomes `text`; what both have at their ends is left out. Offsets are UTF-16 units. */
export function replaced(before: string, after: string): { start: number; end: number; text: string } {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) {
    start += 1;
  }
  let shared = 0;
  while (shared < most - start && before[before.length - 1 - shared] === after[after.length - 1 - shared]) {
    shared += 1;
  }
  return { start, end: before.length - shared, text: after.slice(start, after.length - shared) };
}

/** A decoration has one line: line ends are shown as signs, and what is long is cut. */
export function hint(text: string): string {
  if (text === '') {
    return '⌫';
  }
  const line = text.replaceAll(/\r?\n/g, '⏎').replaceAll('\t', '→');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
