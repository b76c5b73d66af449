import { describe, expect, it } from '@jest/globals';
import { ContainerRecord, imagesOf } from '../../../src/state/container-record.ts';

const OLD = {
  ...{ version: 1, id: 'a'.repeat(64), sandboxId: 'p1', createdAt: '1', status: { phase: 'creating' } },
  ...{ imageId: 'sha256:aa', imageRef: 'sha256:aa', layers: [], cgroupPath: '/x', logPath: null },
  ...{ user: { uid: 0, gid: 0, groups: [] }, stopSignal: 15, resources: null },
  config: { metadata: { name: 'web', attempt: 0 } },
};

describe('ContainerRecord', () => {
  it('reads a record from before image volumes', () => {
    expect(ContainerRecord.parse(OLD).imageVolumes).toEqual([]);
  });
});

describe('imagesOf()', () => {
  it('names the own image and the mounted ones', () => {
    const volume = { reference: 'data:1', imageId: 'sha256:bb', imageRef: 'sha256:bb', layers: [] };

    expect(imagesOf({ imageId: 'sha256:aa', imageVolumes: [volume] })).toEqual(['sha256:aa', 'sha256:bb']);
  });
});
