import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { cloneAround, isBareName, isWheel, requirement } from '../src/sources';

const CLONE = resolve(process.cwd(), '..', '..');
const folder = () => mkdtempSync(join(tmpdir(), 'codeassist-'));

test('a clone is found from the folders in it', () => {
  assert.equal(cloneAround(CLONE), CLONE);
  assert.equal(cloneAround(process.cwd()), CLONE);
});

test('another project is no clone, whatever it depends on', () => {
  const other = folder();
  writeFileSync(join(other, 'pyproject.toml'), '[project]\nname = "other"\ndependencies = ["codeassist"]\n[tool.x]\nname = "codeassist"\n');
  mkdirSync(join(other, 'src'));
  assert.equal(cloneAround(join(other, 'src')), undefined);
  assert.equal(cloneAround('/no/such/folder'), undefined);
});

test('a wheel is a file that is there', () => {
  const wheel = join(folder(), 'codeassist-0.1.0-py3-none-any.whl');
  assert.equal(isWheel(wheel), false);
  writeFileSync(wheel, '');
  assert.equal(isWheel(wheel), true);
  assert.equal(isWheel(wheel.replace('codeassist-', 'other-')), false);
});

test('what is installed can run the model here', () => {
  assert.equal(requirement('/clone', false), '/clone[cpu]');
  assert.equal(requirement('/x/codeassist-1.whl', true), '/x/codeassist-1.whl[gpu]');
});

test("another project's package is not taken for ours", () => {
  const names = ['codeassist', 'codeassist[cpu]', 'Codeassist == 1.0', 'codeassist[gpu]>=2,<3', 'codeassist (==1.0)', 'codeassist; python_version > "3"'];
  assert.deepEqual(names.filter((name) => !isBareName(name)), []);
  const ours = ['/home/me/codeassist[cpu]', './codeassist', 'codeassist @ file:///x.whl', 'codeassist-0.1.0-py3-none-any.whl'];
  assert.deepEqual(ours.filter(isBareName), []);
});
