// Tests run on compiled output (`dist/`): the only form in which Workers start. End-to-end tests run `dist/bundle`.
const project = (name) => ({
  displayName: name,
  testMatch: [`<rootDir>/dist/test/${name}/**/*.test.js`],
  // Caches may hold whole copies of the repository.
  modulePathIgnorePatterns: ['<rootDir>/.lab/'],
  testEnvironment: '<rootDir>/test/signal-environment.mjs',
  transform: {},
});

// A Worker takes seconds to start on a busy machine, and no test is about time.
export default { testTimeout: 30_000, projects: ['unit', 'integration', 'e2e', 'fuzz'].map(project) };
