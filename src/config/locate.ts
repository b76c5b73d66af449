// Finds the line of every key in TOML text: the parser gives values only, and a complaint needs a place.
// Reads text that has already parsed, so it may take the grammar for granted; on anything odd it just stops.

/** Line numbers (from 1) by key path, joined with `pathKey`. */
export type KeyLines = ReadonlyMap<string, number>;

/** The map key of a path. */
export function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** Maps every table and key of `text` to its line: headers, dotted and quoted keys, inline tables. */
export function locateKeys(text: string): KeyLines {
  const scanner = new Scanner(text);
  scanner.document();
  return scanner.lines;
}

class Scanner {
  readonly lines = new Map<string, number>();
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    let table: readonly string[] = [];
    for (;;) {
      this.#skip(/(?:[ \t\r\n]+|#[^\n]*)*/y);
      if (this.#at >= this.#text.length) return;
      if (this.#skip(/\[\[?/y)) {
        table = this.#key([]);
        this.#skip(/[ \t]*\]\]?/y);
      } else if (!this.#pair(table)) return;
    }
  }

  #pair(table: readonly string[]): boolean {
    const path = this.#key(table);
    if (path.length === table.length || !this.#skip(/[ \t]*=[ \t]*/y)) return false;
    this.#value(path);
    return true;
  }

  #key(table: readonly string[]): readonly string[] {
    let path = table;
    do {
      const part = this.#take(/[ \t]*(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')/y)?.trim();
      if (part === undefined) return path;
      path = [...path, unquote(part)];
      if (!this.lines.has(pathKey(path))) this.lines.set(pathKey(path), this.#line);
    } while (this.#skip(/[ \t]*\./y));
    return path;
  }

  #value(path: readonly string[]): void {
    if (this.#skip(/\{/y)) this.#items('}', () => this.#pair(path));
    else if (this.#skip(/\[/y)) {
      this.#items(']', () => {
        const before = this.#at;
        this.#value(path);
        return this.#at > before;
      });
    } else {
      this.#skip(/"""(?:[^\\]|\\[^])*?"""+|'''[^]*?'''+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^,\]}#\n]+/y);
    }
  }

  #items(end: string, item: () => boolean): void {
    for (;;) {
      this.#skip(/(?:[ \t\r\n,]+|#[^\n]*)*/y);
      if (this.#text[this.#at] === end) {
        this.#at += 1;
        return;
      }
      if (!item()) return;
    }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#text)?.[0];
    if (taken === undefined) return undefined;
    this.#at += taken.length;
    this.#line += taken.split('\n').length - 1;
    return taken;
  }

  #skip(pattern: RegExp): boolean {
    return this.#take(pattern) !== undefined;
  }
}

function unquote(part: string): string {
  if (part.startsWith("'")) return part.slice(1, -1);
  if (!part.startsWith('"')) return part;
  try {
    return String(JSON.parse(part));
  } catch {
    // TOML knows a few escapes more than JSON; such a key is merely not located.
    return part.slice(1, -1);
  }
}
