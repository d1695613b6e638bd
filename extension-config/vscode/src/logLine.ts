// What the server writes to stderr, as lines of VS Code's log: with the level that they name. Pure.

export type Level = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: Record<string, Level> = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error', CRITICAL: 'error' };

/** Python's own time goes, since VS Code puts one before each line; what is no log line (a traceback) is kept whole. */
export function logLine(line: string): { level: Level; text: string } {
  const match = /^\d{4}-\d\d-\d\d [\d:,.]+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)$/.exec(line);
  return match ? { level: LEVELS[match[1] ?? ''] ?? 'info', text: match[2] ?? '' } : { level: 'info', text: line };
}
