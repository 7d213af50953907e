import type { SearchDocument } from '../../../document/search-document.js';
import { rowsOf } from './table.js';

// Letters whose folding is an optional part of the reference engine are left out (dotless i, crossed d, the sigma that
// ends a word), as are scripts without spaces between words: what those find depends on how an engine was built.
const PLACES = `
key | name | local | country | continent | population | elevation | latitude | longitude | aliases | about
p01 | Zurich | Zürich | Switzerland | Europe | 421878 | 408 | 47.3769 | 8.5417 | Turicum, Zurigo | Lake, river and banks; the trains leave to the second.
p02 | Geneva | Genève | Switzerland | Europe | 203856 | 375 | 46.2044 | 6.1432 | Genf, Ginevra | A fountain higher than the cathedral stands in the lake.
p03 | Sao Paulo | São Paulo | Brazil | America | 12325232 | 760 | -23.5505 | -46.6333 | Sampa | Towers to the horizon and coffee in every street.
p04 | Brasilia | Brasília | Brazil | America | 3094325 | 1172 | -15.7939 | -47.8828 | | A capital drawn as an aeroplane on a dry plain.
p05 | Krakow | Kraków | Poland | Europe | 779115 | 219 | 50.0647 | 19.945 | Cracow, Krakau | A trumpet breaks off every hour above the market.
p06 | Gdansk | Gdańsk | Poland | Europe | 470907 | 0 | 54.352 | 18.6466 | Danzig | Cranes, amber and narrow houses by the Baltic.
p07 | Wroclaw | Wrocław | Poland | Europe | 642869 | 105 | 51.1079 | 17.0385 | Breslau | A hundred bridges and hundreds of small bronze dwarfs.
p08 | Aarhus | Århus | Denmark | Europe | 285273 | 0 | 56.1629 | 10.2039 | | A rainbow walk on the roof of the museum.
p09 | Copenhagen | København | Denmark | Europe | 644431 | 1 | 55.6761 | 12.5683 | Kopenhagen | Bicycles first, then boats, then everybody else.
p10 | Tromso | Tromsø | Norway | Europe | 77544 | 9 | 69.6492 | 18.9553 | Romsa | Northern lights over a white cathedral.
p11 | Malmo | Malmö | Sweden | Europe | 351749 | 12 | 55.605 | 13.0038 | | One twisted tower looks over the strait.
p12 | Gothenburg | Göteborg | Sweden | Europe | 587549 | 12 | 57.7089 | 11.9746 | | Trams, herring and a large harbour.
p13 | Reykjavik | Reykjavík | Iceland | Europe | 139875 | 15 | 64.1466 | -21.9426 | | Hot water from the ground and a church like a lava flow.
p14 | Quebec City | Ville de Québec | Canada | America | 549459 | 98 | 46.8139 | -71.208 | Kébec | Stone walls above the river, and French all around.
p15 | Montreal | Montréal | Canada | America | 1762949 | 233 | 45.5019 | -73.5674 | Ville-Marie | Bagels, jazz and a hill that gave it its name.
p16 | Malaga | Málaga | Spain | Europe | 578460 | 11 | 36.7213 | -4.4213 | Malaca | Picasso was born between the port and the castle.
p17 | A Coruna | A Coruña | Spain | Europe | 247376 | 22 | 43.3623 | -8.4115 | La Coruña, Corunna | A lighthouse of the Romans still burns.
p18 | Seville | Sevilla | Spain | Europe | 681998 | 7 | 37.3891 | -5.9845 | Hispalis | Orange trees in every court, and the hottest nights.
p19 | Ciudad Juarez | Ciudad Juárez | Mexico | America | 1512450 | 1137 | 31.6904 | -106.4245 | Paso del Norte | A bridge over the border river.
p20 | Mexico City | Ciudad de México | Mexico | America | 9209944 | 2240 | 19.4326 | -99.1332 | Tenochtitlan, CDMX | A lake was here, and the city sinks into it.
p21 | Orleans | Orléans | France | Europe | 116269 | 116 | 47.9029 | 1.9093 | | Joan came over this bridge.
p22 | New Orleans | La Nouvelle-Orléans | United States | America | 383997 | 2 | 29.9511 | -90.0715 | NOLA, Crescent City | Brass bands walk in front of the dead.
p23 | New York | New York | United States | America | 8804190 | 10 | 40.7128 | -74.006 | NYC, Big Apple, New Amsterdam | Yellow cabs, tall towers and bridges.
p24 | York | York | United Kingdom | Europe | 153717 | 17 | 53.96 | -1.0873 | Eboracum, Jórvík | Walls, a minster and a street called the Shambles.
p25 | Newcastle upon Tyne | Newcastle upon Tyne | United Kingdom | Europe | 300820 | 28 | 54.9783 | -1.6178 | | Seven bridges cross one river.
p26 | Stratford-upon-Avon | Stratford-upon-Avon | United Kingdom | Europe | 30495 | 47 | 52.1917 | -1.7083 | | A playwright was born here and came back rich.
p27 | St. Andrews | St Andrews | United Kingdom | Europe | 18410 | 10 | 56.3398 | -2.7967 | Cill Rìmhinn | Golf, a ruined cathedral and a very old school.
p28 | Saint Petersburg | Санкт-Петербург | Russia | Europe | 5601911 | 3 | 59.9311 | 30.3609 | Петроград, Leningrad | White nights and drawn bridges.
p29 | Moscow | Москва | Russia | Europe | 13010112 | 156 | 55.7558 | 37.6173 | | Rings around a red wall.
p30 | Kyiv | Київ | Ukraine | Europe | 2952301 | 179 | 50.4501 | 30.5234 | Kiev | Golden domes above the Dnipro.
p31 | Sofia | София | Bulgaria | Europe | 1307439 | 550 | 42.6977 | 23.3219 | Сердика, Serdica | A Roman town under the metro.
p32 | Athens | Αθήνα | Greece | Europe | 643452 | 70 | 37.9838 | 23.7275 | | A temple on a rock in a sea of white houses.
p33 | Thessaloniki | Θεσσαλονίκη | Greece | Europe | 317778 | 5 | 40.6401 | 22.9444 | Salonica | A white tower on the quay.
p34 | Heraklion | Ηράκλειο | Greece | Europe | 140730 | 33 | 35.3387 | 25.1442 | Candia | The bulls of a palace nearby.
p35 | Rome | Roma | Italy | Europe | 2748109 | 21 | 41.9028 | 12.4964 | Urbs | Seven hills, and all roads.
p36 | Naples | Napoli | Italy | Europe | 909048 | 17 | 40.8518 | 14.2681 | Neapolis | A volcano behind the washing.
p37 | L'Aquila | L'Aquila | Italy | Europe | 69349 | 714 | 42.3498 | 13.3995 | | Ninety-nine springs, ninety-nine churches.
p38 | Munich | München | Germany | Europe | 1512491 | 519 | 48.1351 | 11.582 | Minga | Beer gardens by a green river.
p39 | Cologne | Köln | Germany | Europe | 1084831 | 37 | 50.9375 | 6.9603 | Colonia | Two towers that took six hundred years.
p40 | Giessen | Gießen | Germany | Europe | 93000 | 159 | 50.584 | 8.6784 | | A professor of chemistry made it known.
p41 | Duesseldorf | Düsseldorf | Germany | Europe | 629047 | 38 | 51.2277 | 6.7735 | | The longest bar, they say, is the old town.
p42 | Vienna | Wien | Austria | Europe | 1982097 | 151 | 48.2082 | 16.3738 | Vindobona, Bécs | Coffee, cake and a great wheel.
p43 | Budapest | Budapest | Hungary | Europe | 1752286 | 96 | 47.4979 | 19.0402 | | Two towns and eight bridges.
p44 | Szekesfehervar | Székesfehérvár | Hungary | Europe | 95045 | 118 | 47.186 | 18.4221 | Alba Regia | Kings were crowned and buried here.
p45 | Bucharest | București | Romania | Europe | 1716961 | 70 | 44.4268 | 26.1025 | | One palace heavier than any other.
p46 | Prague | Praha | Czechia | Europe | 1357326 | 177 | 50.0755 | 14.4378 | Prag | A clock with apostles, a bridge with saints.
p47 | Ceske Budejovice | České Budějovice | Czechia | Europe | 96417 | 381 | 48.9757 | 14.4803 | Budweis | Beer with a disputed name.
p48 | Lhasa | Lhasa | China | Asia | 867891 | 3656 | 29.652 | 91.1721 | | A palace of a thousand rooms in thin air.
p49 | La Paz | La Paz | Bolivia | America | 755732 | 3640 | -16.4897 | -68.1193 | Chuquiago | Cable cars in place of a metro.
p50 | Baku | Baku | Azerbaijan | Asia | 2303100 | -28 | 40.4093 | 49.8671 | | The lowest capital, with wind and flames.
p51 | Jericho | Jericho | Palestine | Asia | 20907 | -258 | 31.8611 | 35.4618 | Tell es-Sultan | Walls that fell, the oldest town of all.
p52 | Nairobi | Nairobi | Kenya | Africa | 4397073 | 1795 | -1.2921 | 36.8219 | | Giraffes in front of towers.
p53 | Abidjan | Abidjan | Côte d'Ivoire | Africa | 5616633 | 18 | 5.36 | -4.0083 | | Lagoons, bridges and towers.
p54 | Wellington | Te Whanganui-a-Tara | New Zealand | Oceania | 212700 | 12 | -41.2866 | 174.7756 | | The wind takes every umbrella.
p55 | Auckland | Tāmaki Makaurau | New Zealand | Oceania | 1440300 | 26 | -36.8509 | 174.7645 | | Fifty volcanoes and two harbours.
p56 | Atlantis | - | - | - | - | - | | | | Nobody found it.
p57 | Ys | Kêr-Is | | | 0 | -10 | | | | Drowned off Brittany.
p58 | Aeroskobing | Ærøskøbing | Denmark | Europe | 938 | 3 | 54.8906 | 10.4108 | | Crooked doors and old ships in bottles.
p59 | Oeuvre-sur-Mer | Œuvre-sur-Mer | France | Europe | 812 | 4 | 49.3 | -0.9 | | A harbour of fishing boats and one painter.
p60 | Santiago | Santiago | Chile | America | 6269384 | 570 | -33.4489 | -70.6693 | | Snow above the smog.
`;

/** Names of places in several alphabets, with their coordinates in an object of their own. */
export const PLACE_DOCUMENTS: readonly SearchDocument[] = rowsOf(PLACES).map((row) => ({
  key: row.text('key'),
  source: 'custom',
  data: {
    name: row.text('name'),
    ...row.optional('local', String),
    ...row.optional('country', String),
    ...row.optional('continent', String),
    ...row.optional('population', Number),
    ...row.optional('elevation', Number),
    at: { ...row.optional('latitude', Number), ...row.optional('longitude', Number) },
    aliases: row.list('aliases'),
    about: row.text('about'),
  },
}));
