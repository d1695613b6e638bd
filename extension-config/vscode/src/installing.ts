// Installs the server into an environment of its own: python -m venv, then pip. Knows nothing of VS Code.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { INSTALLED, inEnvironment, PROGRAM, search } from './locate';
import { isFit, NO_PYTHON, NOT_OURS, progressLine, PYTHONS, remedy } from './remedies';
import { isBareName } from './sources';

/** A sentence for the user, with the remedy in it. */
export class InstallFailed extends Error {}

export interface Wishes {
  /** A requirement as pip takes it, or the path of a clone or wheel. */
  from: string;
  /** The extension's own folder; the environment is made in it. */
  storage: string;
  path: string;
  signal: AbortSignal;
  log: (line: string) => void;
  report: (message: string) => void;
}

/**
 * The path of the installed program. An earlier environment serves until the new one is whole, and goes then.
 * Throws InstallFailed, or what `signal` says when it is aborted; nothing that was begun stays in either case.
 */
export async function install(wishes: Wishes): Promise<string> {
  const { storage, report, from } = wishes;
  if (isBareName(from)) {
    throw new InstallFailed(NOT_OURS);
  }
  mkdirSync(storage, { recursive: true });
  const environment = join(storage, `server-${Date.now()}`);
  try {
    report('looking for Python');
    const python = await findPython(wishes);
    report('creating the environment');
    await run(python, ['-m', 'venv', environment], wishes);
    report(`installing ${from}`);
    const options = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
    await run(inEnvironment(environment, 'python'), ['-m', 'pip', 'install', ...options, from], wishes);
    report('checking what was installed');
    const program = inEnvironment(environment, PROGRAM);
    await run(program, ['--version'], wishes);
    keep(storage, environment, from);
    return program;
  } catch (error) {
    rmSync(environment, { recursive: true, force: true });
    throw error;
  }
}

/** A Python of a version that will do, the newest first. Throws InstallFailed where there is none. */
export async function findPython(wishes: Pick<Wishes, 'path' | 'signal' | 'log'>): Promise<string> {
  const names = [...PYTHONS.map((version) => `python${version}`).reverse(), 'python3', 'python'];
  let hasNoVenv = '';
  for (const name of names) {
    const python = search(name, wishes.path);
    if (!python) {
      continue;
    }
    try {
      const code = 'import sys, ensurepip, venv; print("%d.%d" % sys.version_info[:2])';
      const output = await run(python, ['-c', code], wishes);
      if (isFit(output)) {
        return python;
      }
    } catch (error) {
      wishes.signal.throwIfAborted();
      hasNoVenv ||= /venv module/.test(String(error)) ? (error as Error).message : '';
    }
  }
  throw new InstallFailed(hasNoVenv || NO_PYTHON);
}

function keep(storage: string, environment: string, from: string): void {
  const file = join(storage, INSTALLED);
  let before: string | undefined;
  try {
    before = (JSON.parse(readFileSync(file, 'utf8')) as { environment?: string }).environment;
  } catch {
    before = undefined; // the first one
  }
  writeFileSync(file, `${JSON.stringify({ environment, from }, null, 2)}\n`);
  if (before?.startsWith(join(storage, 'server-')) && before !== environment) {
    rmSync(before, { recursive: true, force: true });
  }
}

/** What a program writes. Throws InstallFailed when it fails; when `signal` is aborted, it and all it started end. */
async function run(program: string, args: string[], wishes: Pick<Wishes, 'signal' | 'log'> & Partial<Wishes>): Promise<string> {
  const { signal, log, report } = wishes;
  signal.throwIfAborted();
  log(`> ${[program, ...args].join(' ')}`);
  const group = process.platform !== 'win32';
  const child = spawn(program, args, { detached: group, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => killAll(child.pid, group);
  signal.addEventListener('abort', end);
  const lines: string[] = [];
  const hear = (line: string) => {
    lines.push(line);
    log(line);
    const progress = progressLine(line);
    if (progress) {
      report?.(progress);
    }
  };
  createInterface({ input: child.stdout }).on('line', hear);
  createInterface({ input: child.stderr }).on('line', hear);
  try {
    const code = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
    signal.throwIfAborted();
    if (code !== 0) {
      throw new InstallFailed(remedy(lines.join('\n')));
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof InstallFailed ? error : new InstallFailed(remedy(`${[...lines, String(error)].join('\n')}`));
  } finally {
    signal.removeEventListener('abort', end);
  }
  return lines.join('\n');
}

function killAll(pid: number | undefined, group: boolean): void {
  try {
    if (pid !== undefined) {
      process.kill(group ? -pid : pid, 'SIGTERM');
    }
  } catch {
    // It has ended by itself.
  }
}
