// Lets a process run the TypeScript of this project as it stands: `node -r ./test/typescript.cjs program.ts`.
// `process.scrypathChanges`, a list of { file, find, replace }, changes source files as they are read.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join, resolve } = require('node:path');
const { transformSync } = require('@swc/core');

require('reflect-metadata');

const root = resolve(__dirname, '..');
const resolveFilename = Module._resolveFilename;

function source(request) {
  const door = /^scrypath(?:\/([\w-]+))?$/.exec(request);
  return door && join(root, 'src', door[1] ?? '', 'index.ts');
}

Module._resolveFilename = function resolveSource(request, parent, ...rest) {
  const isTypeScript = parent?.filename?.endsWith('.ts') && request.startsWith('.') && request.endsWith('.js');
  const wanted = source(request) ?? (isTypeScript ? request.replace(/\.js$/, '.ts') : request);
  return resolveFilename.call(this, wanted, parent, ...rest);
};

function changed(filename, source) {
  let text = source;
  for (const change of process.scrypathChanges ?? []) {
    if (filename !== join(root, change.file)) continue;
    const parts = text.split(change.find);
    if (parts.length !== 2) throw new Error(`${change.file} has ${parts.length - 1} places to change, not one.`);
    text = parts.join(change.replace);
    change.applied = true;
  }
  return text;
}

// Who reads the sources anew compiles only what has changed.
const compiled = new Map();

Module._extensions['.ts'] = (module, filename) => {
  const text = changed(filename, readFileSync(filename, 'utf8'));
  const code = compiled.get(text) ?? compile(text, filename);
  compiled.set(text, code);
  module._compile(code, filename);
};

function compile(text, filename) {
  return transformSync(text, {
    filename,
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
    module: { type: 'commonjs', ignoreDynamic: true },
    sourceMaps: 'inline',
  }).code;
}
