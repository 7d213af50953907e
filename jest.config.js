/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/src/**/*.test.ts'],
  extensionsToTreatAsEsm: [],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Published as ES modules only; Jest's own loader needs them translated.
  transformIgnorePatterns: [
    '/node_modules/(?!(?:@nestjs|meilisearch|pg-boss|serialize-error|non-error|rrule-temporal|temporal-spec)/)',
  ],
  moduleNameMapper: {
    '^scrypath$': '<rootDir>/src/index.ts',
    '^scrypath/(meilisearch|embedded|pg-boss|bullmq|nestjs|opentelemetry|testing)$': '<rootDir>/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  // Packages that tests build there have this one's name.
  modulePathIgnorePatterns: ['<rootDir>/\\.tmp/'],
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/stacks/global-setup.ts',
  globalTeardown: '<rootDir>/test/stacks/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/stacks/summary-reporter.js'],
  maxWorkers: 2,
  testTimeout: 30_000,
};
