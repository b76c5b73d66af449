import { describe, expect, it } from '@jest/globals';
import { formatReference, parseReference } from '../../../src/image/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseReference()', () => {
  it.each([
    { text: 'busybox', full: 'docker.io/library/busybox:latest' },
    { text: 'busybox:1.36', full: 'docker.io/library/busybox:1.36' },
    { text: 'bitnami/redis', full: 'docker.io/bitnami/redis:latest' },
    { text: 'index.docker.io/library/busybox', full: 'docker.io/library/busybox:latest' },
    { text: 'docker.io/busybox', full: 'docker.io/library/busybox:latest' },
    { text: 'registry.k8s.io/pause:3.10', full: 'registry.k8s.io/pause:3.10' },
    { text: 'localhost/x', full: 'localhost/x:latest' },
    { text: 'localhost:5000/a/b/c:v1', full: 'localhost:5000/a/b/c:v1' },
    { text: '[::1]:5000/a', full: '[::1]:5000/a:latest' },
    { text: 'HOST/a', full: 'HOST/a:latest' },
    { text: `busybox@${digest}`, full: `docker.io/library/busybox@${digest}` },
    { text: `quay.io/a/b:v1@${digest}`, full: `quay.io/a/b:v1@${digest}` },
    { text: 'a__b/c.d-e--f', full: 'docker.io/a__b/c.d-e--f:latest' },
  ])('makes "$text" a full reference', ({ text, full }) => {
    expect(formatReference(parseReference(text))).toBe(full);
  });

  it.each([
    { text: '', why: /no repository name/ },
    { text: 'Busybox', why: /lower case/ },
    { text: 'a/B', why: /lower case/ },
    { text: 'a//b', why: /separators/ },
    { text: '../etc/passwd', why: /not a host name|separators/ },
    { text: 'quay.io/../x', why: /separators/ },
    { text: 'a:', why: /not a tag/ },
    { text: 'a:b c', why: /not a tag/ },
    { text: `a:${'t'.repeat(129)}`, why: /not a tag/ },
    { text: 'a@sha256:123', why: /not a sha256/ },
    { text: `a@${digest}@${digest}`, why: /more than one/ },
    { text: 'f'.repeat(64), why: /image id/ },
    { text: 'x'.repeat(300), why: /longer than/ },
    { text: 'http://host/a', why: /./ },
    { text: 'a\n', why: /./ },
  ])('refuses "$text"', ({ text, why }) => {
    expect(() => parseReference(text)).toThrow(why);
  });
});
