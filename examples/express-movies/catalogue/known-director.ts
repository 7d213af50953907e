import type { Repository } from 'typeorm';
import type { Director } from './director.js';
import { type FilmInput, InvalidInput } from './film-input.js';

/** @throws InvalidInput where the director of a film does not exist: of a foreign key only the database would say so */
export async function requireDirector(directors: Repository<Director>, { director }: FilmInput): Promise<void> {
  if (director && !(await directors.existsBy({ id: director.id })))
    throw new InvalidInput(`there is no director ${director.id}`);
}
