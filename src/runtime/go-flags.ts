// Reads a runtime's own flags out of a handler's args, as Go's flag package does.

/** The value of a flag: one or two dashes, the value behind "=" or as the next argument; the last one wins. */
export function flagValue(args: readonly string[], name: string): string | undefined {
  const values = args.flatMap((arg, index) => {
    const flag = /^--?([^=]+)(?:=(.*))?$/s.exec(arg);
    return flag?.[1] === name ? [flag[2] ?? args[index + 1]] : [];
  });
  return values.at(-1);
}
