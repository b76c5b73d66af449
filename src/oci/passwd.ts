// Parses a rootfs's /etc/passwd and /etc/group. Broken lines are skipped, as the C library does.

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The largest id the kernel and the runtimes accept. */
export const MAX_ID = 2 ** 31 - 1;

/** A decimal id, or undefined when the text is no id in range. */
export function parseId(text: string): number | undefined {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  return id !== undefined && id <= MAX_ID ? id : undefined;
}

function* records(text: string): Generator<string[]> {
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed !== '' && !trimmed.startsWith('#')) yield trimmed.split(':');
  }
}

/** @see passwd(5) */
export function parsePasswd(text: string): PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  for (const [name = '', , uidText = '', gidText = ''] of records(text)) {
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    if (name !== '' && uid !== undefined && gid !== undefined) entries.push({ name, uid, gid });
  }
  return entries;
}

/** @see group(5) */
export function parseGroup(text: string): GroupEntry[] {
  const entries: GroupEntry[] = [];
  for (const [name = '', , gidText = '', members = ''] of records(text)) {
    const gid = parseId(gidText);
    if (name !== '' && gid !== undefined) entries.push({ name, gid, members: members.split(',').filter(Boolean) });
  }
  return entries;
}
