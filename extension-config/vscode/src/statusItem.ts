// The item in the status bar and its menu.

import * as vscode from 'vscode';

import { counted, menu, type Action } from './menu';
import { face, type Kind, type View } from './status';

const BACKGROUNDS: Partial<Record<Kind, string>> = {
  warning: 'statusBarItem.warningBackground',
  error: 'statusBarItem.errorBackground',
};

export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;

  constructor() {
    this.item = vscode.window.createStatusBarItem('codeassist.status', vscode.StatusBarAlignment.Right, 1);
    this.item.name = 'codeassist';
    this.item.command = 'codeassist.menu';
    this.item.show();
  }

  show(view: View): void {
    const { kind, text, says } = face(view);
    const background = BACKGROUNDS[kind];
    this.item.text = text;
    this.item.backgroundColor = background ? new vscode.ThemeColor(background) : undefined;
    this.item.tooltip = tooltip(view, says);
    this.item.accessibilityInformation = { label: `codeassist: ${says}`, role: 'button' };
  }

  dispose(): void {
    this.item.dispose();
  }
}

/** The menu's answer, or undefined when it was sent away. */
export async function choose(view: View): Promise<Action | undefined> {
  const rows = menu(view).map(({ action, ...row }) => ({
    ...row,
    kind: action ? vscode.QuickPickItemKind.Default : vscode.QuickPickItemKind.Separator,
    action,
  }));
  const picked = await vscode.window.showQuickPick(rows, {
    title: `codeassist: ${face(view).says}`,
    matchOnDescription: true,
  });
  return picked?.action;
}

function tooltip(view: View, says: string): vscode.MarkdownString {
  const { status } = view;
  const text = new vscode.MarkdownString('', true);
  text.isTrusted = { enabledCommands: ['codeassist.menu', 'codeassist.showWhy', 'codeassist.showLog'] };
  text.appendMarkdown('**codeassist**: ').appendText(says);
  if (status) {
    text.appendMarkdown('\n\n$(chip) ').appendText(status.model || 'no model yet');
    const folders = status.folders?.length ? status.folders : [{ name: '', index: status.index }];
    for (const { name, index } of folders) {
      const where = folders.length > 1 ? `${name}: ` : '';
      const what = index.state === 'ready' || index.files ? `${counted(index.files)} files, ${counted(index.symbols)} symbols` : index.state;
      text.appendMarkdown('\n\n$(database) ').appendText(`${where}${what}`);
    }
    text.appendMarkdown('\n\n[Why the last suggestion?](command:codeassist.showWhy)');
  }
  return text.appendMarkdown(`${status ? ' · ' : '\n\n'}[Show the log](command:codeassist.showLog)`);
}
