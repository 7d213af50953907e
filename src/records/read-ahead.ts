/** The pages of an iterable, of which the next one is asked for already while one is worked on. */
export async function* readAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const pages = source[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T, unknown>> => {
    const asked = pages.next();
    // Whoever gets there awaits it; until then it is nobody's.
    asked.catch(() => undefined);
    return asked;
  };
  let next = ask();
  try {
    for (let result = await next; !result.done; result = await next) {
      next = ask();
      yield result.value;
    }
  } finally {
    await next.catch(() => undefined);
    await pages.return?.();
  }
}
