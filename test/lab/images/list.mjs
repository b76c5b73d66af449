// The images critest v1.37 asks for: name and tags as they follow the registry's host, the layers (trees of
// trees.sh) and the image config. `index` wraps the image in an index with a second platform beside it.
import { arch } from 'node:process';

export const architecture = { x64: 'amd64', arm64: 'arm64' }[arch] ?? arch;

const shell = { Cmd: ['sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] };
const nginx = (port) => ({
  ...shell,
  Cmd: ['nginx', '-g', 'daemon off;'],
  ExposedPorts: { [`${port}/tcp`]: {} },
  StopSignal: 'SIGQUIT',
});
const e2e = (name) => `e2e-test-images/${name}`;
const staging = (name) => `k8s-staging-cri-tools/${name}`;
const user = (suffix, value) => ({
  name: staging(`test-image-user-${suffix}`),
  layers: ['busybox'],
  config: { ...shell, User: value },
});
const file = (name, tags, layer) => ({
  name: staging(name),
  tags,
  layers: ['busybox', `file-${layer}`],
  config: shell,
});

export const images = [
  { name: e2e('busybox'), tags: ['1.29-2'], layers: ['busybox'], config: shell, index: true },
  { name: e2e('nginx'), tags: ['1.14-2'], layers: ['busybox', 'nginx'], config: nginx(80) },
  {
    name: e2e('httpd'),
    tags: ['2.4.39-4'],
    layers: ['busybox', 'httpd'],
    config: { ...shell, Cmd: ['httpd', '-f', '/etc/apache2/httpd.conf', '-D', 'FOREGROUND'], StopSignal: 'SIGWINCH' },
  },
  {
    name: e2e('nonewprivs'),
    tags: ['1.3'],
    layers: ['busybox', 'privilege-probe'],
    config: { ...shell, Entrypoint: ['/usr/bin/privilege-probe'], Cmd: [] },
  },
  { name: 'pause', tags: ['3.9', '3.10'], layers: ['pause'], config: { Entrypoint: ['/pause'] }, index: true },
  { name: staging(`hostnet-nginx-${architecture}`), layers: ['busybox', 'hostnet-nginx'], config: nginx(12003) },
  user('uid', '1002'),
  user('username', 'www-data'),
  user('uid-group', '1003:users'),
  user('username-group', 'www-data:100'),
  {
    name: staging('test-image-predefined-group'),
    layers: ['busybox', 'predefined-group'],
    config: { ...shell, User: '1000' },
  },
  file('test-image-latest', ['latest'], 'latest'),
  file('test-image-tag', ['test', 'all'], 'tag'),
  file('test-image-tags', ['1', '2', '3'], 'tags'),
  // critest asks for this one by the digest of the public image, which no other content can have.
  file('test-image-digest', ['latest'], 'digest'),
  ...['1', '2', '3'].map((number) => file(`test-image-${number}`, ['latest'], number)),
].map((image) => ({ tags: ['latest'], ...image }));
