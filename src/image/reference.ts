// Image references: parsing, and the docker.io rules that turn a short name into a full one.
import { invalidArgument } from '../errors.ts';
import { isDigest } from './digest.ts';

/** A full name. `domain/path` is the repository; a tag or a digest or both choose the image in it. */
export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

const DEFAULT_DOMAIN = 'docker.io';
const DOMAIN =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const MAX_NAME_LENGTH = 255;

function invalid(text: string, why: string): Error {
  return invalidArgument(`invalid image reference "${text}": ${why}`);
}

function splitDomain(name: string): readonly [string, string] {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  if (slash < 0 || !(/[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase()))
    return [DEFAULT_DOMAIN, name];
  return [first === 'index.docker.io' ? DEFAULT_DOMAIN : first, name.slice(slash + 1)];
}

function checkName(text: string, domain: string, path: string): void {
  if (!DOMAIN.test(domain)) throw invalid(text, `"${domain}" is not a host name`);
  if (path === '') throw invalid(text, 'it has no repository name');
  if (path !== path.toLowerCase()) throw invalid(text, 'the repository name must be lower case');
  if (!path.split('/').every((part) => PATH_COMPONENT.test(part)))
    throw invalid(text, 'the repository name may hold letters, digits and single separators (. _ - /) only');
  if (domain.length + 1 + path.length > MAX_NAME_LENGTH)
    throw invalid(text, `the repository name is longer than ${MAX_NAME_LENGTH} characters`);
}

/**
 * Parses what a user or a pod wrote. A name without a host is Docker Hub's, a name without a slash is of its
 * `library`, and the tag is `latest` when neither tag nor digest is given.
 * @throws invalid-argument naming what is wrong
 */
export function parseReference(text: string): Reference {
  if (/^[0-9a-f]{64}$/.test(text)) throw invalid(text, 'an image id cannot be used as a name');
  const [beforeDigest = '', digest, ...rest] = text.split('@');
  if (rest.length > 0) throw invalid(text, 'it has more than one "@"');
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, `"${digest}" is not a sha256 or sha512 digest`);
  const colon = beforeDigest.lastIndexOf(':');
  const hasTag = colon > beforeDigest.lastIndexOf('/');
  const tag = hasTag ? beforeDigest.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `"${tag}" is not a tag`);
  const [domain, name] = splitDomain(hasTag ? beforeDigest.slice(0, colon) : beforeDigest);
  const path = domain === DEFAULT_DOMAIN && name !== '' && !name.includes('/') ? `library/${name}` : name;
  checkName(text, domain, path);
  return { domain, path, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
}

/** `domain/path`. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The whole reference in its normal form. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${repositoryOf(reference)}${tag}${digest}`;
}
