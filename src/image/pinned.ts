// Which images the kubelet must not collect: those that a configured glob names.

/** Whether any of `names` matches any glob; `*` stands for anything, slashes included. */
export function matchesAny(globs: readonly string[], names: readonly string[]): boolean {
  return globs.some((glob) => {
    const pattern = glob.split('*').map(escapeText).join('.*');
    const expression = new RegExp(`^(?:${pattern})$`);
    return names.some((name) => expression.test(name));
  });
}

function escapeText(text: string): string {
  return text.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&');
}
