import { hostname } from 'node:os';

/** Who is at work, for others to read: the machine and the process. */
export const OWNER = `${hostname().slice(0, 170)}:${process.pid}`;
