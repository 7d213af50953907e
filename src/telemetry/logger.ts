/** Where Scrypath writes what nobody awaits. `console` fits. */
export interface Logger {
  warn(message: string, facts?: object): void;
  error(message: string, facts?: object): void;
}

/** The logger, unable to fail what it tells of. */
export function safely(logger: Logger): Logger {
  const attempt =
    (method: 'warn' | 'error') =>
    (message: string, facts?: object): void => {
      try {
        logger[method](message, facts);
      } catch {
        // Nobody is left to tell.
      }
    };
  return { warn: attempt('warn'), error: attempt('error') };
}
