// Where the language server's program is. Pure but for the two questions that it asks the disk.

import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

export const PROGRAM = 'codeassist';

/** In the extension's own folder: which environment holds the server. */
export const INSTALLED = 'installed.json';

export interface Found {
  command: string;
  from: 'setting' | 'PATH' | 'own';
}

/** What was asked for and is not there, in a sentence. */
export class NotThere extends Error {}

/**
 * The program to start: what the setting names, one on the PATH, the extension's own; undefined when there is none.
 * Throws NotThere where the setting names what does not exist: anything else would be started in its place unseen.
 */
export function locate(setting: string, path: string, storage: string): Found | undefined {
  if (setting) {
    const command = fromSetting(setting, path);
    if (!command) {
      throw new NotThere(`"codeassist.command" names ${setting}, which is no program here`);
    }
    return { command, from: 'setting' };
  }
  const onPath = search(PROGRAM, path);
  if (onPath) {
    return { command: onPath, from: 'PATH' };
  }
  const own = ownProgram(storage);
  return own ? { command: own, from: 'own' } : undefined;
}

/** The program in the environment that the extension made, if it is whole. */
export function ownProgram(storage: string): string | undefined {
  try {
    const { environment } = JSON.parse(readFileSync(join(storage, INSTALLED), 'utf8')) as { environment: string };
    const program = inEnvironment(environment, PROGRAM);
    return isProgram(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

export function inEnvironment(environment: string, program: string): string {
  return process.platform === 'win32' ? join(environment, 'Scripts', `${program}.exe`) : join(environment, 'bin', program);
}

/** The first folder of a PATH that has the program. */
export function search(program: string, path: string): string | undefined {
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

function fromSetting(setting: string, path: string): string | undefined {
  const expanded = setting.replace(/^~(?=$|[/\\])/, homedir());
  if (!/[/\\]/.test(expanded)) {
    return search(expanded, path);
  }
  return isAbsolute(expanded) && isProgram(expanded) ? resolve(expanded) : undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
