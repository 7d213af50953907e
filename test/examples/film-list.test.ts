import { type Film, readFilmList } from '../../examples/movies/film-list';

describe('the list of films', () => {
  const { films, untitled } = readFilmList();
  const film = (title: string): Film => {
    const found = films.find((candidate) => candidate.title === title);
    if (found === undefined) throw new Error(`The list has no ${title}.`);
    return found;
  };

  it('has every film of the file but the one without a title, each with a key of its own', () => {
    expect([films.length, untitled]).toEqual([3200, 1]);
    expect(new Set(films.map(({ place }) => place)).size).toBe(3200);
  });

  it('has titles as text, where the file has numbers', () => {
    expect(film('1776').place).toBeGreaterThan(0);
    expect(films.every(({ title }) => typeof title === 'string')).toBe(true);
  });

  it('has the letters that were read with the wrong character set', () => {
    expect(film('Léon').director).toBe('Luc Besson');
    expect(film('Per qualche dollaro in più').director).toBe('Sergio Leone');
    expect(film("I Love You … Don't Touch Me!").distributor).toBe('MGM');
    expect(film('Obsluhoval jsem anglického krále').distributor).toBe('Sony Pictures Classics');
    expect(film('Alien³').director).toBe('David Fincher');
  });

  it('has days that were, in the right century', () => {
    expect(film('Gone with the Wind').released).toBe('1939-12-15');
    expect(film('The Godfather').released).toBe('1972-03-15');
    const days = films.map(({ released }) => released);
    expect(days.filter((day) => new Date(day).toISOString().slice(0, 10) !== day)).toEqual([]);
    expect(days.filter((day) => day < '1915' || day > '2012')).toEqual([]);
  });

  it('has null for what the file does not know, whatever stands for it there', () => {
    expect(film('12 Angry Men').gross).toBeNull();
    expect(film('Avatar').gross).toBe(2767891499n);
    expect(film('The Land Girls')).toMatchObject({ director: null, genre: null });
    expect(films.some(({ distributor }) => distributor === 'Distributor Unknown')).toBe(false);
  });
});
