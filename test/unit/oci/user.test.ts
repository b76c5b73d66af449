import { describe, expect, it } from '@jest/globals';
import { parseGroup, parsePasswd } from '../../../src/oci/passwd.ts';
import { resolveUser } from '../../../src/oci/user.ts';
import { security } from './configs.ts';

const DATABASE = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/:/bin/sh\n\n# note\nbroken\n1234:x:77:78::/:/bin/sh\n',
  group: 'root:x:0:\nweb:x:1000:\nextra:x:50000:web,other\nshared:x:50001:other\nmore:x:60000:web\n',
};

const id = (value: string) => ({ value });

describe('resolveUser()', () => {
  it.each([
    { name: 'nothing is root', request: {}, image: '', expected: [0, 0, [0], 'root'] },
    { name: 'image user by name', request: {}, image: 'web', expected: [1000, 1000, [1000, 50000, 60000], 'web'] },
    { name: 'image user by id', request: {}, image: '1000', expected: [1000, 1000, [1000, 50000, 60000], 'web'] },
    {
      name: 'image user and group',
      request: {},
      image: 'web:extra',
      expected: [1000, 50000, [50000, 60000], 'web'],
    },
    { name: 'image group alone', request: {}, image: ':7', expected: [0, 7, [7], 'root'] },
    { name: 'unknown id', request: { runAsUser: id('4242') }, image: 'web', expected: [4242, 0, [0], ''] },
    {
      name: 'run_as_user over the image',
      request: { runAsUser: id('0') },
      image: 'web:web',
      expected: [0, 0, [0], 'root'],
    },
    {
      name: 'run_as_user and group',
      request: { runAsUser: id('1000'), runAsGroup: id('3000'), supplementalGroups: ['4000'] },
      image: '',
      expected: [1000, 3000, [3000, 4000, 50000, 60000], 'web'],
    },
    {
      name: 'strict groups',
      request: {
        runAsUser: id('1000'),
        runAsGroup: id('3000'),
        supplementalGroups: ['4000', '3000', '4000'],
        supplementalGroupsPolicy: 'Strict',
      },
      image: '',
      expected: [1000, 3000, [3000, 4000], 'web'],
    },
    {
      name: 'run_as_username over run_as_user',
      request: { runAsUsername: 'web', runAsUser: id('5') },
      image: '',
      expected: [1000, 1000, [1000, 50000, 60000], 'web'],
    },
    { name: 'a numeric username', request: { runAsUsername: '4242' }, image: '', expected: [4242, 0, [0], ''] },
    { name: 'a name made of digits', request: { runAsUsername: '1234' }, image: '', expected: [77, 78, [78], '1234'] },
    {
      name: 'username and group',
      request: { runAsUsername: 'web', runAsGroup: id('9') },
      image: '',
      expected: [1000, 9, [9, 50000, 60000], 'web'],
    },
  ] as const)('resolves $name', ({ request, image, expected }) => {
    const { uid, gid, additionalGids, username } = resolveUser(
      DATABASE,
      security(request as Parameters<typeof security>[0]),
      image,
    );

    expect([uid, gid, additionalGids, username]).toEqual(expected);
  });

  it('works for an image without user files, and for the image alone', () => {
    const none = { passwd: undefined, group: undefined };

    expect(resolveUser(none, null, '')).toEqual({ uid: 0, gid: 0, additionalGids: [0], username: '' });
    expect(resolveUser(none, null, '5:6')).toEqual({ uid: 5, gid: 6, additionalGids: [6], username: '' });
  });

  it.each([
    { request: { runAsUsername: 'nobody' }, image: '', message: 'user "nobody" is not in the image' },
    { request: {}, image: 'nobody', message: 'user "nobody" is not in the image' },
    { request: {}, image: 'web:nogroup', message: 'group "nogroup" is not in the image' },
    { request: { runAsGroup: id('5') }, image: 'web', message: 'run_as_group 5 is set without' },
    { request: { runAsUser: id('-1') }, image: '', message: 'user id -1 is out of range' },
    { request: { runAsUser: id('4294967296') }, image: '', message: 'user id 4294967296 is out of range' },
    { request: { runAsUser: id('1'), runAsGroup: id('-5') }, image: '', message: 'group id -5 is out of range' },
    { request: { supplementalGroups: ['-2'] }, image: '', message: 'supplemental group id -2 is out of range' },
  ])('refuses: $message', ({ request, image, message }) => {
    expect(() => resolveUser(DATABASE, security(request), image)).toThrow(message);
  });
});

describe('parsePasswd() and parseGroup()', () => {
  it('skip what they cannot read', () => {
    expect(parsePasswd('a:x:1:2\nb:x:one:2\n:x:1:2\nc\nd:x:99999999999:1\n')).toEqual([{ name: 'a', uid: 1, gid: 2 }]);
    expect(parseGroup('a:x:1:\nb:x:-1:\n:x:3:\nc:x:2:u, ,v\n')).toEqual([
      { name: 'a', gid: 1, members: [] },
      { name: 'c', gid: 2, members: ['u', ' ', 'v'] },
    ]);
  });
});
