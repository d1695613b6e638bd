// Continue's own autocompletion, as its editors run it: one JSON request per line on stdin, one JSON answer per line on
// stdout.
//
//     {"config": "config.yaml", "workspace": "/repo", "file": "/repo/a.py", "line": 3, "character": 4}
//     {"completion": "a + b", "supports_fim": true, "errors": []}
//
// What a configuration says, which request follows from it and what becomes of the answer is Continue's code; ours is the
// editor around it, which has one file open.

import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

import { RegistryClient, unrollAssistantFromContent, validateConfigYaml } from '@continuedev/config-yaml';
import { CompletionProvider } from '@continuedev/core/dist/autocomplete/CompletionProvider.js';
import { llmsFromModelConfig } from '@continuedev/core/dist/config/yaml/models.js';

const SHOWN_WITHIN_MS = 2000;

/** What an editor answers to Continue: what is not listed is answered with nothing. */
function editorOf({ workspace, file }) {
  const answers = {
    getWorkspaceDirs: () => [pathToFileURL(workspace).href],
    readFile: (uri) => fs.readFileSync(new URL(uri), 'utf8'),
    fileExists: (uri) => fs.existsSync(new URL(uri)),
    getClipboardContent: () => ({ text: '', copiedAt: new Date().toISOString() }),
    getRepoName: () => 'tested',
    getUniqueId: () => 'tested',
    getIdeInfo: () => ({ ideType: 'vscode', name: 'tested', version: '1', remoteName: '', extensionVersion: '1' }),
    getDiff: () => [],
    getOpenFiles: () => [pathToFileURL(file).href],
    getCurrentFile: () => ({ path: pathToFileURL(file).href, contents: fs.readFileSync(file, 'utf8'), isUntitled: false }),
    gotoDefinition: () => [],
    readRangeInFile: () => '',
    isTelemetryEnabled: () => false,
  };
  const asynchronous = Object.entries(answers).map(([name, answer]) => [name, async (...given) => answer(...given)]);
  const known = { ...Object.fromEntries(asynchronous), onDidChangeActiveTextEditor: () => {}, getLastFileSaveTimestamp: () => 0 };
  return new Proxy(known, { get: (_, name) => known[name] ?? (async () => undefined) });
}

/** The entry of a configuration for autocompletion, read and checked as Continue does it. */
async function entryOf(path) {
  const id = { uriType: 'file', filePath: path };
  const read = await unrollAssistantFromContent(id, fs.readFileSync(path, 'utf8'), new RegistryClient(), {
    currentUserSlug: '',
    onPremProxyUrl: null,
    orgScopeId: null,
    platformClient: { resolveFQSNs: async (names) => names.map(() => undefined) },
    renderSecrets: true,
  });
  const complaints = [...(read.errors ?? []), ...validateConfigYaml(read.config)].map((error) => error.message);
  return [read.config.models.find((model) => model.roles?.includes('autocomplete')), complaints];
}

/** Ollama's provider asks the server for a model's template when it is made, and nobody can wait for the answer. */
async function settled(llm) {
  const until = Date.now() + SHOWN_WITHIN_MS;
  while (llm.providerName === 'ollama' && !llm.fimSupported && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return llm;
}

const providers = new Map();

/** One for each configuration, as in an editor that stays open: it keeps what it is generating. */
async function providerOf(request, errors) {
  if (!providers.has(request.config)) {
    const [entry, complaints] = await entryOf(request.config);
    const [llm] = await llmsFromModelConfig(entry, undefined, 'tested', {}, async () => {}, undefined, undefined);
    await settled(llm);
    const options = { ...entry.autocompleteOptions, useCache: false };
    const handler = { loadConfig: async () => ({ config: { tabAutocompleteOptions: options } }) };
    const provider = new CompletionProvider(handler, editorOf(request), async () => llm, (error) => errors.push(String(error)), async () => []);
    providers.set(request.config, { provider, llm, complaints });
  }
  return providers.get(request.config);
}

async function answer(request) {
  const errors = [];
  const { provider, llm, complaints } = await providerOf(request, errors);
  const outcome = await provider.provideInlineCompletionItems(
    {
      isUntitledFile: false,
      completionId: String(request.id ?? 0),
      filepath: pathToFileURL(request.file).href,
      pos: { line: request.line, character: request.character },
      recentlyVisitedRanges: [],
      recentlyEditedRanges: [],
    },
    undefined,
  );
  return { completion: outcome?.completion ?? null, supports_fim: llm.supportsFim(), errors: [...complaints, ...errors] };
}

async function main() {
  // What the code under test prints is for people.
  console.log = console.warn = console.error;
  for await (const line of createInterface({ input: process.stdin })) {
    const failed = (error) => ({ completion: null, supports_fim: false, errors: [String(error.stack ?? error)] });
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)).catch(failed))}\n`);
  }
  process.exit(0);
}

main();
