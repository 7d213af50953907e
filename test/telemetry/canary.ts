import { Filterable, Searchable } from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { reachable } from '../stacks/reachable';

/** Values that stand for those of an application's users. No message, span or metric may hold one. */
export const CANARIES = {
  key: 'canarykey',
  title: 'canarytitle',
  query: 'canaryquery',
  filter: 'canaryfilter',
} as const;

/** What is wrong with the title of a note, for the application's own code. */
export const POISON = `poison ${CANARIES.title}`;

@Entity()
@Searchable<CanaryNote>({
  index: 'canary_notes',
  when: ({ title }) => {
    if (title === POISON) throw new Error(`It cannot be projected: ${title}`);
    return true;
  },
})
export class CanaryNote {
  @PrimaryColumn() id!: string;
  @Searchable() @Column() title!: string;
  @Filterable() @Column({ default: CANARIES.filter }) kind!: string;
}

let made = 0;
export const aNote = (title: string = CANARIES.title): { id: string; title: string; kind: string } => {
  made += 1;
  return { id: `${CANARIES.key}-${made}`, title, kind: CANARIES.filter };
};

/** What of the canaries, and of the engine's own key, a text holds. */
export function canariesIn(text: string): readonly string[] {
  const { meilisearch } = reachable().engines;
  const apiKey = meilisearch.there ? (meilisearch.at?.apiKey ?? '') : '';
  const searched = text.toLowerCase();
  return [...Object.values(CANARIES), apiKey].filter((one) => one !== '' && searched.includes(one.toLowerCase()));
}
