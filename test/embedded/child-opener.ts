import { embedded } from '../../src/embedded/index.js';

/** The program of a child process: tries to open a file and tells the code of the error, or `opened`. */
try {
  const backend = embedded({ file: process.argv[2]! });
  process.send?.('opened');
  void backend.close();
} catch (error) {
  process.send?.((error as { code?: unknown }).code);
}
