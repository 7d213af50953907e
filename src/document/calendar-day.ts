/**
 * The day that a `Date` stands for in a column of days, as `YYYY-MM-DD`, or null where it is not valid. The local day, as
 * TypeORM writes it, unless the column is declared with `utc`.
 */
export function calendarDay(date: Date, utc: boolean): string | null {
  if (Number.isNaN(date.getTime())) return null;
  const [year, month, day] = utc
    ? [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
    : [date.getFullYear(), date.getMonth(), date.getDate()];
  return [String(year).padStart(4, '0'), padded(month + 1), padded(day)].join('-');
}

const padded = (number: number) => String(number).padStart(2, '0');
