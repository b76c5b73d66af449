import { describe, expect, it } from '@jest/globals';
import { parseNetworkConf, toNetworkConf } from '../../../src/cni/conf-schema.ts';

const list = { name: 'pods', cniVersion: '1.0.0', plugins: [{ type: 'bridge', bridge: 'b0' }] };

describe('toNetworkConf()', () => {
  it('keeps what plugins need and settles the flags', () => {
    expect(toNetworkConf({ ...list, disableCheck: 'true' })).toEqual({ ...list, disableCheck: true, disableGC: false });
  });

  it('makes a list of a single plugin', () => {
    const single = { name: 'pods', cniVersion: '0.4.0', type: 'bridge', bridge: 'b0' };

    expect(toNetworkConf(single)).toMatchObject({ name: 'pods', cniVersion: '0.4.0', plugins: [single] });
  });

  it('takes the newest version it speaks out of those offered', () => {
    expect(toNetworkConf({ ...list, cniVersions: ['1.1.0', '1.2.0'] }).cniVersion).toBe('1.1.0');
  });

  it('leaves loopback out', () => {
    expect(toNetworkConf({ ...list, plugins: [{ type: 'loopback' }] }).plugins).toEqual([]);
  });

  it.each([
    {
      what: 'no version',
      conf: { ...list, cniVersion: undefined },
      message: 'cniVersion is missing, use one of 0.3.0',
    },
    { what: 'an old version', conf: { ...list, cniVersion: '0.2.0' }, message: '"0.2.0" is not supported' },
    { what: 'no plugins', conf: { ...list, plugins: [] }, message: 'plugins: ' },
    { what: 'a path as type', conf: { ...list, plugins: [{ type: '../sh' }] }, message: 'plugins.0.type: must be' },
    { what: 'a name with spaces', conf: { ...list, name: 'a b' }, message: 'name: must be letters' },
    { what: 'a number', conf: 7, message: 'expected object' },
  ])('refuses $what', ({ conf, message }) => {
    expect(() => toNetworkConf(conf)).toThrow(message);
  });
});

describe('parseNetworkConf()', () => {
  it('says that a text is not JSON', () => {
    expect(() => parseNetworkConf('{')).toThrow('not JSON: ');
  });
});
