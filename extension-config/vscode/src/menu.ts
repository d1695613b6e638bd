// The rows of the status item's menu. Pure: statusItem.ts puts them on the screen.

import { face, inMinutes, isOn, snoozedFor, type ServerStatus, type View } from './status';

export type Action =
  | 'toggle'
  | 'toggleLanguage'
  | 'snooze5'
  | 'snooze15'
  | 'snooze60'
  | 'wake'
  | 'refresh'
  | 'why'
  | 'statistics'
  | 'review'
  | 'log'
  | 'restart'
  | 'settings'
  | 'install'
  | 'choose';

export interface Row {
  label: string;
  description?: string;
  detail?: string;
  /** Absent for a heading. */
  action?: Action;
}

export function menu(view: View): Row[] {
  const isThere = view.phase !== 'missing' && view.phase !== 'installing';
  return [...(isThere ? [...suggestions(view), ...last(), ...changes(), ...state(view)] : missing(view)), ...server(isThere)];
}

function suggestions(view: View): Row[] {
  const on = isOn(view);
  const rows: Row[] = [
    { label: 'Suggestions' },
    toggle('toggle', on.everywhere, 'Suggestions', 'for all languages'),
  ];
  if (view.language && on.everywhere) {
    rows.push(toggle('toggleLanguage', on.language, `Suggestions in ${view.language.name}`, 'for this language alone'));
  }
  return on.everywhere ? [...rows, ...snoozing(view)] : rows;
}

function toggle(action: Action, isOn: boolean, what: string, how: string): Row {
  const icon = isOn ? '$(pass-filled)' : '$(circle-large-outline)';
  return { label: `${icon} ${what}: ${isOn ? 'on' : 'off'}`, description: `turn ${isOn ? 'off' : 'on'} ${how}`, action };
}

function snoozing(view: View): Row[] {
  const seconds = snoozedFor(view);
  if (seconds > 0) {
    const description = `they sleep for another ${inMinutes(seconds)} min`;
    return [{ label: '$(bell) Wake suggestions', description, action: 'wake' }];
  }
  return ([5, 15, 60] as const).map((minutes) => ({
    label: `$(bell-slash) Snooze for ${minutes} minutes`,
    action: `snooze${minutes}` as const,
  }));
}

function last(): Row[] {
  return [
    { label: 'Last suggestion' },
    { label: '$(question) Why this, or why none?', description: 'reason, confidence, sources', action: 'why' },
    { label: '$(graph) Statistics', description: 'shown, accepted, kept; on this machine alone', action: 'statistics' },
  ];
}

function changes(): Row[] {
  const description = 'what is found are problems, with quick fixes';
  return [{ label: 'Changes' }, { label: '$(checklist) Review what is not committed', description, action: 'review' }];
}

function state(view: View): Row[] {
  const { status } = view;
  if (!status) {
    return [{ label: 'State' }, { label: '$(info) Server', description: face(view).says, action: 'log' }];
  }
  return [
    { label: 'State' },
    indexRow(view),
    {
      label: `$(chip) Model: ${status.model || 'none yet'}`,
      description: engineSays(status),
      action: 'log',
    },
    ...(status.chat ? [{ label: `$(comment-discussion) Chat model: ${status.chat}`, action: 'settings' as const }] : []),
  ];
}

function engineSays({ engine, model }: ServerStatus): string {
  return engine.message && engine.message !== model ? `${engine.state}: ${engine.message}` : engine.state;
}

function indexRow(view: View): Row {
  const index = view.status?.index;
  if (!index || index.state === 'none') {
    return { label: '$(database) Index: none yet', description: view.work, action: 'refresh' };
  }
  const counts = `${counted(index.files)} files, ${counted(index.symbols)} symbols`;
  const isBusy = index.state === 'indexing';
  return {
    label: `$(database) Index: ${isBusy ? view.work || 'indexing' : counts}`,
    description: isBusy && index.files === 0 ? '' : isBusy ? counts : 'refresh',
    ...(index.message ? { detail: `$(warning) ${index.message}` } : {}),
    action: 'refresh',
  };
}

/** With commas between thousands, whatever the machine's language. */
export function counted(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

function missing(view: View): Row[] {
  if (view.phase === 'installing') {
    return [{ label: 'Server' }, { label: '$(loading~spin) Installing…', description: view.problem, action: 'log' }];
  }
  return [
    { label: 'Server' },
    { label: '$(cloud-download) Install the server…', description: 'into an environment of its own', action: 'install' },
    { label: '$(folder-opened) Choose the program…', description: 'one that is installed already', action: 'choose' },
  ];
}

function server(isThere: boolean): Row[] {
  const restart: Row = { label: '$(debug-restart) Restart the server', action: 'restart' };
  return [
    ...(isThere ? [{ label: 'Server' }, restart] : []),
    { label: '$(output) Show the log', action: 'log' },
    { label: '$(gear) Settings', action: 'settings' },
  ];
}
