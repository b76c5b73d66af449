// The end of a log, small enough to stand in an entry of ours.

const MAX_LINES = 10;
const MAX_CHARACTERS = 2048;

/** The last lines, oldest first: ten at most, and 2048 characters in all. Empty ones are left out. */
export function lastLines(text: string): string[] {
  const lines: string[] = [];
  let room = MAX_CHARACTERS;
  for (const line of text.split('\n').toReversed()) {
    if (line.trim() === '') continue;
    if (lines.length === MAX_LINES || room === 0) break;
    const kept = line.trimEnd().slice(0, room);
    lines.unshift(kept);
    room -= kept.length;
  }
  return lines;
}
