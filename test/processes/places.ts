import { Searchable, SearchDocument } from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Its document says where it is; an engine refuses the whole batch for one that is nowhere. */
@Entity()
@Searchable({ index: 'places' })
export class Place {
  @PrimaryColumn() id!: number;
  @Column() name!: string;
  @Column() latitude!: string;

  @SearchDocument({ fields: { name: { searchable: true }, _geo: { filterable: true } } })
  document() {
    return { name: this.name, _geo: { lat: this.latitude, lng: '7.5' } };
  }
}

export const PLACES = 1_000;
/** Documents that no engine takes, far from each other. */
export const POISON = [17, 512, 998];

export const allPlaces = (): Place[] =>
  Array.from({ length: PLACES }, (_, at) =>
    Object.assign(new Place(), {
      id: at + 1,
      name: `Place ${at + 1}`,
      latitude: POISON.includes(at + 1) ? 'nowhere' : '47.5',
    }),
  );
