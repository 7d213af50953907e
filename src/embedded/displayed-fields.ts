import type { JsonObject, JsonValue } from '../document/json.js';

/** The part of a document that the displayed fields select; `a.b` selects `b` inside of `a`, through arrays too. */
export function displayedData(data: JsonObject, displayed: readonly string[]): JsonObject {
  return displayed.includes('*') ? data : selectedObject(data, new Set(displayed));
}

function selectedObject(object: JsonObject, fields: ReadonlySet<string>): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(object)) {
    const whole = fields.has(name);
    const inside = whole && !name.includes('.') ? [] : fieldsInside(name, fields);
    if (inside.length === 0) {
      if (whole) entries.push([name, value]);
    } else if (typeof value === 'object' && value !== null)
      entries.push([name, selectedInside(value, new Set(inside))]);
  }
  return Object.fromEntries(entries);
}

const fieldsInside = (name: string, fields: ReadonlySet<string>): string[] =>
  [...fields].filter((field) => field.startsWith(`${name}.`)).map((field) => field.slice(name.length + 1));

/** An object or an array that is not selected as a whole stays, empty if need be; scalars beside what is selected go. */
function selectedInside(value: JsonValue, fields: ReadonlySet<string>): JsonValue {
  if (!Array.isArray(value)) return selectedObject(value as JsonObject, fields);
  return (value as readonly JsonValue[]).flatMap((element) => {
    if (typeof element !== 'object' || element === null) return [];
    const inside = selectedInside(element, fields);
    return Array.isArray(element) || Object.keys(inside as JsonObject).length > 0 ? [inside] : [];
  });
}
