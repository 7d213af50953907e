// What the blocks about NestJS leave out: entities, and the parts of an application.

import { Injectable, Module } from '@nestjs/common';
import { Filterable, Searchable, Sortable } from 'scrypath';
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';

@Entity()
export class Director {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
}

@Entity()
@Searchable<Movie>({ index: 'movies' })
export class Movie {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Sortable() @Column() year!: number;
  @Filterable({ facet: true }) @Column('simple-array') genres!: string[];
  @Searchable('name') @ManyToOne(() => Director) director!: Relation<Director>;
}

@Injectable()
export class MoviesService {
  add(_title: string): Promise<void> {
    return Promise.resolve();
  }
}

@Injectable()
export class Settings {
  readonly searchUrl = 'http://127.0.0.1:7700';
  readonly searchKey = '';
}

@Module({ providers: [Settings], exports: [Settings] })
export class SettingsModule {}

@Module({})
export class AppModule {}

@Module({})
export class SearchModule {}
