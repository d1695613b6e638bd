// From VS Code's settings to the server's: only what somebody set is sent, so that config.toml keeps its say. Pure.

export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/** What is needed of vscode.WorkspaceConfiguration. */
export interface Configuration {
  get(name: string): unknown;
  inspect(name: string): Inspected | undefined;
}

export type Values = Record<string, unknown>;

/** `codeassist.enable`: by language, `*` for all others. */
export type Enable = Record<string, boolean>;

/**
 * Settings by the names that they have in config.toml.
 * names: all that the extension declares for the server. isTrusted: whether the folder's own settings count.
 */
export function serverSettings(configuration: Configuration, names: readonly string[], isTrusted: boolean): Values {
  const values: Values = flat(asObject(configuration.get('settings')));
  for (const name of names) {
    const inspected = configuration.inspect(name);
    if (inspected && isSet(inspected, isTrusted)) {
      values[name] = configuration.get(name);
    }
  }
  if (!mayBeOnSomewhere(asEnable(configuration.get('enable')))) {
    values['completion.enabled'] = false;
  }
  return values;
}

/**
 * What the server is told when settings have changed: all that is set, and null for what it was told at its start and is
 * set no longer, since what it does not hear of then stays as it was.
 */
export function told(atStart: Values, now: Values): Values {
  const gone = Object.keys(atStart).filter((name) => !(name in now));
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...now };
}

/** Names of the settings that differ, in order. */
export function changed(before: Values, after: Values): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}

export function isEnabled(enable: Enable, language: string): boolean {
  return enable[language] ?? enable['*'] ?? true;
}

/** Whether there is a language with suggestions at all. */
export function mayBeOnSomewhere(enable: Enable): boolean {
  return (enable['*'] ?? true) || Object.values(enable).includes(true);
}

/** The same, with suggestions turned on or off for one language; what says no more than `*` does is left out. */
export function withLanguage(enable: Enable, language: string, isOn: boolean): Enable {
  const { [language]: _, ...others } = enable;
  return (others['*'] ?? true) === isOn ? others : { ...others, [language]: isOn };
}

/** The same, on or off everywhere. Turning on keeps the languages that were turned off one by one. */
export function withEverything(enable: Enable, isOn: boolean): Enable {
  const others = Object.entries(enable).filter(([language, value]) => language !== '*' && (isOn || !value));
  return { '*': isOn, ...Object.fromEntries(others) };
}

/** What a user may have written there, taken for what it can mean. */
export function asEnable(value: unknown): Enable {
  const entries = Object.entries(asObject(value)).filter(([, isOn]) => typeof isOn === 'boolean');
  return Object.fromEntries(entries) as Enable;
}

function asObject(value: unknown): Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

/** `{"completion": {"max_lines": 4}}` by dotted names. */
function flat(values: Values, prefix = ''): Values {
  const entries = Object.entries(values).flatMap(([key, value]): [string, unknown][] => {
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isTable ? Object.entries(flat(value as Values, `${prefix}${key}.`)) : [[`${prefix}${key}`, value]];
  });
  return Object.fromEntries(entries);
}

function isSet(inspected: Inspected, isTrusted: boolean): boolean {
  const ofFolder = isTrusted ? [inspected.workspaceValue, inspected.workspaceFolderValue] : [];
  return [inspected.globalValue, ...ofFolder].some((value) => value !== undefined);
}
