/** Raised when the JSON of a command changes its shape: when a member goes, or means something else. */
export const JSON_VERSION = 1;

/** The return value of a verb as JSON. An error inside it is its class and code: its words may hold data. */
export const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (member instanceof Error ? classAndCode(member) : member)) ?? 'null';

function classAndCode(error: Error) {
  const { code } = error as { code?: unknown };
  return { name: error.name, code: typeof code === 'string' || typeof code === 'number' ? code : null };
}
