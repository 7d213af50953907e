import type { Response } from 'express';
import { httpStatusOf, type Visibility } from '../../express-movies/catalogue/visibility.js';

/** 200 where a search shows the write, or where it changed no document; else 202, with where to ask. */
export function answer<T extends { readonly sync: Visibility }>(response: Response, written: T): T {
  const { sync } = written;
  if (sync.token !== null) response.location(`/syncs/${sync.token}`);
  response.status(httpStatusOf(sync));
  return written;
}
