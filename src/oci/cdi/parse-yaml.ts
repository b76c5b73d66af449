// YAML, in a module of its own: it is loaded when a CDI spec is written in it, which few are.
export { parse as parseYaml } from 'yaml';
