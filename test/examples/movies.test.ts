import { reachable } from '../stacks/reachable';
import { onEveryStack, openDatabase, openEngine, type Stack } from '../stacks/stack';
import { CleanCopy, type Run } from './clean-copy';

const INDEX = 'scrypath_example_movies';
const MINUTES = 60_000;

const copy = new CleanCopy();
let built: Run;
beforeAll(async () => {
  built = await copy.npmStart();
}, 5 * MINUTES);
afterAll(() => copy.remove());

describe('npm start [sqlite · embedded]', () => {
  it('builds, takes the tour and exits 0 with every check held', () => {
    expect(built.stderr).toBe('');
    expect(built.code).toBe(0);
    expect(built.stdout).toMatch(/^All \d+ checks hold\.$/m);
  });

  it('prints rows and documents with times, the typo, the page, the facets, the entities and both writes', () => {
    for (const line of [
      /rows written +3,200 +\d+ ms/,
      /documents indexed +3,200 +\d+ ms/,
      /"godfahter".*\n +The Godfather /,
      /page 1 of \d+, \d+ films/,
      /genre: Drama \d+, /,
      /Barry Lyndon +\$ 20,000,000 +Stanley Kubrick/,
      /ok +it is found under its new title/,
      /ok +it is not found any more/,
    ])
      expect(built.stdout).toMatch(line);
  });

  it(
    'searches when it is given a text: hits with marks, and facets',
    async () => {
      const { code, stdout, stderr } = await copy.npmStart('godfahter', 'part');
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^"godfahter part" on sqlite and embedded: \d+ films/);
      expect(stdout).toMatch(/The \[Godfather\]: \[Part\] II +1974-12-11 +9\.0 +Francis Ford Coppola/);
      expect(stdout).toMatch(/distributor: Paramount Pictures \d/);
      expect(stdout).not.toContain('checks');
    },
    MINUTES,
  );

  it(
    'says so when a text matches nothing',
    async () => {
      const { code, stdout } = await copy.start({}, 'qqxxzz');
      expect([code, stdout.split('\n').length]).toEqual([0, 2]);
      expect(stdout).toMatch(/: 0 films/);
    },
    MINUTES,
  );

  it(
    'exits 1 and names what failed when nothing captures the writes',
    async () => {
      const { code, stdout, stderr } = await copy.start({ SCRYPATH_EXAMPLE_CAPTURE: 'none' });
      expect(code).toBe(1);
      expect(stdout).toMatch(/NOT SO +it is found under its new title; seen: \[\]/);
      expect(stderr).toContain('it is found under its new title; it is not found under its old title');
      expect(stderr).toContain('it is not found any more; the index has a document for every row');
      expect(stdout).not.toContain('checks hold');
    },
    MINUTES,
  );

  it(
    'exits 1 and says why when the engine is not there, without the key',
    async () => {
      const { code, stdout, stderr } = await copy.start({
        SCRYPATH_MEILISEARCH_URL: 'http://127.0.0.1:9',
        SCRYPATH_MEILISEARCH_KEY: 'a-very-secret-key',
      });
      expect(code).toBe(1);
      expect(stderr).toContain('BACKEND_UNREACHABLE');
      expect(stdout + stderr).not.toContain('a-very-secret-key');
    },
    MINUTES,
  );
});

onEveryStack('the tour of the movies', (stack) => {
  let environment: Record<string, string>;
  let leave: () => Promise<void>;
  beforeAll(async () => {
    ({ environment, leave } = await enter(stack));
  });
  afterAll(() => leave?.());

  it(
    'holds every check, as often as it is taken, and prints the same',
    async () => {
      const first = await copy.start(environment);
      const second = await copy.start(environment);
      expect([first.code, first.stderr, second.code]).toEqual([0, '', 0]);
      // A database that stays remembers an index that was in the memory of a process.
      const forgets = stack.engine === 'embedded' && stack.database !== 'sqlite';
      expect(second.stderr).toMatch(forgets ? /^The index "scrypath_example_movies" of Movie was missing.*\n$/ : /^$/);
      expect(withoutTimes(second.stdout)).toBe(withoutTimes(first.stdout));
      expect(first.stdout).toContain(`on ${stack.database} and ${stack.engine}`);
      // The films are the same everywhere, so all that differs is the name of the stack.
      const after = (text: string) => withoutTimes(text).split('\n').slice(1);
      expect(after(first.stdout)).toEqual(after(built.stdout));
    },
    3 * MINUTES,
  );

  const stays = stack.database !== 'sqlite';
  const what = stays ? 'finds the rows as the tour left them' : 'loads the films first';
  it(
    `a search after it ${what}`,
    async () => {
      const { code, stdout } = await copy.start(environment, stays ? 'traumnovelle' : 'eyes wide shut');
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(stays ? /\[Traumnovelle\]/ : /\[Eyes\] \[Wide\] \[Shut\]/),
      ]);
    },
    MINUTES,
  );
});

/** A database of its own, and what to tell the example of it; the index has one name, so the stacks come one by one. */
async function enter({ database, engine }: Stack) {
  const { dataSource, drop } = await openDatabase(database, []);
  const { url } = dataSource.options as { url?: string };
  const server = reachable().engines.meilisearch;
  const environment: Record<string, string> = {
    ...(url && { DATABASE_URL: url }),
    ...(engine === 'meilisearch' &&
      server.there &&
      server.at && { SCRYPATH_MEILISEARCH_URL: server.at.url, SCRYPATH_MEILISEARCH_KEY: server.at.apiKey }),
  };
  const leave = async () => {
    await drop();
    if (engine === 'embedded') return;
    const backend = openEngine(engine);
    await backend.outcomes([await backend.indexes.drop(INDEX)], { waitMs: 30_000 });
    await backend.close?.();
  };
  return { environment, leave };
}

const withoutTimes = (text: string) => text.replace(/ +\d+ ms|\(\d+ ms\)/g, '');
