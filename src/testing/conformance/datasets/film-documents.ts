import type { SearchDocument } from '../../../document/search-document.js';
import { rowsOf } from './table.js';

const FILMS = `
key | title | released | director | country | genres | minutes | rating | colour | prizes | overview
f01 | Alien | 1979-05-25 | Ridley Scott | GB | Horror, Science Fiction | 117 | 8.5 | yes | Oscar 1980, Saturn 1979 | The crew of a towing ship answers a signal from a silent planet and brings something hungry aboard.
f02 | Aliens | 1986-07-18 | James Cameron | CA | Action, Science Fiction | 137 | 8.4 | yes | Oscar 1987, Saturn 1987 | Marines fly back to the silent planet, and a mother fights a mother.
f03 | Blade Runner | 1982-06-25 | Ridley Scott | GB | Science Fiction, Thriller | 117 | 8.1 | yes | | A tired detective hunts artificial people through the rain of a future city.
f04 | Blade Runner 2049 | 2017-10-06 | Denis Villeneuve | CA | Science Fiction, Drama | 164 | 8 | yes | Oscar 2018 | A younger detective finds a secret buried under a dead tree.
f05 | 2001: A Space Odyssey | 1968-04-03 | Stanley Kubrick | US | Science Fiction | 149 | 8.3 | yes | Oscar 1969 | From the bone to the space ship: a black stone, a calm computer, and a voyage beyond Jupiter.
f06 | Dr. Strangelove | 1964-01-29 | Stanley Kubrick | US | Comedy, War | 95 | 8.4 | no | | A mad general starts a nuclear war and nobody finds the code to call it back.
f07 | The Shining | 1980-05-23 | Stanley Kubrick | US | Horror | 146 | 8.4 | yes | | A writer keeps an empty hotel through the winter, and the hotel keeps him.
f08 | Jaws | 1975-06-20 | Steven Spielberg | US | Thriller, Adventure | 124 | 8.1 | yes | Oscar 1976 | A shark, a small town by the sea, and a boat that is not big enough.
f09 | E.T. the Extra-Terrestrial | 1982-06-11 | Steven Spielberg | US | Family, Science Fiction | 115 | 7.9 | yes | Oscar 1983 | A lonely boy hides a visitor from space who wants to phone home.
f10 | Schindler's List | 1993-12-15 | Steven Spielberg | US | Drama, History, War | 195 | 9 | no | Oscar 1994, Bafta 1994 | A factory owner spends his fortune on a list of names, and every name is a life.
f11 | Jurassic Park | 1993-06-11 | Steven Spielberg | US | Adventure, Science Fiction | 127 | 8.2 | yes | Oscar 1994 | An island park shows living dinosaurs until the fences lose their power.
f12 | Star Wars | 1977-05-25 | George Lucas | US | Adventure, Science Fiction | 121 | 8.6 | yes | Oscar 1978 | A farm boy, a smuggler and a princess fight an empire among the stars.
f13 | The Empire Strikes Back | 1980-05-21 | Irvin Kershner | US | Adventure, Science Fiction | 124 | 8.7 | yes | Oscar 1981 | The rebels flee over ice and clouds, and a son learns whose son he is.
f14 | Solaris | 1972-05-13 | Andrei Tarkovsky | RU | Drama, Science Fiction | 167 | 8 | yes | | On a station above a thinking ocean the dead return to those who loved them.
f15 | Stalker | 1979-05-25 | Andrei Tarkovsky | RU | Drama, Science Fiction | 162 | 8.1 | yes | | A guide leads a writer and a professor through a forbidden zone to a room that grants wishes.
f16 | Metropolis | 1927-03-13 | Fritz Lang | AT | Drama, Science Fiction | 153 | 8.3 | no | | Below the shining towers the workers serve the machines, until a robot preaches revolt.
f17 | M | 1931-05-11 | Fritz Lang | AT | Crime, Thriller | 117 | 8.3 | no | | A city of police and thieves hunts one murderer who whistles.
f18 | Das Boot | 1981-09-17 | Wolfgang Petersen | DE | Drama, War | 149 | 8.4 | yes | | The crew of a German submarine waits under the sea for the bombs to stop.
f19 | Amélie | 2001-04-25 | Jean-Pierre Jeunet | FR | Comedy, Romance | 122 | 8.3 | yes | Bafta 2002 | A shy waitress in Montmartre repairs the lives of others before her own.
f20 | Léon | 1994-09-14 | Luc Besson | FR | Crime, Drama | 110 | 8.5 | yes | | A hired killer who drinks milk takes in the girl next door.
f21 | Les Misérables | 2012-12-25 | Tom Hooper | GB | Drama, Musical | 158 | 7.5 | yes | Oscar 2013 | A thief becomes a good man, and a policeman never stops following him.
f22 | 8½ | 1963-02-14 | Federico Fellini | IT | Drama, Fantasy | 138 | 8 | no | Oscar 1964 | A director who has no film left in him dreams of everyone he ever loved.
f23 | 12 Angry Men | 1957-04-10 | Sidney Lumet | US | Crime, Drama | 96 | 9 | no | | One juror doubts, and eleven men must look again at a boy's life.
f24 | 1917 | 2019-12-25 | Sam Mendes | GB | Drama, War | 119 | 8.2 | yes | Oscar 2020, Bafta 2020 | Two soldiers carry one message across a field full of enemies.
f25 | 300 | 2007-03-09 | Zack Snyder | US | Action, War | 117 | 7.6 | yes | | Three hundred men hold a narrow pass against an empire.
f26 | Se7en | 1995-09-22 | David Fincher | US | Crime, Thriller | 127 | 8.6 | yes | | Two detectives, seven sins, and rain in every street of the city.
f27 | Fight Club | 1999-10-15 | David Fincher | US | Drama | 139 | 8.8 | yes | | A man who cannot sleep starts a club that nobody may talk about.
f28 | Spider-Man: Into the Spider-Verse | 2018-12-14 | Bob Persichetti | US | Action, Animation | 117 | 8.4 | yes | Oscar 2019, Bafta 2019 | A schoolboy from Brooklyn meets every other spider there ever was.
f29 | X-Men | 2000-07-14 | Bryan Singer | US | Action, Science Fiction | 104 | 7.3 | yes | Saturn 2001 | Two schools of mutants disagree about what they owe to people.
f30 | WALL·E | 2008-06-27 | Andrew Stanton | US | Animation, Science Fiction | 98 | 8.4 | yes | Oscar 2009, Bafta 2009 | A little robot alone on a littered planet falls in love and follows her ship.
f31 | Romeo + Juliet | 1996-11-01 | Baz Luhrmann | AU | Drama, Romance | 120 | 6.7 | yes | Bafta 1998 | Two houses, both with guns, and two children who fall in love.
f32 | Singin' in the Rain | 1952-04-11 | Gene Kelly | US | Comedy, Musical, Romance | 103 | 8.3 | yes | | The pictures learn to talk, and one star should not have.
f33 | It's a Wonderful Life | 1946-12-20 | Frank Capra | IT | Drama, Family | 130 | 8.6 | no | | An angel shows a tired man the town as it would be without him.
f34 | Mr. Smith Goes to Washington | 1939-10-19 | Frank Capra | IT | Comedy, Drama | 129 | 8.1 | no | Oscar 1940 | An honest man talks in the senate until he falls.
f35 | The Man from U.N.C.L.E. | 2015-08-14 | Guy Ritchie | GB | Action, Comedy | 116 | 7.2 | yes | | Two spies from two sides must share a hotel room and a bomb.
f36 | Ocean's Eleven | 2001-12-07 | Steven Soderbergh | US | Crime, Thriller | 116 | 7.7 | yes | | Eleven thieves plan to empty three casinos in one night.
f37 | Heat | 1995-12-15 | Michael Mann | US | Crime, Drama | 170 | 8.3 | yes | | A thief and a detective drink coffee before one must kill the other.
f38 | Up | 2009-05-29 | Pete Docter | US | Adventure, Animation | 96 | 8.3 | yes | Oscar 2010, Bafta 2010 | An old man ties his house to balloons and takes a boy along by mistake.
f39 | Inside Out | 2015-06-19 | Pete Docter | US | Animation, Family | 95 | 8.1 | yes | Oscar 2016 | Five feelings steer a girl through the move to a new city.
f40 | Ran | 1985-06-01 | Akira Kurosawa | JP | Drama, War | 162 | 8.2 | yes | Oscar 1986 | An old lord divides his land among his sons and loses all of it.
f41 | Ikiru | 1952-10-09 | Akira Kurosawa | JP | Drama | 143 | 8.3 | no | | A clerk who is about to die builds a playground.
f42 | Seven Samurai | 1954-04-26 | Akira Kurosawa | JP | Action, Drama | 207 | 8.6 | no | | Seven swordsmen without masters defend a village for rice.
f43 | Rashomon | 1950-08-25 | Akira Kurosawa | JP | Crime, Drama | 88 | 8.2 | no | | Four people tell of one crime, and no two stories agree.
f44 | Spirited Away | 2001-07-20 | Hayao Miyazaki | JP | Animation, Fantasy, Family | 125 | 8.6 | yes | Oscar 2003 | A girl works in a bath house of spirits to win her parents back.
f45 | My Neighbour Totoro | 1988-04-16 | Hayao Miyazaki | JP | Animation, Family | 86 | 8.1 | yes | | Two sisters find a huge gentle creature in the camphor tree.
f46 | Princess Mononoke | 1997-07-12 | Hayao Miyazaki | JP | Animation, Fantasy | 134 | 8.3 | yes | | A cursed prince stands between an iron town and the gods of the forest.
f47 | The Night of the Hunter | 1955-07-26 | Charles Laughton | GB | Crime, Thriller | 92 | 8 | no | | A preacher with two tattooed hands hunts two children down the river at night.
f48 | Night of the Living Dead | 1968-10-01 | George A. Romero | US | Horror | 96 | 7.8 | no | | Strangers in a farm house wait for the morning while the dead walk outside.
f49 | Before Sunrise | 1995-01-27 | Richard Linklater | US | Drama, Romance | 101 | 8.1 | yes | | Two travellers leave a train and talk through one night in Vienna.
f50 | In the Mood for Love | 2000-09-29 | Wong Kar-wai | HK | Drama, Romance | 98 | 8.1 | yes | | Two neighbours find out what their husband and wife do together.
f51 | The Third Man | 1949-08-31 | Carol Reed | GB | Mystery, Thriller | 93 | 8.1 | no | Oscar 1951 | A writer of cheap novels looks for a dead friend in the ruins of Vienna.
f52 | Murder on the Orient Express | 1974-11-22 | Sidney Lumet | US | Crime, Mystery | 128 | 7.2 | yes | Oscar 1975 | A famous detective, a train in the snow, and twelve passengers with one motive.
f53 | Strangers on a Train | 1951-06-27 | Alfred Hitchcock | GB | Crime, Thriller | 101 | 7.9 | no | | Two men on a train exchange their murders, and only one was joking.
f54 | North by Northwest | 1959-07-17 | Alfred Hitchcock | GB | Adventure, Thriller | 136 | 8.3 | yes | | An advertising man is taken for a spy and runs across half a country.
f55 | Rear Window | 1954-09-01 | Alfred Hitchcock | GB | Mystery, Thriller | 112 | 8.5 | yes | | A photographer with a broken leg watches the windows across the yard.
f56 | Vertigo | 1958-05-09 | Alfred Hitchcock | GB | Mystery, Romance, Thriller | 128 | 8.3 | yes | | A detective afraid of heights follows a woman who is somebody else.
f57 | The Birds | 1963-03-28 | Alfred Hitchcock | GB | Horror | 119 | 7.6 | yes | | Birds gather over a small town by the sea, and nobody says why.
f58 | Snowpiercer | 2013-08-01 | Bong Joon-ho | KR | Action, Science Fiction | 126 | 7.1 | yes | | After the frost all that is left of the people rides one endless train.
f59 | Parasite | 2019-05-30 | Bong Joon-ho | KR | Comedy, Thriller | 132 | 8.5 | yes | Oscar 2020, Bafta 2020 | A poor family takes one job after another in a rich house on a hill.
f60 | The King's Speech | 2010-12-24 | Tom Hooper | GB | Drama, History | 118 | 8 | yes | Oscar 2011, Bafta 2011 | A king who stammers must speak to his people on the eve of war.
f61 | The Lion King | 1994-06-24 | Roger Allers | US | Animation, Family, Musical | 88 | 8.5 | yes | Oscar 1995 | A young lion flees from his uncle and comes back as king.
f62 | King Kong | 1933-04-07 | Merian C. Cooper | US | Adventure, Horror | 100 | 7.9 | no | | A giant ape is carried from his island to the tallest tower of New York.
f63 | The Return of the King | 2003-12-17 | Peter Jackson | NZ | Adventure, Fantasy | 201 | 9 | yes | Oscar 2004, Bafta 2004, Saturn 2004 | Two small people carry a ring to the fire while armies fight before a white city.
f64 | Airplane! | 1980-07-02 | Jim Abrahams | US | Comedy | 88 | 7.7 | yes | | Everyone who ate the fish is ill, the pilots too, and nobody may be called Shirley.
f65 | Fast & Furious | 2009-04-03 | Justin Lin | US | Action, Crime | 107 | 6.5 | yes | | Fast cars, furious drivers, and one more job at the border.
f66 | #Alive | 2020-06-24 | Il Cho | KR | Horror | 98 | 6.3 | yes | | A gamer alone in his flat watches the dead fill the street below.
f67 | What We Do in the Shadows | 2014-06-19 | Taika Waititi | NZ | Comedy, Horror | 86 | 7.6 | yes | | Four vampires share a house and cannot agree on the washing-up.
f68 | Life of Brian | 1979-08-17 | Terry Jones | GB | Comedy | 94 | 8 | yes | | A man born in the next stable is taken for somebody more important.
f69 | A Matter of Life and Death | 1946-12-15 | Michael Powell | GB | Fantasy, Romance, War | 104 | 8 | yes | | A pilot who should have died argues for his life before a court in heaven.
f70 | Life | 2017-03-24 | Daniel Espinosa | SE | Horror, Science Fiction | 104 | 6.6 | yes | | Six scientists on a space station wake a cell that should have slept.
f71 | Gravity | 2013-10-04 | Alfonso Cuarón | MX | Science Fiction, Thriller | 91 | 7.7 | yes | Oscar 2014, Bafta 2014 | A doctor drifts above the earth after her ship is torn to pieces.
f72 | Interstellar | 2014-11-07 | Christopher Nolan | GB | Drama, Science Fiction | 169 | 8.7 | yes | Oscar 2015, Bafta 2015 | A farmer leaves his daughter to look for a planet where people can live.
f73 | Memento | 2000-10-11 | Christopher Nolan | GB | Mystery, Thriller | 113 | 8.4 | yes | | A man who forgets everything hunts a murderer with notes on his skin.
f74 | Dune | 2021-10-22 | Denis Villeneuve | CA | Adventure, Science Fiction | 155 | 8 | yes | Oscar 2022, Bafta 2022 | A young duke is betrayed on a desert planet where worms guard the spice.
f75 | Arrival | 2016-11-11 | Denis Villeneuve | CA | Drama, Science Fiction | 116 | 7.9 | yes | Oscar 2017, Saturn 2017 | A linguist learns the writing of visitors, and with it the order of time.
f76 | Moon | 2009-06-12 | Duncan Jones | GB | Drama, Science Fiction | 97 | 7.8 | yes | Bafta 2010 | The only man on a lunar mine finds that he is not the only one of himself.
f77 | The Colour of Pomegranates | 1969-08-29 | Sergei Parajanov | | Drama | 79 | | yes | | The life of a poet in pictures that hardly move.
f78 | Man with a Movie Camera | 1929-01-08 | Dziga Vertov | RU | Documentary | 68 | 8.3 | no | | A city from dawn to night, and the man who films it.
f79 | Untitled Fragment | - | - | - | | | - | no | | Four minutes of a lost film, found in a barn without a name.
f80 | Home Movie | | | | | 7 | | | |
`;

const dayOf = (text: string): number => Date.parse(`${text}T00:00:00Z`);

const prizeOf = (text: string): { readonly name: string; readonly year: number } => {
  const [name = '', year] = text.split(' ');
  return { name, year: Number(year) };
};

/** Eighty films told in a line each: text, dates, nested objects, lists, lists of objects, nulls and gaps. */
export const FILM_DOCUMENTS: readonly SearchDocument[] = rowsOf(FILMS).map((row) => ({
  key: row.text('key'),
  source: 'fields',
  data: {
    title: row.text('title'),
    ...row.optional('overview', String),
    ...row.optional('released', dayOf),
    director: { ...named('name', row.optional('director', String)), ...row.optional('country', String) },
    genres: row.list('genres'),
    ...row.optional('minutes', Number),
    ...row.optional('rating', Number),
    ...row.optional('colour', (text) => text === 'yes'),
    prizes: row.list('prizes').map(prizeOf),
  },
}));

function named<V>(name: string, member: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.values(member).map((value) => [name, value]));
}
