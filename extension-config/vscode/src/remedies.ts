// What a failed installation asks of the user. Pure.

const REMEDIES: [RegExp, string][] = [
  [
    /ensurepip is not available|No module named '?(venv|ensurepip)/i,
    'Python lacks its venv module. On Debian and Ubuntu: sudo apt install python3-venv. Then install again.',
  ],
  [/No space left on device|Errno 28|Disk quota exceeded/i, 'the disk is full. Free some space (the CPU version needs about 8 GB), then install again.'],
  [
    /name resolution|NewConnectionError|Network is unreachable|Connection (refused|reset|timed out)|ConnectTimeout|ReadTimeout|ProxyError|SSLError|CERTIFICATE_VERIFY/i,
    'the package index cannot be reached. Check the network and the proxy (HTTPS_PROXY, pip.conf), then install again.',
  ],
  [
    /does not appear to be a Python project|Invalid requirement|No such file or directory|is not a valid wheel|Expected package name/i,
    'codeassist.installFrom does not name a clone of codeassist or a wheel of it. Correct the setting, then install again.',
  ],
  [
    /No matching distribution found|Could not find a version|is not a supported wheel|requires a different Python/i,
    'there is no package for this machine. Linux on x86_64 with Python 3.11, 3.12 or 3.13 is supported.',
  ],
  [/Permission denied|Errno 13/i, 'a file could not be written. The log says which.'],
];

/** A sentence that names the remedy, from what the installer wrote. */
export function remedy(output: string): string {
  const found = REMEDIES.find(([pattern]) => pattern.test(output));
  if (found) {
    return found[1];
  }
  const lines = output.split('\n').map((line) => line.trim()).filter(Boolean);
  const error = lines.findLast((line) => /^error/i.test(line)) ?? lines.at(-1);
  return error ? `the installer said: ${error}` : 'the installer said nothing. The log tells what was run.';
}

export const NOT_OURS =
  'codeassist.installFrom is a bare name, which the package index has for another project. Name a clone of codeassist or a wheel of it, then install again.';

/** The newest Python that will do, from the oldest. */
export const PYTHONS = ['3.11', '3.12', '3.13'] as const;

export const NO_PYTHON = `Python ${PYTHONS[0]} to ${PYTHONS.at(-1)} is needed and none was found on the PATH. Install one, then install again.`;

/** Whether `3.12` or the like is a version that codeassist runs with. */
export function isFit(version: string): boolean {
  return (PYTHONS as readonly string[]).includes(version.trim());
}

/** What pip says, in the words of a notification: `Downloading numpy 2.4.6 (18 MB)`; "" for a line of no interest. */
export function progressLine(line: string): string {
  const match = /^\s*(Collecting|Downloading|Using cached|Processing|Building|Installing|Preparing)\b(.*)$/.exec(line);
  if (!match || / finished with status /.test(line)) {
    return '';
  }
  const text = `${match[1]}${match[2]}`
    .replace(/ \(from .*| \(pyproject\.toml\)|: started$/g, '')
    .replace(/ (?:\S*\/)?([\w.]+)-(\d[\w.!+]*)(?:-\S*)?\.(?:whl|tar\.gz)(?:\.metadata)?\b/, ' $1 $2');
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
