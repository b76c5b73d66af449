// A table for people: columns as wide as their widest cell; a row with fewer cells is a remark and sets no width.

/** Lines of text; `rows` are arrays of cells. */
export function table(heads, rows) {
  const whole = [heads, ...rows.filter((row) => row.length === heads.length)];
  const widths = heads.map((_, column) => Math.max(...whole.map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(heads), rule, ...rows.map(line)].map((text) => `    ${text}`).join('\n');
}
