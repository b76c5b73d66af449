// Which user and groups a container runs as: the pod's security context over the image's User.
import { invalidArgument } from '../errors.ts';
import type { Int64Value } from '../gen/runtime/v1/Int64Value.ts';
import type { SupplementalGroupsPolicy } from '../gen/runtime/v1/SupplementalGroupsPolicy.ts';
import { parseGroup, parseId, parsePasswd } from './passwd.ts';
import type { GroupEntry, PasswdEntry } from './passwd.ts';

export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** The primary group and what the policy adds; in ascending order, without repeats. */
  readonly additionalGids: readonly number[];
  /** '' when the rootfs has no name for the uid. */
  readonly username: string;
}

/** Texts of the rootfs's own files; undefined when the image has none. */
export interface UserDatabase {
  readonly passwd: string | undefined;
  readonly group: string | undefined;
}

/** The part of a security context that decides on users; sandboxes have no run_as_username. */
export interface UserRequest {
  readonly runAsUser: Int64Value | null;
  readonly runAsGroup: Int64Value | null;
  readonly runAsUsername?: string;
  readonly supplementalGroups: readonly string[];
  readonly supplementalGroupsPolicy: SupplementalGroupsPolicy;
}

/**
 * Resolves names in the rootfs. run_as_username wins over run_as_user; both win over the image's User. A uid without a
 * passwd entry has gid 0.
 *
 * @param request null means the image decides alone
 * @param imageUser `user`, `user:group`, ids or names; '' is root
 * @throws invalid-argument for a name the rootfs lacks, and for run_as_group without a user
 * @see CRI api.proto, LinuxContainerSecurityContext and SupplementalGroupsPolicy
 */
export function resolveUser(database: UserDatabase, request: UserRequest | null, imageUser: string): ResolvedUser {
  const passwd = parsePasswd(database.passwd ?? '');
  const groups = parseGroup(database.group ?? '');
  const [userText, groupText] = chooseUser(request, imageUser);
  const { uid, entry } = findUser(passwd, userText);
  const gid = groupText === '' ? (entry?.gid ?? 0) : findGroup(groups, groupText);
  const fromImage =
    request?.supplementalGroupsPolicy === 'Strict' || entry === undefined ? [] : groupsOf(groups, entry);
  const listed = (request?.supplementalGroups ?? []).map((id) => checkId('supplemental group', id));
  // In the order in which Linux tells them; a kernel in user space tells them as they were given.
  const additionalGids = [...new Set([gid, ...fromImage, ...listed])].sort((a, b) => a - b);
  return { uid, gid, additionalGids, username: entry?.name ?? '' };
}

function chooseUser(request: UserRequest | null, imageUser: string): [user: string, group: string] {
  const user = request?.runAsUsername ?? '';
  const chosen = user === '' ? (request?.runAsUser?.value ?? '') : user;
  const group = request?.runAsGroup?.value ?? '';
  if (chosen !== '') return [chosen, group];
  if (group !== '') throw invalidArgument(`run_as_group ${group} is set without run_as_user or run_as_username`);
  const [imageName = '', imageGroup = ''] = imageUser.split(':', 2);
  return [imageName === '' ? '0' : imageName, imageGroup];
}

function findUser(passwd: readonly PasswdEntry[], text: string): { uid: number; entry: PasswdEntry | undefined } {
  const named = passwd.find(({ name }) => name === text);
  if (named !== undefined) return { uid: named.uid, entry: named };
  if (!/^-?\d+$/.test(text)) throw invalidArgument(`user "${text}" is not in the image's /etc/passwd`);
  const uid = checkId('user', text);
  return { uid, entry: passwd.find((entry) => entry.uid === uid) };
}

function findGroup(groups: readonly GroupEntry[], text: string): number {
  const named = groups.find(({ name }) => name === text);
  if (named !== undefined) return named.gid;
  if (!/^-?\d+$/.test(text)) throw invalidArgument(`group "${text}" is not in the image's /etc/group`);
  return checkId('group', text);
}

function groupsOf(groups: readonly GroupEntry[], { name }: PasswdEntry): number[] {
  return groups.filter(({ members }) => members.includes(name)).map(({ gid }) => gid);
}

function checkId(what: string, text: string): number {
  const id = parseId(text);
  if (id === undefined) throw invalidArgument(`${what} id ${text} is out of range: ids go from 0 to 2147483647`);
  return id;
}
