/** Where Scrypath writes what nobody awaits. `console` fits. */
export interface Logger {
  warn(message: string, facts?: object): void;
  error(message: string, facts?: object): void;
}

export const silentLogger: Logger = Object.freeze({ warn: () => {}, error: () => {} });
