import type { SearchDocument } from '../../../document/search-document.js';
import type { Dataset } from '../dataset.js';
import { casesOf } from '../search-case.js';
import { rowsOf } from './table.js';

// Every paragraph has words of its own, and its documents differ in one thing only. They stand in a mixed order, so
// that an engine which leaves a rule out cannot answer rightly by the order of writing.
const RANKED = `
key | title | body | year
w1 | | a harbour with cranes | 1
w3 | | a harbour with a lantern and a compass | 2
w2 | | a lantern in the harbour | 3
w0 | | a compass and nothing else | 4
t2 | | the marvlous garden | 1
t0 | | the marvellous garden | 2
t1 | | the marvelous garden | 3
t3 | | the mervelus garden | 4
p3 | | velvet one two three curtain | 1
p0 | | velvet curtain | 2
p8 | | velvet one two three four five six seven eight nine curtain | 3
p1 | | velvet one curtain | 4
pr | | curtain velvet | 5
p2 | | velvet one two curtain | 6
ps | | the velvet. Then a curtain | 7
pf | velvet | curtain | 8
pq | | velvet one two three four five six curtain | 9
ab | | pepper is in the body only | 1
at | pepper is in the title | | 2
a2 | pepper in both | pepper | 3
al | the title has far more words before it comes to pepper | | 4
o9 | | zero one two three four five six seven eight cinnamon | 1
o0 | | cinnamon comes first | 2
o3 | | zero one two cinnamon | 3
of | | ${'word '.repeat(60)}cinnamon | 4
x1 | | brightest | 1
x0 | | bright | 2
x2 | | brighten up | 3
x3 | | a bright morning | 4
e2 | the silver river runs | | 1
e0 | silver river | | 2
e1 | silver river runs | | 3
e3 | a silver river | | 4
e4 | silver rivers | | 5
s1 | | clouds over water | 30
s2 | | clouds over water | 10
s3 | | clouds over water | 20
s4 | clouds | over water | 40
d2 | | The pelican sleeps; another pelican wakes; a third pelican fishes. | 2
d1 | | The pelican sleeps. | 1
m2 | amber | a necklace with a clasp | 1
m1 | | an amber necklace without one | 2
m3 | | a necklace of glass, and amber in the drawer, and a clasp | 3
n1 | walnut walnut walnut | | 1
n2 | walnut | | 2
g1 | | sunflower field | 1
g2 | | sun flower field | 2
g3 | | sunflowers in a field | 3
g4 | | sun and flower | 4
v1 | | orchestra | 1
v2 | | orchestras | 2
v3 | | orchestral | 3
v4 | | orchestra orchestra orchestra | 4
v5 | | orchard | 5
`;

const DOCUMENTS: readonly SearchDocument[] = rowsOf(RANKED).map((row) => ({
  key: row.text('key'),
  source: 'fields',
  data: { title: row.text('title'), body: row.text('body'), year: Number(row.text('year')) },
}));

const byYear = (direction: 'asc' | 'desc') => [{ field: 'year', direction }];

const RULES = casesOf('rank rules', {
  'more words first': { text: 'harbour lantern compass' },
  'more words first, all of them needed': { text: 'harbour lantern compass', matching: 'all' },
  'fewer typos first': { text: 'marvellous' },
  'fewer typos first, with a second word': { text: 'marvellous garden' },
  'nearer words first': { text: 'velvet curtain' },
  'nearer words first, the other way round': { text: 'curtain velvet' },
  'the field with the higher rank first': { text: 'pepper' },
  'the earlier place first': { text: 'cinnamon' },
  'the whole word before a prefix': { text: 'bright' },
  'the whole field first': { text: 'silver river' },
  'the start of a field before the middle': { text: 'silver river runs' },
  'a sort after the field': { text: 'clouds', sort: byYear('asc') },
  'a sort downwards': { text: 'clouds water', sort: byYear('desc') },
  'how often a word stands there counts for nothing': { text: 'pelican' },
  'how often a word fills a field': { text: 'walnut' },
  'several rules together': { text: 'amber necklace clasp' },
  'one word, joined or split': { text: 'sunflower' },
  'two words, split or joined': { text: 'sun flower' },
  'a word, its plural and its typos': { text: 'orchestra' },
  'a typo of a word and of its plural': { text: 'orchetsra' },
  'a prefix of different words': { text: 'orch' },
  'two words, one by its prefix': { text: 'velvet curt' },
  'two words, one with a typo': { text: 'velvte curtain' },
  'two words in the opposite order with a typo': { text: 'curtian velvet' },
  'words that are dropped, then near words': { text: 'velvet curtain nowhere' },
  frequency: { text: 'garden harbour lantern', matching: 'frequency' },
  'a sort without text': { sort: byYear('desc') },
});

const shared = {
  searchableAttributes: ['title', 'body'],
  sortableAttributes: ['year'],
  filterableAttributes: ['year'],
};

export const ranking: Dataset = { name: 'ranking', documents: DOCUMENTS, settings: shared, cases: RULES };

export const rankingBodyFirst: Dataset = {
  name: 'ranking-body-first',
  documents: DOCUMENTS,
  settings: { ...shared, searchableAttributes: ['body', 'title'] },
  cases: casesOf('order of fields', {
    'the body above the title': { text: 'pepper' },
    'near words in different fields': { text: 'velvet curtain' },
    'several rules together': { text: 'amber necklace clasp' },
    'a sort after the field': { text: 'clouds', sort: byYear('asc') },
  }),
};

export const rankingSortFirst: Dataset = {
  name: 'ranking-sort-first',
  documents: DOCUMENTS,
  settings: {
    ...shared,
    rankingRules: ['sort', 'words', 'typo', 'proximity', 'attribute', 'exactness'],
  },
  cases: casesOf('sort as the first rule', {
    'the sort before the words': { text: 'harbour lantern compass', sort: byYear('asc') },
    'the sort before typos': { text: 'marvellous', sort: byYear('desc') },
    'ties go to the next rule': { text: 'silver river', sort: byYear('desc') },
    'no sort asked for': { text: 'velvet curtain' },
    'the rule "attribute" in place of its two halves': { text: 'pepper' },
    'the rule "attribute" and an early place': { text: 'cinnamon' },
  }),
};

export const rankingByRule: Dataset = {
  name: 'ranking-by-rule',
  documents: DOCUMENTS,
  settings: { ...shared, rankingRules: ['year:desc', 'words', 'sort', 'exactness'] },
  cases: casesOf('a rule of one’s own', {
    'orders without text': { page: { number: 1, size: 12 } },
    'orders before the words': { text: 'harbour lantern compass' },
    'is above a sort that is asked for': { text: 'velvet curtain', sort: byYear('asc') },
    'exactness without the others': { text: 'bright' },
  }),
};

export const rankingFewRules: Dataset = {
  name: 'ranking-few-rules',
  documents: DOCUMENTS,
  settings: { ...shared, rankingRules: ['typo', 'words'] },
  cases: casesOf('few rules', {
    'typos before words': { text: 'marvellous garden' },
    'no proximity': { text: 'velvet curtain' },
    'no field': { text: 'pepper' },
    'a sort is refused where no rule uses it': { text: 'pepper', sort: byYear('asc') },
  }),
};
