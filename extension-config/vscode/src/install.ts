// Offers to install the server, and shows how that goes.

import * as vscode from 'vscode';

import { install } from './installing';
import { sentence } from './server';
import { cloneAround, isWheel, requirement } from './sources';

const LATER = 'codeassist.later';
const INSTALL = 'Install';
const CHOOSE = 'Choose…';
const TITLE = 'Install codeassist from a clone of it, or from a wheel built from one';
const WHY = 'The package index has another project under this name';

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

/** What `codeassist.installFrom` names; asked for where it is empty, and kept there. */
async function source(): Promise<string | undefined> {
  const from = String(settings().get('installFrom') ?? '').trim();
  const chosen = from || (await ask());
  if (chosen && !from) {
    await settings().update('installFrom', chosen, vscode.ConfigurationTarget.Global);
  }
  return chosen;
}

async function ask(): Promise<string | undefined> {
  const here = openClone();
  const rows = [
    ...(here ? [{ label: `$(repo) ${here}`, description: 'the clone that is open', path: here }] : []),
    { label: '$(folder) Choose a clone…', description: 'the folder that git clone made', dialog: clones },
    { label: '$(package) Choose a wheel…', description: 'a file codeassist-*.whl that was built from a clone', dialog: wheels },
  ];
  const picked = await vscode.window.showQuickPick(rows, { title: TITLE, placeHolder: WHY, ignoreFocusOut: true });
  const path = picked && ('path' in picked ? picked.path : await picked.dialog());
  return path && requirement(path);
}

/** Nothing of a folder that is not trusted is run, which an installation does. */
function openClone(): string | undefined {
  const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
  return folders.map(({ uri }) => (uri.scheme === 'file' ? cloneAround(uri.fsPath) : undefined)).find(Boolean);
}

async function clones(): Promise<string | undefined> {
  const path = await open({ title: 'The folder of a clone of codeassist', canSelectFolders: true, canSelectFiles: false });
  return path && (cloneAround(path) ?? (await refused(`${path} is no clone of codeassist: it lacks codeassist's pyproject.toml`)));
}

async function wheels(): Promise<string | undefined> {
  const path = await open({ title: 'A wheel of codeassist', filters: { Wheels: ['whl'] } });
  return path && (isWheel(path) ? path : await refused(`${path} is no wheel of codeassist: its name is codeassist-VERSION-….whl`));
}

async function open(options: vscode.OpenDialogOptions): Promise<string | undefined> {
  const [chosen] = (await vscode.window.showOpenDialog({ openLabel: 'Install from here', ...options })) ?? [];
  return chosen?.fsPath;
}

async function refused(reason: string): Promise<string | undefined> {
  const answer = await vscode.window.showWarningMessage(`${reason}.`, 'Choose again');
  return answer ? await ask() : undefined;
}

async function failed(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  if ((error as Error | undefined)?.name === 'AbortError') {
    log.info('the installation was cancelled; nothing was kept');
    return;
  }
  const reason = sentence(error);
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
