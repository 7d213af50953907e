import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { MOVIE_ENTITIES, Movie } from '../model/movie';
import { openDatabase } from '../stacks/stack';

describe('the parts of an instance', () => {
  it('lists the service of each entity with an index, the same that for() gives, and its DataSource', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', MOVIE_ENTITIES);
    const scrypath = new Scrypath({ dataSource, backend: embedded() });
    try {
      expect(scrypath.services().map(({ metadata }) => metadata.entity)).toEqual(['Movie']);
      expect(scrypath.services()[0]).toBe(scrypath.for(Movie));
      expect(scrypath.dataSource).toBe(dataSource);
      await scrypath.close();
      expect(() => scrypath.services()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
      expect(dataSource.isInitialized).toBe(true);
    } finally {
      await scrypath.close();
      await drop();
    }
  });
});
