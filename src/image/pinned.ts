// Which images the kubelet must not collect: those that a configured glob names.
import { formatReference, parseReference } from './reference.ts';

/** Whether any of `names` matches any glob; `*` stands for anything, slashes included. */
export function matchesAny(globs: readonly string[], names: readonly string[]): boolean {
  return globs.some((glob) => {
    const pattern = glob.split('*').map(escapeText).join('.*');
    const expression = new RegExp(`^(?:${pattern})$`);
    return names.some((name) => expression.test(name));
  });
}

/** A glob for the one image that a reference as people write it means. @throws invalid-argument when it is none */
export function pinGlob(text: string): string {
  const reference = parseReference(text);
  // What is pulled by digest has no tag, whatever stands beside the digest.
  return formatReference(reference.digest === undefined ? reference : { ...reference, tag: undefined });
}

function escapeText(text: string): string {
  return text.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&');
}
