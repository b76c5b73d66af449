// `crisol registry explain`: which hosts a pull would ask for an image, and what each of them says.
import { DEFAULT_TUNING } from '../image/download/download-blob.ts';
import { Downloads } from '../image/download/downloads.ts';
import { formatReference, parseReference } from '../image/reference.ts';
import { DEFAULT_MAX_CONNECTIONS } from '../image/registry/limits.ts';
import { explainRegistry, type Endpoint } from '../image/registry/explain.ts';
import type { Command } from './command.ts';
import { CONFIG_OPTIONS, CONFIG_USAGE, configOf } from './config-options.ts';

export const registryExplain: Command = {
  name: 'registry explain',
  usage: `${CONFIG_USAGE} IMAGE`,
  summary: 'show the mirrors and the registry of an image in order, with what each answers; 1 when none has it',
  options: CONFIG_OPTIONS,
  arity: [1, 1],
  run: async ({ args, option, output }) => {
    const { images } = configOf({ option });
    const reference = parseReference(args[0] ?? '');
    const timeouts = {
      connectMs: images.connectTimeoutMs,
      headersMs: images.responseTimeoutMs,
      bodyMs: images.progressTimeoutMs,
    };
    const downloads = new Downloads({
      timeouts,
      maxConnections: DEFAULT_MAX_CONNECTIONS,
      tuning: { ...DEFAULT_TUNING, windowMs: timeouts.bodyMs },
    });
    const access = {
      downloads,
      hostsDirs: images.registryDirs,
      dockerConfigPath: images.dockerConfig,
      maxManifestBytes: images.limits.maxManifestBytes,
    };
    try {
      const endpoints = await explainRegistry(access, reference, new AbortController().signal);
      output.out(`${formatReference(reference)}\n${endpoints.map(describe).join('')}`);
      return endpoints.some(({ answer }) => answer.startsWith('has ')) ? 0 : 1;
    } finally {
      await downloads.close();
    }
  },
};

function describe({ url, role, capabilities, tls, auth, answer }: Endpoint, index: number): string {
  const lines = [
    `${index + 1}. ${role} ${url}`,
    `   capabilities  ${capabilities.join(', ')}`,
    `   TLS           ${tls}`,
    `   credentials   ${auth}`,
    `   answer        ${answer}`,
  ];
  return `${lines.join('\n')}\n`;
}
