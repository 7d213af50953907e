import { randomUUID } from 'node:crypto';
import { ScrypathError } from '../errors/scrypath-error.js';

/** Characters of a token; a row's id has 18 more. */
export const TOKEN_LENGTH = 18;

/**
 * A token: what the rows of one transaction have in common. It is the start of the id of each, so that they lie side by
 * side in the primary key, and whoever waits for the transaction looks for nothing else. It begins with the time, as a
 * UUID of version 7 does. Two transactions that drew the same token would wait for each other, and no more.
 */
export function newToken(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomDigits().slice(0, 3)}`;
}

/** Hexadecimal digits at the end of an id that count the rows of one insert. */
export const COUNT_DIGITS = 7;

/** What stands between the token and the count, the same for the rows of one insert: two of one transaction must differ. */
export function newRun(): string {
  const digits = randomDigits();
  return `-${digits.slice(0, 4)}-${digits.slice(4, 9)}`;
}

/** Twelve, all of them random: the last of a UUID, which Node draws many at a time. Each write needs some. */
const randomDigits = (): string => randomUUID().slice(-12);

/** Ids of new rows of one insert under a token: UUIDs of 36 characters, in rising order. */
export function markIds(token: string): () => string {
  const run = newRun();
  let count = 0;
  return () => `${token}${run}${(count++).toString(16).padStart(COUNT_DIGITS, '0')}`;
}

/** The token that an id begins with. Ids that triggers made have none that anybody waits for. */
export const tokenOf = (id: string): string => id.slice(0, TOKEN_LENGTH);

const TOKEN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}$/;

const isToken = (text: string): boolean => TOKEN.test(text);

/** Several tokens as one text, for whoever is to wait for all of them. */
export const joinTokens = (tokens: Iterable<string>): string => [...tokens].join('.');

/**
 * The tokens of a text of {@link joinTokens}.
 * @throws ScrypathError `OPTION_INVALID` where it is no such text
 */
export function splitTokens(text: string): readonly string[] {
  const tokens = text.split('.');
  if (tokens.every(isToken)) return tokens;
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    happened: 'A token was given that is none of ours.',
    remedy: 'Give the token of a result, or of track().',
  });
}
