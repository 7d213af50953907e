/** Hides what nobody may read: passwords of addresses, and the values that are known to be secret. */
export type Hide = (text: string) => string;

const NAME = /key|token|secret|passw|pwd|credential/i;
/** Folders, by the names that shells have for them. */
const FOLDERS = ['PWD', 'OLDPWD'];
const SHORTEST = 4;
const HIDDEN = '(hidden)';

/** @param secrets values that are hidden wherever they stand */
export function hider(secrets: Iterable<string>): Hide {
  const values = [...new Set(secrets)]
    .filter((value) => value.length >= SHORTEST)
    .flatMap((value) => [value, encodeURIComponent(value)])
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let shown = text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*:[^\s@]*@/gi, `$1${HIDDEN}@`);
    for (const value of values) shown = shown.replaceAll(value, HIDDEN);
    return shown;
  };
}

/** Values of the environment that their names say are secret, and the passwords of addresses. */
export const secretsOfEnvironment = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(env).flatMap(([name, value = '']) => [
    ...(NAME.test(name) && !FOLDERS.includes(name) ? [value] : []),
    ...passwordsIn(value),
  ]);

/** What a source text gives to a member with such a name: `apiKey: '…'`. */
export const secretsOfSource = (source: string): string[] => [
  ...[...source.matchAll(/(\w+)['"]?\s*[:=]\s*(['"`])((?:(?!\2)[^\\\n]|\\.)*)\2/g)].flatMap(([, name, , value]) =>
    NAME.test(name!) ? [value!] : [],
  ),
  ...passwordsIn(source),
];

/** Passwords of a DataSource's options, of each replica too. */
export function secretsOfOptions(options: unknown, depth = 4): string[] {
  if (typeof options !== 'object' || options === null || depth === 0) return [];
  return Object.entries(options).flatMap(([name, value]) => {
    if (typeof value === 'string') return [...(NAME.test(name) ? [value] : []), ...passwordsIn(value)];
    return secretsOfOptions(value, depth - 1);
  });
}

function passwordsIn(text: string): string[] {
  return [...text.matchAll(/:\/\/[^\s/@:]*:([^\s@/]+)@/g)].flatMap(([, password]) => [
    password!,
    ...decoded(password!),
  ]);
}

function decoded(text: string): string[] {
  try {
    return [decodeURIComponent(text)];
  } catch {
    return [];
  }
}
