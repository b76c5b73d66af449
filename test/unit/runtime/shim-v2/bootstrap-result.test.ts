import { describe, expect, it } from '@jest/globals';
import { parseBootstrap } from '../../../../src/runtime/shim-v2/bootstrap-result.ts';
import { Protocol } from '../../../../src/runtime/shim-v2/protocol.ts';

const protocol = new Protocol();
const message = (result: object) => protocol.encode('containerd.runtime.bootstrap.v1.BootstrapResult', result);

describe('parseBootstrap()', () => {
  it.each([
    { form: 'a bare address', output: Buffer.from('unix:///run/containerd/s/ab'), version: 2 },
    { form: 'a bare address with a newline', output: Buffer.from('unix:///run/containerd/s/ab\n'), version: 2 },
    {
      form: 'JSON of version 2',
      output: Buffer.from('{"version":2,"address":"unix:///run/containerd/s/ab","protocol":"ttrpc"}'),
      version: 2,
    },
    {
      form: 'JSON without a protocol',
      output: Buffer.from('{"version":3,"address":"unix:///run/containerd/s/ab"}'),
      version: 3,
    },
    {
      form: 'a message',
      output: message({ version: 3, address: 'unix:///run/containerd/s/ab', protocol: 'ttrpc' }),
      version: 3,
    },
  ])('reads $form', ({ output, version }) => {
    expect(parseBootstrap(protocol, output)).toEqual({ socket: '/run/containerd/s/ab', version });
  });

  it.each([
    { why: 'nothing', output: Buffer.alloc(0), reason: 'it printed no address' },
    {
      why: 'an abstract socket of old',
      output: Buffer.from('/containerd-shim/ab.sock'),
      reason: /abstract socket.*use a release/,
    },
    { why: 'an abstract socket with @', output: Buffer.from('unix://@/containerd-shim/ab'), reason: 'abstract socket' },
    {
      why: 'another transport',
      output: Buffer.from('vsock://3:1024'),
      reason: 'crisol connects to unix:// addresses only',
    },
    {
      why: 'gRPC',
      output: message({ version: 3, address: 'unix:///s', protocol: 'grpc' }),
      reason: 'it speaks "grpc"',
    },
    { why: 'a later version', output: Buffer.from('{"version":4,"address":"unix:///s"}'), reason: 'version 4' },
    { why: 'broken JSON', output: Buffer.from('{"version":'), reason: 'which is not understood' },
    {
      why: 'rubbish',
      output: Buffer.from('hello world'),
      reason: 'it printed "hello world" where its address was expected',
    },
    { why: 'much rubbish', output: Buffer.alloc(10_000, 0xff), reason: 'this is no containerd shim' },
  ])('refuses $why', ({ output, reason }) => {
    expect(() => parseBootstrap(protocol, output)).toThrow(reason);
  });
});
