import { createHash } from 'node:crypto';
import type { Answer } from './answer.js';
import type { Dataset } from './dataset.js';
import type { SearchCase } from './search-case.js';

/** What the reference engine answered to every case of one dataset. */
export interface Recording {
  /** The version that the server stated. */
  readonly recordedFrom: string;
  /** {@link fingerprintOf} the dataset that was asked. */
  readonly of: string;
  /** By group and name of the case. */
  readonly answers: Readonly<Record<string, Answer>>;
}

/** The name of a case within its recording. */
export const titleOf = ({ group, name }: SearchCase): string => `${group}: ${name}`;

/** Changes with the documents, settings and queries of a dataset: what was recorded before holds no longer. */
export function fingerprintOf({ documents, settings, cases }: Dataset): string {
  const asked = cases.map(({ group, name, query }) => ({ group, name, query }));
  return createHash('sha256').update(JSON.stringify({ documents, settings, asked })).digest('hex').slice(0, 16);
}

/** One line an answer, so that a change of one shows as one line. */
export function recordingText({ recordedFrom, of, answers }: Recording): string {
  const lines = Object.entries(answers).map(([title, answer]) => `${JSON.stringify(title)}: ${JSON.stringify(answer)}`);
  return `{
"recordedFrom": ${JSON.stringify(recordedFrom)},
"of": ${JSON.stringify(of)},
"answers": {
${lines.join(',\n')}
}}
`;
}
