// Lets a process use NestJS 11, which lies in a workspace of its own: `node -r ./nest-11.cjs program.js`.
const Module = require('node:module');
const { join } = require('node:path');

const folder = join(__dirname, 'nest-11');
const resolveFilename = Module._resolveFilename;

Module._resolveFilename = function resolveNest11(request, parent, ...rest) {
  if (!request.startsWith('@nestjs/') || parent?.filename?.startsWith(folder)) {
    return resolveFilename.call(this, request, parent, ...rest);
  }
  return Module.createRequire(join(folder, 'package.json')).resolve(request);
};
