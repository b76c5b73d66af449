// Host checks of runtime handlers: are their programs and files there? Whether they work is the preflight's question.
import type { HostFacts, HostFinding } from './host-facts.ts';
import type { RuntimeHandlerConfig } from './runtime-handler.ts';
import type { Config } from './schema.ts';

/** Findings of all handlers; only what the default handler needs is an error, the daemon serves without the others. */
export function checkHandlers(config: Config, facts: HostFacts): HostFinding[] {
  return Object.entries(config.runtimes).flatMap(([name, handler]) => {
    const severity = name === config.cri.defaultRuntime ? 'error' : 'warning';
    return [...missingPrograms(name, handler, config.monitor.conmon, facts), ...missingFiles(name, handler, facts)].map(
      ({ key, message }) => ({ severity, key, message }),
    );
  });
}

type Missing = Omit<HostFinding, 'severity'>;

function missingPrograms(name: string, handler: RuntimeHandlerConfig, conmon: string, facts: HostFacts): Missing[] {
  const table = `runtimes.${name}`;
  const wanted: { key: string; program: string | undefined }[] = [{ key: `${table}.path`, program: handler.path }];
  if (handler.kind === 'oci') {
    const key = handler.monitor === undefined ? 'monitor.conmon' : `${table}.monitor`;
    wanted.push({ key, program: handler.monitor ?? conmon });
  } else {
    wanted.push({ key: `${table}.binary`, program: handler.binary });
  }
  return wanted.flatMap(({ key, program }) => {
    if (program === undefined || facts.findProgram(program) !== undefined) return [];
    if (!program.startsWith('/')) return [{ key, message: `there is no program "${program}" in PATH: install it` }];
    const isThere = facts.kindOf(program) !== 'absent';
    const state = isThere ? 'is not an executable file' : 'does not exist: install it, or correct the path';
    return [{ key, message: `"${program}" ${state}` }];
  });
}

function missingFiles(name: string, handler: RuntimeHandlerConfig, facts: HostFacts): Missing[] {
  const files = {
    seccomp_profile: handler.seccompProfile,
    base_spec: handler.baseSpec,
    config_path: handler.kind === 'shim-v2' ? handler.configPath : undefined,
  };
  return Object.entries(files).flatMap(([key, file]) =>
    file === undefined || facts.kindOf(file) === 'file'
      ? []
      : [{ key: `runtimes.${name}.${key}`, message: `there is no file "${file}"` }],
  );
}
