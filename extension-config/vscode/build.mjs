// Bundles the extension into dist/, or its tests into out/ (`node build.mjs tests`).
import { build } from 'esbuild';
import { readdirSync } from 'node:fs';

const shared = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'warning' };
if (process.argv[2] === 'tests') {
  const tests = readdirSync('test').map((name) => `test/${name}`);
  await build({ ...shared, entryPoints: tests, outdir: 'out', sourcemap: 'inline' });
} else {
  const entryPoints = ['src/extension.ts'];
  await build({ ...shared, entryPoints, outfile: 'dist/extension.js', external: ['vscode'], minify: true });
}
