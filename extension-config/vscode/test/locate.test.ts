import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { findPython, install, InstallFailed } from '../src/installing';
import { locate, NotThere } from '../src/locate';

const folder = () => mkdtempSync(join(tmpdir(), 'codeassist-'));

function program(path: string, text = '#!/bin/sh\n'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** A Python whose venvs hold a pip that does as `pip` says; by its name it is found before any real one. */
function python(at: string, version: string, pip = 'exit 0'): string {
  const made = `mkdir -p "$3/bin"; printf '%s' '#!/bin/sh\necho Collecting numpy; ${pip}' > "$3/bin/python"
    printf '#!/bin/sh\necho codeassist 0' > "$3/bin/codeassist"; chmod +x "$3/bin/"*`;
  return program(join(at, 'python3.13'), `#!/bin/sh\ncase "$1" in -c) echo ${version};; -m) ${made};; esac\n`);
}

function wishes(path: string, signal = new AbortController().signal) {
  const said: string[] = [];
  const storage = folder();
  return { said, wishes: { from: '/clone', storage, path, signal, log: () => undefined, report: (line: string) => said.push(line) } };
}

const withTools = (path: string) => `${path}:${process.env.PATH}`;

test('the setting goes before the PATH, and that before our own', async () => {
  const path = folder();
  const { wishes: own } = wishes(withTools(dirname(python(folder(), '3.12'))));
  const installed = await install(own);
  assert.deepEqual(locate('', path, own.storage), { command: installed, from: 'own' });
  const onPath = program(join(path, 'codeassist'));
  assert.deepEqual(locate('', path, own.storage), { command: onPath, from: 'PATH' });
  const named = program(join(folder(), 'mine'));
  assert.deepEqual(locate(named, path, own.storage), { command: named, from: 'setting' });
});

test('without any there is none', () => {
  assert.equal(locate('', folder(), folder()), undefined);
});

test('a setting that names nothing is told, not passed over', () => {
  const path = folder();
  program(join(path, 'codeassist'));
  assert.throws(() => locate('/no/such/program', path, folder()), NotThere);
  assert.throws(() => locate('no-such-program', path, folder()), NotThere);
});

test('a folder on the PATH that is relative could be any, and is passed over', () => {
  assert.equal(locate('', '.:bin', folder()), undefined);
});

test('the newest Python that will do is taken', async () => {
  const path = folder();
  const { wishes: given } = wishes(path);
  await assert.rejects(findPython(given), /Python 3\.11 to 3\.13 is needed/);
  python(path, '3.9');
  await assert.rejects(findPython(given), InstallFailed);
  const better = program(join(path, 'python3.12'), '#!/bin/sh\necho 3.12\n');
  assert.equal(await findPython(given), better);
});

test('an installation that fails names the remedy and leaves nothing', async () => {
  const path = dirname(python(folder(), '3.11', 'echo ERROR: [Errno 28] No space left on device; exit 1'));
  const { wishes: given } = wishes(withTools(path));
  await assert.rejects(install(given), /disk is full/);
  assert.deepEqual(readdirSync(given.storage), []);
});

test('a bare name is refused before anything is run', async () => {
  const { wishes: given } = wishes(folder());
  await assert.rejects(install({ ...given, from: 'codeassist[cpu]' }), /another project/);
  assert.deepEqual(readdirSync(given.storage), []);
});

test('the environment of before goes when the new one is whole', async () => {
  const { wishes: given, said } = wishes(withTools(dirname(python(folder(), '3.11'))));
  const first = await install(given);
  const second = await install(given);
  assert.notEqual(first, second);
  assert.deepEqual(readdirSync(given.storage).length, 2); // an environment, and the note of it
  assert.ok(readFileSync(join(given.storage, 'installed.json'), 'utf8').includes('/clone'));
  assert.ok(said.includes('Collecting numpy'));
});

test('what is cancelled ends, with all that it started', async () => {
  const abort = new AbortController();
  const path = dirname(python(folder(), '3.11', 'sleep 1000; exit 0'));
  const { wishes: given } = wishes(withTools(path), abort.signal);
  const report = (line: string) => line.startsWith('Collecting') && abort.abort();
  await assert.rejects(install({ ...given, report }), { name: 'AbortError' });
  assert.deepEqual(readdirSync(given.storage), []);
});
