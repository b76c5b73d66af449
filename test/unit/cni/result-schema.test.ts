import { describe, expect, it } from '@jest/globals';
import { parsePluginError, parseResult, parseVersions, podAddresses } from '../../../src/cni/result-schema.ts';

describe('podAddresses()', () => {
  it.each([
    { what: 'no list', result: {}, addresses: [] },
    { what: 'addresses of no interface', result: { ips: [{ address: '10.0.0.2/24' }] }, addresses: ['10.0.0.2'] },
    {
      what: 'host-side addresses',
      result: {
        interfaces: [{ name: 'cni0' }, { name: 'eth0', sandbox: '/n' }],
        ips: [
          { address: '10.0.0.1/24', interface: 0 },
          { address: 'fd00::2/64', interface: 1 },
          { address: '10.0.0.2/24', interface: 1 },
          { address: '10.0.0.2/24' },
        ],
      },
      addresses: ['fd00::2', '10.0.0.2'],
    },
  ])('knows $what', ({ result, addresses }) => {
    expect(podAddresses(result)).toEqual(addresses);
  });
});

describe('parsers of plugin output', () => {
  it.each([{ text: '' }, { text: '[]' }, { text: '{"ips":[{"address":7}]}' }, { text: '{} trailing' }])(
    'parseResult() finds none in $text',
    ({ text }) => {
      expect(parseResult(text)).toBeUndefined();
    },
  );

  it('keep fields they do not know', () => {
    expect(parseResult('{"cniVersion":"0.3.1","dns":{"domain":"x"}}')).toEqual({
      cniVersion: '0.3.1',
      dns: { domain: 'x' },
    });
    expect(parsePluginError('{"msg":"no code"}')).toBeUndefined();
    expect(parseVersions('{"supportedVersions":["1.0.0"]}')).toEqual(['1.0.0']);
  });
});
