// Starts `codeassist lsp`, and shows in the status bar how it is. Ghost text itself is VS Code's own inline completion:
// vscode-languageclient registers the provider because the server announces one.

const vscode = require('vscode');
const { LanguageClient, State, TransportKind } = require('vscode-languageclient/node');

const STATUS = 'codeassist/status';

/** Icon and word of the status bar, by state of the engine. */
const FACES = {
  ready: '$(sparkle) codeassist',
  starting: '$(loading~spin) codeassist',
  restarting: '$(loading~spin) codeassist',
  failed: '$(warning) codeassist',
  stopped: '$(circle-slash) codeassist',
};

/** @type {LanguageClient | undefined} */
let client;

exports.activate = async (context) => {
  const item = vscode.window.createStatusBarItem('codeassist.status', vscode.StatusBarAlignment.Right);
  item.name = 'codeassist';
  item.command = 'codeassist.showLog';
  context.subscriptions.push(
    item,
    vscode.commands.registerCommand('codeassist.restart', () => restart(item)),
    vscode.commands.registerCommand('codeassist.showLog', () => client && client.outputChannel.show()),
    vscode.commands.registerTextEditorCommand('codeassist.explainHere', explain),
    { dispose: () => client && client.dispose() },
  );
  await start(item);
};

exports.deactivate = () => client && client.stop();

async function start(item) {
  const configuration = vscode.workspace.getConfiguration('codeassist');
  const server = {
    command: configuration.get('command'),
    args: configuration.get('arguments'),
    transport: TransportKind.stdio,
  };
  client = new LanguageClient('codeassist', 'codeassist', { run: server, debug: server }, {
    documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
    initializationOptions: configuration.get('settings'),
  });
  client.onNotification(STATUS, (status) => show(item, status));
  client.onDidChangeState((change) => {
    if (change.newState === State.Stopped) {
      show(item, { engine: { state: 'stopped', message: 'the language server has ended' } });
    }
  });
  show(item, { engine: { state: 'starting', message: '' } });
  try {
    await client.start();
  } catch (error) {
    const hint = `set "codeassist.command" to the full path of the program (now: ${server.command})`;
    const reason = (error && error.message) || 'it did not start'; // the client rejects without an error at times
    show(item, { engine: { state: 'failed', message: `${reason}; ${hint}` } });
    vscode.window.showWarningMessage(`codeassist did not start: ${hint}`);
  }
}

async function restart(item) {
  if (client) {
    await client.dispose();
  }
  await start(item);
}

function show(item, status) {
  const { engine, index, model } = status;
  const lines = [`engine: ${engine.state} ${engine.message}`.trim()];
  if (model) {
    lines.push(`model: ${model}`);
  }
  if (index) {
    lines.push(`index: ${index.state}, ${index.files} files, ${index.symbols} symbols ${index.message}`.trim());
  }
  item.text = FACES[engine.state] || FACES.stopped;
  item.tooltip = lines.join('\n');
  item.show();
}

/** Opens the prompt for the cursor, with sources and budgets, as a document. */
async function explain(editor) {
  if (!client || client.state !== State.Running) {
    return;
  }
  const { document, selection } = editor;
  const converter = client.code2ProtocolConverter;
  const place = { uri: converter.asUri(document.uri), position: converter.asPosition(selection.active) };
  const explanation = await client.sendRequest('workspace/executeCommand', {
    command: 'codeassist.explain',
    arguments: [place],
  });
  const content = JSON.stringify(explanation, null, 2);
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'json', content }));
}
