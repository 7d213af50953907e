import type { Hit, SearchResult } from '../../index.js';
import { CliError } from '../cli-error.js';
import { defineCommand, given } from '../command.js';
import { type Cell, facts, line, type Part, plural, table } from '../parts.js';

interface Options {
  readonly filter?: unknown;
  readonly sort?: readonly string[];
  readonly facets?: readonly string[];
  readonly page?: number;
  readonly size?: number;
  readonly index?: string;
  readonly prefix?: string;
}

type Result = SearchResult<object, unknown, string, false>;

export const search = defineCommand<Options>({
  name: 'search',
  summary: 'search the index of an entity',
  does: 'Searches as the program does, and reads no row. An empty text finds everything.',
  entity: 'required',
  args: [{ name: 'text', required: true, about: 'what to search for; several words as one argument' }],
  options: [
    { flags: '--filter <json>', about: 'a filter, as in the program: \'{"year":{"gte":1970}}\'', reads: 'json' },
    { flags: '--sort <field:order,…>', about: 'year:desc; several with commas between', reads: 'list' },
    { flags: '--facets <field,…>', about: 'count the values of these fields', reads: 'list' },
    { flags: '--page <n>', about: 'number of the page, from 1', reads: 'number' },
    { flags: '--size <n>', about: 'hits of a page; default 20', reads: 'number' },
    { flags: '--index <name>', about: 'another index than that of the entity, without prefix' },
    { flags: '--prefix <text>', about: 'another prefix than that of the entity' },
  ],
  json: '`SearchResult`',
  example: 'search Movie "space odyssey" --size 5',
  run: async ({ service, args, options, signal }) => {
    const { filter, sort, facets, page, size, index, prefix } = options;
    const asked = given({
      filter,
      sort: sort && sortOf(sort),
      facets,
      page: page === undefined && size === undefined ? undefined : given({ number: page, size }),
      ...{ index, prefix, signal },
    });
    // The fields are names of a shell, which the search checks itself.
    const value = (await service().search(args.text!, asked as never)) as unknown as Result;
    return { value, parts: partsOf(value) };
  },
});

const sortOf = (given: readonly string[]): readonly Record<string, string>[] =>
  given.map((one) => {
    const [, field, order = 'asc'] = /^(.+?)(?::(asc|desc))?$/.exec(one)!;
    if (/:/.test(field!))
      throw new CliError({
        code: 'USAGE',
        happened: `${JSON.stringify(one.slice(0, 80))} is no order.`,
        remedy: 'Give a field and asc or desc: --sort year:desc.',
      });
    return { [field!]: order };
  });

/** Fields and letters that a line has room for; `--json` has all. */
const FIELDS = 6;
const LETTERS = 40;

function partsOf({ hits, page, facets }: Result): readonly Part[] {
  const found = page.totalHits ?? page.estimatedTotalHits;
  const shown = hits as readonly Hit<Record<string, unknown>>[];
  const fields = [...new Set(shown.flatMap((hit) => Object.keys(hit)))].filter((name) => !name.startsWith('_'));
  const columns = fields.slice(0, FIELDS);
  return [
    line(
      `${found === undefined ? plural(hits.length, 'hit') : `${page.totalHits === undefined ? 'about ' : ''}${plural(found, 'hit')}`}, page ${page.number}`,
    ),
    ...(shown.length > 0
      ? [
          table(
            ['Key', ...columns],
            shown.map((hit) => [hit._key, ...columns.map((name) => cellOf(hit[name]))]),
          ),
        ]
      : []),
    ...(Object.keys(facets).length > 0
      ? [
          facts(
            ...Object.entries(facets).map(
              ([field, counts]) =>
                [
                  field,
                  Object.entries(counts)
                    .map(([value, count]) => `${value} ${count}`)
                    .join(', ') || '-',
                ] as const,
            ),
          ),
        ]
      : []),
  ];
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return '-';
  // Numbers of documents are ids and years as often as amounts.
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;
}
