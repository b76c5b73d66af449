// Tests run on compiled output (`dist/`): the only form in which Worker entry points are the shipped ones.
const project = (name) => ({
  displayName: name,
  testMatch: [`<rootDir>/dist/test/${name}/**/*.test.js`],
  testEnvironment: '<rootDir>/test/signal-environment.mjs',
  transform: {},
});

export default { projects: ['unit', 'integration', 'e2e'].map(project) };
