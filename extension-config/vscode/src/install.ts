// Offers to install the server, and shows how that goes.

import * as vscode from 'vscode';

import { install, InstallFailed } from './installing';
import { sentence } from './server';

const LATER = 'codeassist.later';
const INSTALL = 'Install';
const CHOOSE = 'Choose…';

/** One message, once for each version of the extension. The choice is carried out by commands. */
export async function offer(context: vscode.ExtensionContext): Promise<void> {
  const version = String(context.extension.packageJSON.version);
  if (context.globalState.get(LATER) === version) {
    return;
  }
  const message =
    'codeassist needs its language server, which was not found on the PATH. Install it into an environment of its own?';
  const answer = await vscode.window.showInformationMessage(message, INSTALL, CHOOSE, 'Later');
  if (answer === INSTALL) {
    await vscode.commands.executeCommand('codeassist.install');
  } else if (answer === CHOOSE) {
    await vscode.commands.executeCommand('codeassist.choose');
  } else if (answer === 'Later') {
    await context.globalState.update(LATER, version);
  }
}

/** Let the user point at the program. True when one was chosen. */
export async function choose(): Promise<boolean> {
  const options = { title: 'The program codeassist, for example .venv/bin/codeassist in a clone', openLabel: 'Use this' };
  const [file] = (await vscode.window.showOpenDialog(options)) ?? [];
  if (file) {
    await settings().update('command', file.fsPath, vscode.ConfigurationTarget.Global);
  }
  return file !== undefined;
}

/** Install with visible progress. The program, or undefined when it was cancelled or failed, which is told. */
export async function installVisibly(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  says: (message: string) => void,
): Promise<string | undefined> {
  const from = await source();
  if (!from) {
    return undefined;
  }
  const location = vscode.ProgressLocation.Notification;
  try {
    return await vscode.window.withProgress(
      { location, title: 'Installing codeassist', cancellable: true },
      async (progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        context.subscriptions.push({ dispose: () => abort.abort() }); // the window closes: pip ends, too
        const report = (message: string) => {
          progress.report({ message });
          says(message);
        };
        const storage = context.globalStorageUri.fsPath;
        const path = process.env.PATH ?? '';
        return await install({ from, storage, path, signal: abort.signal, log: (line) => log.info(line), report });
      },
    );
  } catch (error) {
    await failed(error, log);
    return undefined;
  }
}

/** What `codeassist.installFrom` names; asked for where it is empty. */
async function source(): Promise<string | undefined> {
  const from = String(settings().get('installFrom') ?? '').trim();
  if (from) {
    return from;
  }
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: 'What to install: a clone of codeassist, or a wheel that was built from one',
      openLabel: 'Install from here',
      canSelectFolders: true,
      canSelectFiles: true,
    })) ?? [];
  if (!chosen) {
    return undefined;
  }
  const extra = chosen.fsPath.endsWith('.whl') ? chosen.fsPath : `${chosen.fsPath}[cpu]`;
  await settings().update('installFrom', extra, vscode.ConfigurationTarget.Global);
  return extra;
}

async function failed(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  if ((error as Error | undefined)?.name === 'AbortError') {
    log.info('the installation was cancelled; nothing was kept');
    return;
  }
  const reason = error instanceof InstallFailed ? error.message : sentence(error);
  log.error(`the installation failed: ${reason}`);
  const message = `codeassist was not installed: ${reason}`;
  const answer = await vscode.window.showErrorMessage(message, 'Show log', 'Try again', 'Settings');
  if (answer === 'Show log') {
    log.show();
  } else if (answer === 'Try again') {
    await vscode.commands.executeCommand('codeassist.install');
  } else if (answer === 'Settings') {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'codeassist.installFrom');
  }
}

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('codeassist');
}
