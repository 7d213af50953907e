const shared = require('../../jest.config.js');

// As an adopter would have it: no server, no set-up of ours.
module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/examples/testing/*.test.ts'],
  transform: shared.transform,
  moduleNameMapper: shared.moduleNameMapper,
};
