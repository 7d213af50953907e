import type { Backend, EngineExamination } from '../backend/backend.js';
import { KEY_ATTRIBUTE } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { type Finding, ok, problem, unknown, warning, wordsOf } from './finding.js';

/** Without these nothing is written, or nobody knows what became of it. The others are for some verbs. */
const NEEDED = ['documents.add', 'documents.delete', 'indexes.get', 'settings.get', 'tasks.get'];

export async function examineEngine(
  backend: Backend,
  metadatas: readonly SearchMetadata[],
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const about = backend.name;
  const indexes = await Promise.all(metadatas.map((metadata) => examineIndex(backend, metadata, signal)));
  try {
    if (!backend.examine) {
      const happened = 'It tells neither of versions nor of permissions.';
      const wasSeen = indexes.length === 0 || indexes.some(({ state }) => state !== 'unknown');
      return [wasSeen ? ok('engine', { about, happened }) : notAsked(about), ...indexes];
    }
    const names = metadatas.map(({ indexName }) => indexName);
    const examined = await backend.examine(names, { signal });
    return [
      ok('engine', { about, happened: 'It answers.' }),
      versionOf(about, examined),
      ...permissionsOf(about, examined),
      ...indexes,
    ];
  } catch (error) {
    return [problem('engine', { about, ...wordsOf(error, CHECK) }), ...indexes];
  }
}

const CHECK = 'Check that it runs, where, and its key.';
const notAsked = (about: string) => problem('engine', { about, happened: 'It could not be asked.', remedy: CHECK });

function versionOf(about: string, { version, oldest }: EngineExamination): Finding {
  if (version === null)
    return unknown('engine_version', { about, happened: 'The key does not allow to ask for the version.' });
  return isOlder(version, oldest)
    ? problem('engine_version', { about, happened: `It is ${version}.`, remedy: `Upgrade it to ${oldest} or newer.` })
    : ok('engine_version', { about, happened: `It is ${version}.` });
}

function isOlder(version: string, oldest: string): boolean {
  const [left, right] = [version, oldest].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  const at = right!.findIndex((part, place) => part !== left![place]);
  return at >= 0 && !(left![at]! > right![at]!);
}

function permissionsOf(about: string, { permissions }: EngineExamination): readonly Finding[] {
  // Not a key that lacks something: no key that the engine knows.
  if (permissions.length > 0 && permissions.every(({ allowed }) => allowed === false)) {
    const remedy = 'Check its value and its expiry.';
    return [problem('permission', { about, happened: 'The key allows nothing of what was asked.', remedy })];
  }
  const findings = permissions.flatMap(({ action, index, allowed }): Finding[] => {
    if (allowed === true) return [];
    const about = index === null ? action : `${action} on ${index}`;
    if (allowed === null) return [unknown('permission', { about, happened: 'The engine gave no answer to it.' })];
    const remedy = `Give the key the action "${action}"${index === null ? '' : `, on the index "${index}"`}.`;
    const words = { about, happened: 'The key does not allow it.', remedy };
    return [NEEDED.includes(action) ? problem('permission', words) : warning('permission', words)];
  });
  return findings.length > 0 ? findings : [ok('permission', { happened: 'The key allows all that was asked.' })];
}

async function examineIndex(
  { indexes }: Backend,
  { indexName: about, entity }: SearchMetadata,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  try {
    const info = await indexes.get(about, { signal });
    if (info === null) {
      const happened = `There is no index of ${entity}.`;
      return problem('index', { about, happened, remedy: 'Call prepare() and fill it, or reindex().' });
    }
    return info.primaryKey === null || info.primaryKey === KEY_ATTRIBUTE
      ? ok('index', { about, happened: `The index of ${entity} is there.` })
      : problem('index', {
          about,
          happened: `Its primary key is "${info.primaryKey}": it takes no document of ours.`,
          remedy: 'Call reindex().',
        });
  } catch (error) {
    return unknown('index', { about, ...wordsOf(error, CHECK) });
  }
}
