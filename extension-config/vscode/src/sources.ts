// What the server can be installed from: a clone of codeassist, or a wheel that was built from one. Knows nothing of VS Code.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The clone that a folder is or lies in. */
export function cloneAround(folder: string): string | undefined {
  for (let here = folder; ; here = dirname(here)) {
    if (isClone(here)) {
      return here;
    }
    if (here === dirname(here)) {
      return undefined;
    }
  }
}

export function isWheel(path: string): boolean {
  return /[/\\]codeassist-[^/\\]*\.whl$/.test(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** What pip is given: with the extra that runs the model on this machine. */
export function requirement(path: string, hasGpu = existsSync('/proc/driver/nvidia/version')): string {
  return `${path}[${hasGpu ? 'gpu' : 'cpu'}]`;
}

/** Whether pip would take it from its package index, where this name is another project's. */
export function isBareName(from: string): boolean {
  return /^codeassist\s*(\[[^\]]*\])?\s*([=<>~!,;(].*)?$/i.test(from.trim());
}

function isClone(folder: string): boolean {
  try {
    const text = readFileSync(join(folder, 'pyproject.toml'), 'utf8');
    return /^\[project\]\s*\n(?:(?!\[).*\n)*?name\s*=\s*["']codeassist["']/m.test(text);
  } catch {
    return false;
  }
}
