// On, off and asleep: what the menu and its commands change. On and off are kept in the user's settings.

import * as vscode from 'vscode';

import { ask } from './commands';
import type { Server } from './server';
import { asEnable, withEverything, withLanguage, type Enable } from './settings';
import { isOn, snoozedFor, type View } from './status';

export class Switches {
  constructor(
    private readonly server: Server,
    private readonly view: () => View,
  ) {}

  async toggle(): Promise<void> {
    const wanted = !isOn(this.view()).everywhere;
    await keep(withEverything(enable(undefined), wanted));
    if (wanted && this.server.status?.enabled === false) {
      await ask(this.server, 'codeassist.setEnabled', { enabled: true });
    }
  }

  async toggleLanguage(): Promise<void> {
    const { language } = this.view();
    if (!language) {
      return;
    }
    const wanted = !isOn(this.view()).language;
    await keep(withLanguage(enable(undefined), language.id, wanted));
    if (wanted && this.server.status?.languages_off?.includes(language.id)) {
      await ask(this.server, 'codeassist.setEnabled', { enabled: true, language: language.id });
    }
  }

  /** Ask for how long, or wake what sleeps. */
  async snooze(): Promise<void> {
    if (snoozedFor(this.view()) > 0) {
      await this.sleep(0);
      return;
    }
    const title = 'Snooze suggestions for how many minutes?';
    const picked = await vscode.window.showQuickPick(['5', '15', '60'], { title });
    if (picked) {
      await this.sleep(Number(picked));
    }
  }

  async sleep(minutes: number): Promise<void> {
    await ask(this.server, 'codeassist.snooze', { minutes });
  }
}

export function settings(scope?: vscode.ConfigurationScope): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('codeassist', scope ?? null);
}

export function enable(document: vscode.TextDocument | undefined): Enable {
  return asEnable(settings(document?.uri).get('enable'));
}

async function keep(value: Enable): Promise<void> {
  await settings().update('enable', value, vscode.ConfigurationTarget.Global);
}
