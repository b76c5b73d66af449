// Reads the keys that the configuration names and makes a content policy of it.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorMessage, invalidArgument } from '../../errors.ts';
import { digestOf } from '../digest.ts';
import { parseReference, repositoryOf } from '../reference.ts';
import type { ContentPolicy, Requirement, TrustedKey } from './policy.ts';

/** The policy as it is configured. */
export interface PolicySettings {
  readonly fallback: 'accept' | 'reject';
  readonly scopes: Readonly<
    Record<string, { readonly require: 'accept' | 'reject' | 'signed'; readonly keys: readonly string[] }>
  >;
}

const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;
const KEY_TYPES = ['ec', 'rsa', 'ed25519'];

/**
 * Reads every key once; a change of the files counts from the next start.
 * @throws invalid-argument naming the scope and the file that is no public key
 */
export function loadPolicy(settings: PolicySettings): ContentPolicy {
  const scopes: Record<string, Requirement> = {};
  for (const [name, { require, keys }] of Object.entries(settings.scopes)) {
    const scope = normalScope(name);
    if (Object.hasOwn(scopes, scope)) throw invalidArgument(`images.policy.scopes: "${name}" is there twice`);
    scopes[scope] = require === 'signed' ? { kind: require, keys: keys.flatMap(readKeys) } : { kind: require };
  }
  return { fallback: { kind: settings.fallback }, scopes };
}

// Spelled as references are: Docker Hub has several names.
function normalScope(name: string): string {
  if (!name.includes('/')) return name === 'index.docker.io' ? 'docker.io' : name;
  const [host = '', ...path] = name.split('/');
  // A namespace of Docker Hub is no repository of its library.
  return path.length === 1 ? `${normalScope(host)}/${path[0] ?? ''}` : repositoryOf(parseReference(name));
}

function readKeys(file: string): TrustedKey[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalidArgument(`images.policy: key "${file}" cannot be read: ${errorMessage(error)}`, error);
  }
  const blocks = text.match(PEM) ?? [];
  if (blocks.length === 0) throw invalidArgument(`images.policy: key "${file}" holds no PEM block "PUBLIC KEY"`);
  return blocks.map((block) => {
    const key = toKey(file, block);
    return { id: digestOf(key.export({ type: 'spki', format: 'der' })), key };
  });
}

function toKey(file: string, block: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(block);
  } catch (error) {
    throw invalidArgument(`images.policy: key "${file}" is damaged: ${errorMessage(error)}`, error);
  }
  const type = key.asymmetricKeyType ?? '';
  if (!KEY_TYPES.includes(type))
    throw invalidArgument(`images.policy: key "${file}" is of type ${type}; use ECDSA, RSA or Ed25519`);
  return key;
}
