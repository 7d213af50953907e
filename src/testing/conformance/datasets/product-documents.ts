import type { SearchDocument } from '../../../document/search-document.js';
import { rowsOf } from './table.js';

const PRODUCTS = `
key | name | model | brand | price | stock | tags | sku | about
a01 | Copper kettle | kettle | Hearth & Sons | 49.9 | 12 | kitchen, tea | HS-100 | A kettle for the stove that whistles.
a02 | Copper kettle, large | kettle | Hearth & Sons | 64.5 | 3 | kitchen, tea | HS-100-L | The same kettle for a family of tea drinkers.
a03 | Steel kettle | kettle | Hearth & Sons | 39 | 0 | kitchen, tea | HS-101 | Light, plain and quick to boil.
a04 | Electric kettle | kettle-e | Voltura | 29.99 | 41 | kitchen, tea, electric | VO/2200 | Boils a litre in two minutes; switches itself off.
a05 | Teapot with strainer | teapot | Hearth & Sons | 24 | 8 | kitchen, tea | HS-140 | Glass teapot, steel strainer, four cups.
a06 | Tea pot cosy | cosy | Woolly | 12.5 | 20 | kitchen, tea, wool | WO_9 | Keeps the pot warm; knitted by hand.
a07 | Wi-Fi router AX3000 | router | Netz | 89 | 15 | network, electric | NZ.AX3000 | Covers a flat with thick walls, v2.1 of the firmware.
a08 | WiFi repeater | repeater | Netz | 35 | 0 | network, electric | NZ.R300 | Carries the signal to the cellar.
a09 | USB-C cable 2m | cable | Netz | 9.95 | 230 | cable, electric | NZ_USB_C_2 | Charges and copies; 10Gbps.
a10 | USB cable 1m | cable | Netz | 4.95 | 400 | cable, electric | NZ_USB_1 | Old plug, still needed.
a11 | T-shirt "Space" | tshirt | O'Reilly | 19 | 60 | clothes, cotton | OR-TS-S | White print of a rocket on black cotton.
a12 | T shirt plain | tshirt | O'Reilly | 15 | 75 | clothes, cotton | OR-TS-P | Black cotton, no print.
a13 | Tshirt kids | tshirt | Woolly | 11 | 0 | clothes, cotton, kids | WO-TS-K | Green with a dinosaur; washable at 60°C.
a14 | Programming in C++ | book-cpp | Paper & Co | 45 | 7 | book, C++ | 978-0-00 | Templates, threads and traps. By J. O'Brien.
a15 | Programming in C# | book-cs | Paper & Co | 42 | 5 | book, C# | 978-0-01 | For people who know .NET already.
a16 | Programming in C | book-c | Paper & Co | 38 | 9 | book, C | 978-0-02 | The small language with the long shadow.
a17 | Node.js by example | book-node | Paper & Co | 36 | 14 | book, node.js | 978-0-03 | Streams, timers and 100% of the event loop.
a18 | Écran 27" 4K | screen | Voltura | 299 | 6 | electric, écran | VO/S27 | Twenty-seven inches, matt, for long days.
a19 | Café crème, 500 g | coffee | Tostado | 8.9 | 33 | food, coffee | TO-500 | Roasted on Monday, at the door on Wednesday.
a20 | Coffee beans 1kg | coffee | Tostado | 15.9 | 22 | food, coffee | TO-1000 | Dark roast, organic, from a farm in Honduras.
a21 | Running shoes | shoes | Ágil | 79 | 18 | sport, shoes | AG-42 | Runners run in them; light soles, size 42.
a22 | Hiking boots | boots | Ágil | 129 | 4 | sport, shoes | AG-B-42 | Leather, high, for wet hills.
a23 | Wool socks | socks | Woolly | 9 | 120 | clothes, wool | WO-S | Warm feet, no holes.
a24 | Woollen blanket | blanket | Woolly | 59 | 11 | home, wool | WO-B | Heavy blanket from island sheep.
a25 | Desk lamp | lamp | Voltura | 34 | 27 | home, electric | VO/L1 | Bends where the light is needed.
a26 | Light bulb E27 | bulb | Voltura | 3.5 | 500 | home, electric | VO/E27 | Warm light, 8 W, lasts ten years.
a27 | Lightning cable | cable-l | Netz | 12.95 | 90 | cable, electric | NZ_LN | For the telephone with the bitten fruit.
a28 | Notebook, dotted | notebook | Paper & Co | 7 | 64 | paper | PC-ND | 120 pages that lie flat.
a29 | Note book stand | stand | Paper & Co | 22 | 13 | paper, home | PC-ST | Holds a cookery book open at page 1/2.
a30 | Notebook computer 14" | computer | Voltura | 899 | 2 | electric | VO/N14 | Thin, quiet, a day on one charge.
a31 | Pencil set | pencil | Paper & Co | 14.4 | 38 | paper, kids | PC-P24 | Twenty-four colours, no lead.
a32 | Colour printer | printer | Voltura | 149 | 9 | electric, paper | VO/P1 | Prints, copies and scans.
a33 | Gift card | gift | | 25 | | | GIFT | For anyone, from anyone@example.com.
a34 | Gift card | gift | | 50 | | | GIFT | For anyone, with more on it.
a35 | Mystery box | | - | | 1 | | | Nobody knows; not even we do.
a37 | Resistor 470Ω | resistor | Voltura | 0.2 | 900 | electric | VO-R470 | Ten in a bag, 5% tolerance, 4mm; also 680Ω.
a38 | Water filter 5µm | filter | Hearth & Sons | 18 | 26 | kitchen | HS-F5 | Cartridge No. 7β; lasts 3½ months.
a36 | Kitchen & table <set> | set | Hearth & Sons | 119 | 5 | kitchen | HS-SET | Spoons & forks for <b>six</b>, "dishwasher" safe.
`;

/** Things to sell: codes, units, brand names with marks, spellings that differ, variants of one model. */
export const PRODUCT_DOCUMENTS: readonly SearchDocument[] = rowsOf(PRODUCTS).map((row) => ({
  key: row.text('key'),
  source: 'fields',
  data: {
    name: row.text('name'),
    ...row.optional('model', String),
    ...row.optional('brand', String),
    ...row.optional('price', Number),
    ...row.optional('stock', Number),
    tags: row.list('tags'),
    sku: row.text('sku'),
    about: row.text('about'),
  },
}));
